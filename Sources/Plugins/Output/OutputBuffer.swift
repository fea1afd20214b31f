import Runner

/// Keeps the first and the last bytes of a stream, and counts all of them.
///
/// What is short is held in memory as it came, to be redacted with its report. What outgrows memory
/// goes through redaction into the spool; nothing is dropped before that, so no secret is cut.
package struct OutputBuffer: Sendable {
    /// How much is kept: 768 KiB from the start, 256 KiB from the end (docs/semantics.md, "Output").
    package struct Limit: Sendable, Hashable {
        /// Bytes from the start.
        package var head: Int
        /// Bytes from the end.
        package var tail: Int

        package init(head: Int, tail: Int) {
            self.head = head
            self.tail = tail
        }

        /// What a step's stream is cut to: 1 MiB.
        package static let stream = Limit(head: 768 << 10, tail: 256 << 10)

        /// How much of it is held in memory.
        var inMemory: Int { min(SpoolLimit.memoryBytes, head + tail) }
    }

    private let limit: Limit
    private let keeping: OutputKeeping
    /// All bytes, as long as they are few.
    private var held: [UInt8] = []
    private var spooling: SpoolingStream?
    /// How many bytes came in.
    package private(set) var total = 0

    package init(_ limit: Limit, _ keeping: OutputKeeping) {
        self.limit = limit
        self.keeping = keeping
    }

    /// Takes the next bytes; may block for writing a file.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        total += bytes.count
        guard total > limit.inMemory else { return held.append(contentsOf: bytes) }
        if spooling == nil {
            var stream = SpoolingStream(limit, keeping)
            stream.feed(held)
            held = []
            spooling = stream
        }
        spooling?.feed(Array(bytes))
    }

    /// What was kept; nothing can be added any more.
    package mutating func finish() -> CapturedOutput {
        guard let output = spooling?.finish(total: total) else {
            return CapturedOutput(bytes: held, totalBytes: total)
        }
        spooling = nil
        return output
    }
}

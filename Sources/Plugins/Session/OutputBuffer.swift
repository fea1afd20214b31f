import Runner

/// Keeps the first and the last bytes of a stream, and counts all of them.
struct OutputBuffer {
    /// How much is kept: 768 KiB from the start, 256 KiB from the end (docs/semantics.md).
    struct Limit: Sendable, Hashable {
        var head: Int
        var tail: Int

        /// What a step's stream is cut to: 1 MiB.
        static let stream = Limit(head: 768 << 10, tail: 256 << 10)
        /// What a step's HANDRAIL_OUTPUT may hold; the session sends no more.
        static let outputs = Limit(head: 64 << 10, tail: 0)
    }

    private let limit: Limit
    private var head: [UInt8] = []
    /// A ring once it is full: the oldest byte stands at `oldest`.
    private var tail: [UInt8] = []
    private var oldest = 0
    /// How many bytes came in.
    private(set) var total = 0

    init(_ limit: Limit) { self.limit = limit }

    /// Takes the next bytes.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        total += bytes.count
        let fitting = min(bytes.count, limit.head - head.count)
        if fitting > 0 { head.append(contentsOf: bytes[..<fitting]) }
        guard fitting < bytes.count, limit.tail > 0 else { return }
        appendToTail(UnsafeRawBufferPointer(rebasing: bytes[fitting...].suffix(limit.tail)))
    }

    private mutating func appendToTail(_ bytes: UnsafeRawBufferPointer) {
        let fitting = min(bytes.count, limit.tail - tail.count)
        if fitting > 0 { tail.append(contentsOf: bytes[..<fitting]) }
        var rest = bytes[fitting...]
        while !rest.isEmpty {
            let count = min(rest.count, limit.tail - oldest)
            tail.withUnsafeMutableBytes { ring in
                UnsafeMutableRawBufferPointer(rebasing: ring[oldest..<(oldest + count)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            }
            oldest = (oldest + count) % limit.tail
            rest = rest.dropFirst(count)
        }
    }

    /// All that was kept, in the order in which it came.
    var bytes: [UInt8] {
        // Nearly always: no copy of what may be most of a MiB.
        guard !tail.isEmpty else { return head }
        var all: [UInt8] = []
        all.reserveCapacity(head.count + tail.count)
        all += head
        all += tail[oldest...]
        all += tail[..<oldest]
        return all
    }

    /// The kept bytes with their counts.
    var captured: CapturedOutput {
        CapturedOutput(
            bytes: bytes, totalBytes: total, droppedBytes: total - head.count - tail.count)
    }
}

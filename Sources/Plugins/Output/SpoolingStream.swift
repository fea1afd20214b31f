import Runbooks
import Runner

/// A stream that outgrew memory: redacted as it comes, its first and its last bytes in a spool.
///
/// Places are those of the stream as the script wrote it, so what is kept doesn't depend on how
/// long markers are. When the spool fails, what stands there stays, and nothing more is kept.
struct SpoolingStream: Sendable {
    private let limit: OutputBuffer.Limit
    private let pages: SpoolPages
    private var redaction: RedactingStream
    private var head: PagedBytes
    private var tail: TailRing
    /// The next byte's place: all before it was kept, or had room to be.
    private var place = 0
    /// Whether the last byte of the head is one of a secret.
    private var headEndsInSecret = false
    /// The beginning, where not even that found room in the spool.
    private var inMemory: [UInt8]?
    private var failure: JournalError?
    /// Whether the ring still holds what came in last, after a failure.
    private var isTailWhole = true

    init(_ limit: OutputBuffer.Limit, _ keeping: OutputKeeping) {
        self.limit = limit
        pages = SpoolPages(of: keeping.spool)
        redaction = RedactingStream(keeping.redactor)
        head = PagedBytes(in: pages)
        tail = TailRing(size: limit.tail, in: pages)
    }

    /// Takes the next bytes.
    mutating func feed(_ bytes: [UInt8]) {
        guard failure == nil else { return }
        // Kept apart while its pieces change the rest.
        var stream = redaction
        redaction = Self.none
        stream.feed(bytes) { take($0) }
        redaction = stream
    }

    /// What was kept of so many bytes; nothing can be added any more.
    mutating func finish(total: Int) -> CapturedOutput {
        if failure == nil {
            var stream = redaction
            redaction = Self.none
            stream.finish { take($0) }
        }
        if let inMemory {
            return CapturedOutput(
                spooled: nil, rest: inMemory, totalBytes: total, droppedBytes: total - place,
                problem: failure?.message)
        }
        var kept = min(place, limit.head)
        var stretches = head.stretches(0..<head.count)
        do throws(JournalError) {
            let length = isTailWhole ? min(place - kept, limit.tail) : 0
            stretches += try tail.stretches(
                last: length, upTo: place - kept, afterSecret: headEndsInSecret)
            kept += length
        } catch {
            failure = failure ?? error
        }
        return CapturedOutput(
            spooled: SpooledOutput(stretches, in: pages), totalBytes: total,
            droppedBytes: total - kept, problem: failure?.message)
    }

    private static let none = RedactingStream(Redactor(secrets: []))

    private mutating func take(_ piece: RedactingStream.Piece) {
        guard failure == nil else { return keepInMemory(piece) }
        do throws(JournalError) {
            switch piece {
            case .bytes(let bytes): try keep(bytes)
            case .secret(let count, let isContinued): try keepSecret(count, isContinued)
            }
        } catch {
            failure = error
            guard place == 0 else { return }
            inMemory = []
            keepInMemory(piece)
        }
    }

    /// Keeps what fits of the beginning, where the spool had no room for it.
    private mutating func keepInMemory(_ piece: RedactingStream.Piece) {
        guard let kept = inMemory, kept.count < SpoolLimit.memoryBytes else { return }
        switch piece {
        case .bytes(let bytes):
            let fitting = bytes.prefix(SpoolLimit.memoryBytes - kept.count)
            inMemory?.append(contentsOf: fitting)
            place += fitting.count
        case .secret(let count, let isContinued):
            if !isContinued { inMemory?.append(contentsOf: Redactor.marker.utf8) }
            place += count
        }
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>) throws(JournalError) {
        let first = bytes.prefix(max(0, limit.head - place))
        if !first.isEmpty {
            try head.append(first)
            place += first.count
            headEndsInSecret = false
        }
        try keepLast(bytes.dropFirst(first.count), areSecret: false)
    }

    private mutating func keepSecret(_ count: Int, _ isContinued: Bool) throws(JournalError) {
        let first = min(count, max(0, limit.head - place))
        if first > 0 {
            if !isContinued { try head.append(Array(Redactor.marker.utf8)[...]) }
            place += first
            headEndsInSecret = true
        }
        let rest = count - first
        // Of more than the ring holds, the last ones fill it.
        place += max(0, rest - limit.tail)
        try keepLast(Array(repeating: 0, count: min(rest, limit.tail))[...], areSecret: true)
    }

    private mutating func keepLast(
        _ bytes: ArraySlice<UInt8>, areSecret: Bool
    ) throws(JournalError) {
        guard !bytes.isEmpty else { return }
        do throws(JournalError) {
            try tail.write(bytes, at: place - limit.head, areSecret: areSecret)
        } catch {
            isTailWhole = place - limit.head + bytes.count <= limit.tail
            throw error
        }
        place += bytes.count
    }
}

import Runbooks
import Runner

/// The last bytes of a stream by their places in it, as a ring in pages of a spool.
///
/// Each place has one byte there, also one of a secret: zero stands for it, and a bit says so. So
/// what belongs to the last bytes is exact, whatever markers take.
struct TailRing: Sendable {
    private let size: Int
    private let pages: SpoolPages
    private var ring: PagedBytes
    /// A bit for each place of the ring, 64 in a word; empty until there is a secret: 32 KiB at most
    /// for a step's stream.
    private var secrets: [UInt64] = []

    init(size: Int, in pages: SpoolPages) {
        self.size = size
        self.pages = pages
        ring = PagedBytes(in: pages)
    }

    /// Writes bytes at a place of the stream, counted from where the ring begins.
    mutating func write(
        _ bytes: ArraySlice<UInt8>, at place: Int, areSecret: Bool = false
    ) throws(JournalError) {
        guard size > 0 else { return }
        var rest = bytes.suffix(size)
        var place = place + bytes.count - rest.count
        while !rest.isEmpty {
            let offset = place % size
            let piece = rest.prefix(size - offset)
            try ring.write(piece, at: offset)
            mark(offset..<(offset + piece.count), areSecret)
            rest = rest.dropFirst(piece.count)
            place += piece.count
        }
    }

    /// Where the last bytes up to a place are, redacted; `afterSecret` when what stands before them
    /// ends in a secret, whose marker counts for one that begins here.
    mutating func stretches(
        last length: Int, upTo end: Int, afterSecret: Bool
    ) throws(JournalError) -> [SpooledOutput.Stretch] {
        guard length > 0 else { return [] }
        let start = (end - length) % size
        let first = start..<min(start + length, size)
        let runs = [first, 0..<(length - first.count)]
        guard !secrets.isEmpty else { return runs.flatMap { ring.stretches($0) } }
        var written = PagedBytes(in: pages)
        var isInSecret = afterSecret
        for run in runs {
            for stretch in pieces(of: run) {
                try written.append(redacted(stretch, &isInSecret)[...])
            }
        }
        return written.stretches(0..<written.count)
    }

    private func pieces(of run: Range<Int>) -> [Range<Int>] {
        stride(from: run.lowerBound, to: run.upperBound, by: SpoolLimit.memoryBytes).map {
            $0..<min($0 + SpoolLimit.memoryBytes, run.upperBound)
        }
    }

    private func redacted(
        _ range: Range<Int>, _ isInSecret: inout Bool
    ) throws(JournalError) -> [UInt8] {
        let bytes = try SpooledOutput(ring.stretches(range), in: pages).read(0..<range.count)
        var redacted: [UInt8] = []
        redacted.reserveCapacity(bytes.count)
        for (byte, place) in zip(bytes, range) {
            let isSecret = secrets[place / 64] & 1 << UInt64(place % 64) != 0
            if !isSecret {
                redacted.append(byte)
            } else if !isInSecret {
                redacted += Redactor.marker.utf8
            }
            isInSecret = isSecret
        }
        return redacted
    }

    private mutating func mark(_ range: Range<Int>, _ areSecret: Bool) {
        if secrets.isEmpty {
            guard areSecret else { return }
            secrets = Array(repeating: 0, count: (size + 63) / 64)
        }
        for word in (range.lowerBound / 64)...((range.upperBound - 1) / 64) {
            let first = max(0, range.lowerBound - 64 * word)
            let last = min(63, range.upperBound - 1 - 64 * word)
            let bits = (UInt64.max << UInt64(first)) & (UInt64.max >> UInt64(63 - last))
            if areSecret { secrets[word] |= bits } else { secrets[word] &= ~bits }
        }
    }
}

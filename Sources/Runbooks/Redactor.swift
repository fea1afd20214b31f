/// Takes secrets out of what is stored or shown, in every form that programs give them.
///
/// Looked for are the bytes as they are, and the encodings that docs/parameters.md lists
/// ("Redaction"); of a secret with several lines also each line of at least four bytes. What
/// overlaps or touches becomes one `[secret]`.
package struct Redactor: Sendable {
    /// What stands in a secret's place.
    package static let marker = "[secret]"

    fileprivate let views: [SecretView]

    /// A redactor for these secrets; without any, it hands everything through untouched.
    package init(secrets: [Secret]) {
        let forms = SecretForms(of: secrets.map { $0.reveal() })
        views = [
            (forms.plain, SecretView.Kind.plain), (forms.percent, .percent),
            (forms.wrapped, .wrapped), (forms.digits, .digits),
        ].compactMap { $0.isEmpty ? nil : SecretView($0, $1) }
    }

    /// Whether there is nothing to look for.
    package var isEmpty: Bool { views.isEmpty }

    /// The bytes with every secret replaced.
    package func scrub(_ bytes: [UInt8]) -> [UInt8] {
        guard !isEmpty else { return bytes }
        var stream = RedactingStream(self)
        return stream.feed(bytes) + stream.finish()
    }

    /// The text with every secret replaced.
    package func scrub(_ text: String) -> String {
        isEmpty ? text : String(decoding: scrub(Array(text.utf8)), as: UTF8.self)
    }
}

/// Redaction of output that arrives in pieces: however it is cut, the result is the same.
///
/// Bytes that may be the start of a secret are held back until they are decided; that is at most
/// the length of the longest form less one, with what may stand between its characters.
package struct RedactingStream: Sendable {
    private var views: [SecretView]
    /// Bytes not released yet, and the place of the first of them in the whole stream.
    private var held: [UInt8] = []
    private var start = 0
    /// Where secrets were found in what is held: sorted, apart from each other.
    private var found: [Range<Int>] = []
    /// Whether the last byte released was part of a secret, whose marker is already out.
    private var isInSecret = false

    /// A part of what was fed, in its order.
    package enum Piece {
        /// Bytes that are no secret.
        case bytes(ArraySlice<UInt8>)
        /// So many bytes of secrets; `isContinued` when the piece before is one of these, too: one
        /// marker stands for both.
        case secret(Int, isContinued: Bool)
    }

    /// A stream at its beginning.
    package init(_ redactor: Redactor) { views = redactor.views }

    /// Takes the next bytes and returns what is safe to store or show.
    package mutating func feed(_ bytes: [UInt8]) -> [UInt8] {
        guard !views.isEmpty else { return bytes }
        var released: [UInt8] = []
        released.reserveCapacity(bytes.count)
        feed(bytes) { Self.add($0, to: &released) }
        return released
    }

    /// Takes the next bytes and hands on what is decided, before it returns.
    package mutating func feed(_ bytes: [UInt8], _ take: (Piece) -> Void) {
        guard !views.isEmpty else {
            if !bytes.isEmpty { take(.bytes(bytes[...])) }
            return
        }
        let place = start + held.count
        held += bytes
        var ranges: [Range<Int>] = []
        var safe = place + bytes.count
        for index in views.indices {
            views[index].scan(bytes, from: place, into: &ranges)
            safe = min(safe, views[index].firstUndecided(at: place + bytes.count))
        }
        ranges.sort { ($0.upperBound, $0.lowerBound) < ($1.upperBound, $1.lowerBound) }
        for range in ranges { note(range) }
        release(upTo: safe, take)
    }

    /// Returns what was held back; the stream can't be fed again.
    package mutating func finish() -> [UInt8] {
        var released: [UInt8] = []
        finish { Self.add($0, to: &released) }
        return released
    }

    /// Hands on what was held back; the stream can't be fed again.
    package mutating func finish(_ take: (Piece) -> Void) {
        release(upTo: start + held.count, take)
    }

    private static func add(_ piece: Piece, to released: inout [UInt8]) {
        switch piece {
        case .bytes(let bytes): released += bytes
        case .secret(_, isContinued: false): released += Redactor.marker.utf8
        case .secret: break
        }
    }

    private mutating func note(_ range: Range<Int>) {
        var range = range
        while let last = found.last, last.upperBound >= range.lowerBound {
            range = min(last.lowerBound, range.lowerBound)..<range.upperBound
            found.removeLast()
        }
        found.append(range)
    }

    private mutating func release(upTo end: Int, _ take: (Piece) -> Void) {
        guard end > start else { return }
        var place = start
        for range in found where range.lowerBound < end {
            let from = max(range.lowerBound, start)
            if from > place {
                take(.bytes(held[(place - start)..<(from - start)]))
                isInSecret = false
            }
            place = min(range.upperBound, end)
            take(.secret(place - from, isContinued: isInSecret))
            isInSecret = true
        }
        if place < end {
            take(.bytes(held[(place - start)..<(end - start)]))
            isInSecret = false
        }
        found.removeAll { $0.upperBound <= end }
        // WHY NOT removeFirst: the room for all that was fed would stay with the little that is held.
        held = Array(held[(end - start)...])
        start = end
    }
}

/// One way to look at output for secrets, and how far it has looked.
///
/// Each byte costs each view constant time on average; what a view passes over between the
/// characters of a form is limited, so that what must be held back is too.
struct SecretView: Sendable {
    /// Which bytes count.
    enum Kind: Sendable {
        /// All of them, as they are.
        case plain
        /// All of them, with `%41` as the byte it stands for.
        case percent
        /// All but line ends, as bytes or as `\n` and `\r` in quoted text, and the indentation
        /// after them.
        case wrapped
        /// Hexadecimal digits, in any case; what usually separates them doesn't.
        case digits
    }

    /// How many bytes in a row are passed over within a form.
    static let greatestGap = 32

    private let kind: Kind
    private let automaton: SecretAutomaton
    /// What each byte is for this view.
    private let roles: [Role]
    /// The bytes after which nothing is awaited, when nothing was before: gaps count within forms
    /// only.
    private let idle: [Bool]
    private var state = 0
    /// The places of the last bytes that counted, as a ring whose size is a power of two; not
    /// used by `plain`.
    private var places: [Int]
    private var counted = 0
    private var gap = 0
    private var isAfterBackslash = false
    /// The state before the last digit while that is a 0, which `x` may make a prefix; else -1.
    private var beforeZero = -1
    /// A `%` and perhaps a digit that wait for the next byte.
    private var waiting: [UInt8] = []

    /// What a byte does.
    private enum Role: UInt8 {
        case counts, passes, breaks
        /// A space, which passes after a line end.
        case indents
        case backslash
        /// `n` and `r`: they pass after a backslash.
        case escaped
        case zero
        /// An `x`, which makes a zero before it pass.
        case prefix
        /// A `%`, which two digits may follow.
        case percent
    }

    init(_ forms: Set<[UInt8]>, _ kind: Kind) {
        self.kind = kind
        automaton = SecretAutomaton(forms)
        let roles = (0...255).map { Self.role(of: $0, kind) }
        let fold = Self.fold(kind)
        let automaton = automaton
        idle = (0...255).map { (byte: UInt8) in
            switch roles[Int(byte)] {
            case .counts, .zero, .escaped: automaton.isIdle(byte | fold)
            case .breaks, .passes, .indents: true
            case .backslash, .prefix, .percent: false
            }
        }
        self.roles = roles
        var size = 1
        while size <= automaton.greatestDepth { size *= 2 }
        places = kind == .plain ? [] : Array(repeating: 0, count: size)
    }

    private static func role(of byte: UInt8, _ kind: Kind) -> Role {
        let character = Character(Unicode.Scalar(byte))
        switch (kind, character) {
        case (.plain, _): return .counts
        case (.percent, "%"): return .percent
        case (.percent, _): return .counts
        case (.wrapped, "\n"), (.wrapped, "\r"): return .passes
        case (.wrapped, " "), (.wrapped, "\t"): return .indents
        case (.wrapped, "\\"): return .backslash
        case (.wrapped, "n"), (.wrapped, "r"): return .escaped
        case (.wrapped, _): return .counts
        case (.digits, "0"): return .zero
        case (.digits, "x"), (.digits, "X"): return .prefix
        case (.digits, _):
            if character.isASCII, character.isHexDigit { return .counts }
            return " \t\n\r:-,;.%\\".utf8.contains(byte) ? .passes : .breaks
        }
    }

    /// Looks at the next bytes and adds the places of secrets, in the order of their ends.
    mutating func scan(_ bytes: [UInt8], from start: Int, into found: inout [Range<Int>]) {
        guard kind != .plain else { return scanPlain(bytes, from: start, into: &found) }
        let fold = Self.fold(kind)
        var place = start
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if state == 0, waiting.isEmpty {
                let first = index
                index = nextOfInterest(in: bytes, from: index)
                if index > first {
                    leave()
                    place += index - first
                    guard index < bytes.endIndex else { return }
                }
            }
            let byte = bytes[index]
            index += 1
            if !waiting.isEmpty, decode(byte, at: place, &found) {
                place += 1
                continue
            }
            switch roles[Int(byte)] {
            case .counts: count(byte | fold, at: place, &found)
            case .breaks: leave()
            case .passes: pass()
            case .indents: if gap > 0 { pass() } else { leave() }
            case .backslash:
                pass()
                isAfterBackslash = true
            case .escaped: if isAfterBackslash { pass() } else { count(byte, at: place, &found) }
            case .zero:
                let before = state
                count(byte, at: place, &found)
                beforeZero = before
            case .prefix:
                if beforeZero >= 0 {
                    if state != 0 { counted -= 1 }
                    state = beforeZero
                }
                pass()
            case .percent: waiting.append(byte)
            }
            place += 1
        }
    }

    /// The first byte from a place on that is not idle; the end when there is none.
    private func nextOfInterest(in bytes: [UInt8], from first: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            idle.withUnsafeBufferPointer { idle in
                var index = first
                while index < bytes.count, idle[Int(bytes[index])] { index += 1 }
                return index
            }
        }
    }

    /// What makes letters small where their case doesn't count.
    private static func fold(_ kind: Kind) -> UInt8 { kind == .digits ? 0x20 : 0 }

    /// Goes on with what waits.
    ///
    /// - Returns: whether the byte belongs to it; if not, what waited counted as it stands.
    private mutating func decode(
        _ byte: UInt8, at place: Int, _ found: inout [Range<Int>]
    ) -> Bool {
        let first = place - waiting.count
        if let digit = Self.digit(byte) {
            guard waiting.count == 2, let high = Self.digit(waiting[1]) else {
                waiting.append(byte)
                return true
            }
            waiting.removeAll(keepingCapacity: true)
            count(high << 4 | digit, from: first, to: place, &found)
            return true
        }
        for (index, byte) in waiting.enumerated() { count(byte, at: first + index, &found) }
        waiting.removeAll(keepingCapacity: true)
        return false
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private mutating func scanPlain(
        _ bytes: [UInt8], from start: Int, into found: inout [Range<Int>]
    ) {
        var index = 0
        while index < bytes.count {
            if state == 0 {
                index = nextOfInterest(in: bytes, from: index)
                guard index < bytes.count else { return }
            }
            state = automaton.next(state, bytes[index])
            index += 1
            let length = automaton.longestMatch(state)
            if length > 0 { found.append((start + index - length)..<(start + index)) }
        }
    }

    @inline(__always)
    private mutating func count(_ byte: UInt8, at place: Int, _ found: inout [Range<Int>]) {
        count(byte, from: place, to: place, &found)
    }

    @inline(__always)
    private mutating func count(
        _ byte: UInt8, from first: Int, to last: Int, _ found: inout [Range<Int>]
    ) {
        gap = 0
        isAfterBackslash = false
        beforeZero = -1
        state = automaton.next(state, byte)
        // What starts no form needs no place.
        guard state != 0 else { return }
        places[counted & (places.count - 1)] = first
        counted += 1
        let length = automaton.longestMatch(state)
        if length > 0 { found.append(place(back: length)..<last + 1) }
    }

    private mutating func leave() {
        gap = 0
        isAfterBackslash = false
        beforeZero = -1
        state = 0
    }

    private mutating func pass() {
        isAfterBackslash = false
        beforeZero = -1
        gap += 1
        if gap > Self.greatestGap { state = 0 }
    }

    /// The place of the first byte that may belong to a secret not yet complete; `end` for none.
    func firstUndecided(at end: Int) -> Int {
        let depth = automaton.depth(state)
        guard kind != .plain else { return end - depth }
        var first = depth == 0 ? end - waiting.count : place(back: depth)
        if beforeZero > 0 {
            // The zero has a place of its own only where it goes on with a form.
            let back = automaton.depth(beforeZero) + (state == 0 ? 0 : 1)
            first = min(first, place(back: back))
        }
        return first
    }

    /// The place of the byte that counted so many bytes ago; 1 is the last one.
    private func place(back: Int) -> Int { places[(counted - back) & (places.count - 1)] }
}

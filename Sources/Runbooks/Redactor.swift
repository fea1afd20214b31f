/// Takes secrets out of what is stored or shown, in every form that programs give them.
///
/// Looked for are the bytes as they are, and as base64 (both alphabets, at all three places in a
/// longer text), hexadecimal, URL, JSON, markup and shell text; of a secret with several lines
/// also each line of at least four bytes. What overlaps or touches becomes one `[secret]`.
/// Not found: a secret that was compressed, encrypted, cut apart, or wrapped in base64 lines.
package struct Redactor: Sendable {
    /// What stands in a secret's place.
    package static let marker = "[secret]"

    fileprivate let automaton: SecretAutomaton?

    /// A redactor for these secrets; without any, it hands everything through untouched.
    package init(secrets: [Secret]) {
        var forms: Set<[UInt8]> = []
        for secret in secrets { forms.formUnion(SecretForms.all(of: secret.reveal())) }
        automaton = forms.isEmpty ? nil : SecretAutomaton(forms)
    }

    /// Whether there is nothing to look for.
    package var isEmpty: Bool { automaton == nil }

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
/// the length of the longest form less one.
package struct RedactingStream: Sendable {
    private let automaton: SecretAutomaton?
    private var state = 0
    /// Bytes not released yet, and the place of the first of them in the whole stream.
    private var held: [UInt8] = []
    private var start = 0
    /// Where secrets were found in what is held: sorted, apart from each other.
    private var found: [Range<Int>] = []
    /// Whether the last byte released was part of a secret, whose marker is already out.
    private var isInSecret = false

    /// A stream at its beginning.
    package init(_ redactor: Redactor) { automaton = redactor.automaton }

    /// Takes the next bytes and returns what is safe to store or show.
    package mutating func feed(_ bytes: [UInt8]) -> [UInt8] {
        guard let automaton else { return bytes }
        var released: [UInt8] = []
        var place = start + held.count
        held += bytes
        for byte in bytes {
            place += 1
            state = automaton.next(state, byte)
            let length = automaton.longestMatch(state)
            if length > 0 { note((place - length)..<place) }
        }
        release(upTo: place - automaton.depth(state), into: &released)
        return released
    }

    /// Returns what was held back; the stream can't be fed again.
    package mutating func finish() -> [UInt8] {
        var released: [UInt8] = []
        release(upTo: start + held.count, into: &released)
        state = 0
        return released
    }

    private mutating func note(_ range: Range<Int>) {
        var range = range
        while let last = found.last, last.upperBound >= range.lowerBound {
            range = min(last.lowerBound, range.lowerBound)..<range.upperBound
            found.removeLast()
        }
        found.append(range)
    }

    private mutating func release(upTo end: Int, into released: inout [UInt8]) {
        guard end > start else { return }
        released.reserveCapacity(end - start)
        var place = start
        for range in found where range.lowerBound < end {
            let from = max(range.lowerBound, start)
            if from > place {
                released += held[(place - start)..<(from - start)]
                isInSecret = false
            }
            if !isInSecret { released += Redactor.marker.utf8 }
            isInSecret = true
            place = min(range.upperBound, end)
        }
        if place < end {
            released += held[(place - start)..<(end - start)]
            isInSecret = false
        }
        found.removeAll { $0.upperBound <= end }
        held.removeFirst(end - start)
        start = end
    }
}

/// The machine that finds all forms in one pass over the bytes (Aho and Corasick, 1975).
///
/// Each byte costs constant time on average, whatever the output is: a hostile target can't make
/// redaction slow.
private struct SecretAutomaton: Sendable {
    /// A place in the tree of all forms: the last byte, its neighbours, and where to go on when
    /// the next byte fits no child.
    private struct Node: Sendable {
        let byte: UInt8
        let depth: Int32
        var firstChild: Int32 = 0
        var nextSibling: Int32 = 0
        var fallback: Int32 = 0
        /// The length of the longest form that ends here.
        var longest: Int32 = 0
    }

    private var nodes = [Node(byte: 0, depth: 0)]
    private var roots = [Int32](repeating: 0, count: 256)

    init(_ forms: Set<[UInt8]>) {
        for form in forms { insert(form) }
        link()
    }

    /// The state after one more byte.
    func next(_ state: Int, _ byte: UInt8) -> Int {
        var state = Int32(state)
        while state != 0 {
            if let child = child(of: state, byte) { return Int(child) }
            state = nodes[Int(state)].fallback
        }
        return Int(roots[Int(byte)])
    }

    /// The length of the longest form that ends in this state; zero for none.
    func longestMatch(_ state: Int) -> Int { Int(nodes[state].longest) }

    /// How many of the last bytes may be the start of a form.
    func depth(_ state: Int) -> Int { Int(nodes[state].depth) }

    private func child(of state: Int32, _ byte: UInt8) -> Int32? {
        var child = nodes[Int(state)].firstChild
        while child != 0 {
            if nodes[Int(child)].byte == byte { return child }
            child = nodes[Int(child)].nextSibling
        }
        return nil
    }

    private mutating func insert(_ form: [UInt8]) {
        var state: Int32 = 0
        for byte in form {
            let known = state == 0 ? roots[Int(byte)] : child(of: state, byte) ?? 0
            state = known != 0 ? known : append(byte, to: state)
        }
        nodes[Int(state)].longest = Int32(form.count)
    }

    private mutating func append(_ byte: UInt8, to parent: Int32) -> Int32 {
        let index = Int32(nodes.count)
        var node = Node(byte: byte, depth: nodes[Int(parent)].depth + 1)
        if parent == 0 {
            roots[Int(byte)] = index
        } else {
            node.nextSibling = nodes[Int(parent)].firstChild
            nodes[Int(parent)].firstChild = index
        }
        nodes.append(node)
        return index
    }

    /// Sets where each state goes on, level by level, so that shorter states are ready first.
    private mutating func link() {
        var level = roots.filter { $0 != 0 }
        while !level.isEmpty {
            var deeper: [Int32] = []
            for state in level {
                var child = nodes[Int(state)].firstChild
                while child != 0 {
                    let byte = nodes[Int(child)].byte
                    let fallback = next(Int(nodes[Int(state)].fallback), byte)
                    nodes[Int(child)].fallback = Int32(fallback)
                    let inherited = nodes[fallback].longest
                    nodes[Int(child)].longest = max(nodes[Int(child)].longest, inherited)
                    deeper.append(child)
                    child = nodes[Int(child)].nextSibling
                }
            }
            level = deeper
        }
    }
}

/// The machine that finds all forms in one pass over the bytes (Aho and Corasick, 1975).
///
/// Each byte costs constant time on average, whatever the output is: a hostile target can't make
/// redaction slow.
struct SecretAutomaton: Sendable {
    /// A place in the tree of all forms: the last byte, its neighbours, and where to go on when
    /// the next byte fits no child.
    private struct Branch: Sendable {
        let byte: UInt8
        let depth: Int32
        var firstChild: Int32 = 0
        var nextSibling: Int32 = 0
        var fallback: Int32 = 0
        /// The length of the longest form that ends here.
        var longest: Int32 = 0
    }

    /// What stands for "not among the quick rows".
    private static let noRow: Int32 = -1
    /// The most states whose next ones are all written down, at 1 KiB each.
    ///
    /// They are those near the root, where ordinary output spends its time.
    private static let mostRows = 256

    private var branches = [Branch(byte: 0, depth: 0)]
    /// The next states of the shallow ones, 256 each.
    private var rows: [Int32] = []
    /// Where each state's row is.
    private var rowOf: [Int32] = []
    private var roots = [Int32](repeating: 0, count: 256)
    /// The length of the longest form.
    let greatestDepth: Int

    init(_ forms: Set<[UInt8]>) {
        greatestDepth = forms.map(\.count).max() ?? 0
        for form in forms { insert(form) }
        link()
        writeRows()
    }

    /// Whether a byte leads nowhere from the beginning.
    func isIdle(_ byte: UInt8) -> Bool { roots[Int(byte)] == 0 }

    /// The state after one more byte.
    @inline(__always)
    func next(_ state: Int, _ byte: UInt8) -> Int {
        let row = rowOf[state]
        return row >= 0 ? Int(rows[Int(row) << 8 | Int(byte)]) : walk(state, byte)
    }

    private func walk(_ state: Int, _ byte: UInt8) -> Int {
        var state = Int32(state)
        while state != 0 {
            if let child = child(of: state, byte) { return Int(child) }
            state = branches[Int(state)].fallback
        }
        return Int(roots[Int(byte)])
    }

    /// The length of the longest form that ends in this state; zero for none.
    func longestMatch(_ state: Int) -> Int { Int(branches[state].longest) }

    /// How many of the last bytes may be the start of a form.
    func depth(_ state: Int) -> Int { Int(branches[state].depth) }

    private func child(of state: Int32, _ byte: UInt8) -> Int32? {
        var child = branches[Int(state)].firstChild
        while child != 0 {
            if branches[Int(child)].byte == byte { return child }
            child = branches[Int(child)].nextSibling
        }
        return nil
    }

    private mutating func insert(_ form: [UInt8]) {
        var state: Int32 = 0
        for byte in form {
            let known = state == 0 ? roots[Int(byte)] : child(of: state, byte) ?? 0
            state = known != 0 ? known : append(byte, to: state)
        }
        branches[Int(state)].longest = Int32(form.count)
    }

    private mutating func append(_ byte: UInt8, to parent: Int32) -> Int32 {
        let index = Int32(branches.count)
        var branch = Branch(byte: byte, depth: branches[Int(parent)].depth + 1)
        if parent == 0 {
            roots[Int(byte)] = index
        } else {
            branch.nextSibling = branches[Int(parent)].firstChild
            branches[Int(parent)].firstChild = index
        }
        branches.append(branch)
        return index
    }

    /// Sets where each state goes on, level by level, so that shorter states are ready first.
    private mutating func link() {
        var level = roots.filter { $0 != 0 }
        while !level.isEmpty {
            var deeper: [Int32] = []
            for state in level {
                var child = branches[Int(state)].firstChild
                while child != 0 {
                    let byte = branches[Int(child)].byte
                    let fallback = walk(Int(branches[Int(state)].fallback), byte)
                    branches[Int(child)].fallback = Int32(fallback)
                    let inherited = branches[fallback].longest
                    branches[Int(child)].longest = max(branches[Int(child)].longest, inherited)
                    deeper.append(child)
                    child = branches[Int(child)].nextSibling
                }
            }
            level = deeper
        }
    }

    /// Writes down where the shallow states go with each byte, level by level.
    private mutating func writeRows() {
        rowOf = Array(repeating: Self.noRow, count: branches.count)
        let shallow = branches.indices.sorted { branches[$0].depth < branches[$1].depth }
            .prefix(Self.mostRows)
        for state in shallow {
            rowOf[state] = Int32(rows.count >> 8)
            rows += (0...255).map { Int32(walk(state, UInt8($0))) }
        }
    }
}

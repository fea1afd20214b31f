/// A regular expression that is matched against a whole text, in time bounded by the sizes of both.
///
/// Values come from strangers and from targets, so a pattern must not be able to hang a run: it is
/// turned into a set of states that are followed all at once, never by trial and return. The price
/// is that back references and look-around don't exist (docs/parameters.md, "Patterns"). Text is
/// compared by Unicode scalars; `\d`, `\w` and `\s` mean ASCII; `.` is everything but a line feed.
package struct TextPattern: Sendable {
    /// Why a text is no pattern.
    package struct SyntaxError: Error, Sendable, Hashable {
        /// The place, in Unicode scalars from the start of the pattern.
        package let offset: Int
        /// What is wrong, in one sentence.
        package let message: String
    }

    /// The greatest length of a pattern, in Unicode scalars.
    package static let longestPattern = 512
    /// The greatest length of a text that a pattern is matched against, in bytes.
    package static let longestText = 4096
    /// The greatest number of states; counted repetition copies what it repeats.
    static let mostStates = 4000

    /// The pattern as it was written.
    package let source: String
    private let states: [State]

    /// Characters: ranges of scalars, or everything else.
    struct Characters: Sendable, Hashable {
        var ranges: [ClosedRange<UInt32>]
        var isNegated = false

        /// Whether the scalar is one of these characters.
        func contains(_ scalar: UInt32) -> Bool {
            ranges.contains { $0.contains(scalar) } != isNegated
        }
    }

    /// One state: a character to consume before going on, or a choice that consumes nothing.
    enum State: Sendable {
        case take(Characters, next: Int)
        case split([Int])
        case match
    }

    /// Reads a pattern.
    ///
    /// - Throws: `SyntaxError` for what is no pattern, what this dialect leaves out, and what
    ///   needs too many states.
    package init(_ source: String) throws(SyntaxError) {
        let scalars = Array(source.unicodeScalars.prefix(Self.longestPattern + 1))
        guard scalars.count <= Self.longestPattern else {
            throw SyntaxError(
                offset: Self.longestPattern,
                message: "the pattern is longer than \(Self.longestPattern) characters")
        }
        var parser = TextPatternParser(scalars)
        var builder = StateBuilder()
        let node = try parser.whole()
        let start = try builder.add(node, next: 0)
        self.source = source
        self.states = builder.states
        self.start = start
    }

    private let start: Int

    /// Whether the whole text fits the pattern; a text over `longestText` bytes never does.
    package func matches(_ text: String) -> Bool {
        guard text.utf8.count <= Self.longestText else { return false }
        var current = StateSet(count: states.count)
        var following = current
        current.insert(start, of: states)
        for scalar in text.unicodeScalars {
            following.removeAll()
            for index in current.members {
                if case .take(let characters, let next) = states[index],
                    characters.contains(scalar.value)
                {
                    following.insert(next, of: states)
                }
            }
            if following.members.isEmpty { return false }
            swap(&current, &following)
        }
        return current.members.contains(0)
    }
}

/// States reached at one place of the text; choices are followed when they are inserted.
private struct StateSet {
    private(set) var members: [Int] = []
    private var marks: [Int]
    private var generation = 1

    init(count: Int) { marks = Array(repeating: 0, count: count) }

    mutating func removeAll() {
        members.removeAll(keepingCapacity: true)
        generation += 1
    }

    mutating func insert(_ first: Int, of states: [TextPattern.State]) {
        var pending = [first]
        while let index = pending.popLast() {
            guard marks[index] != generation else { continue }
            marks[index] = generation
            if case .split(let choices) = states[index] {
                pending += choices
            } else {
                members.append(index)
            }
        }
    }
}

/// Turns the tree of a pattern into states, from the end to the start; state 0 is the match.
private struct StateBuilder {
    private(set) var states: [TextPattern.State] = [.match]
    /// Copies made so far; empty parts make no state and could be copied without end.
    private var copies = 0

    mutating func add(
        _ node: PatternNode, next: Int
    ) throws(TextPattern.SyntaxError) -> Int {
        copies += 1
        guard copies <= 4 * TextPattern.mostStates else { throw Self.tooLarge }
        switch node {
        case .characters(let characters):
            return try append(.take(characters, next: next))
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try add(part, next: next) }
            return next
        case .either(let choices):
            var starts: [Int] = []
            for choice in choices { starts.append(try add(choice, next: next)) }
            return try append(.split(starts))
        case .repeated(let part, let least, let most):
            return try add(part, least: least, most: most, next: next)
        }
    }

    private mutating func add(
        _ part: PatternNode, least: Int, most: Int?, next: Int
    ) throws(TextPattern.SyntaxError) -> Int {
        var start = next
        if let most {
            for _ in least..<most {
                start = try append(.split([try add(part, next: start), next]))
            }
        } else {
            let loop = try append(.split([]))
            states[loop] = .split([try add(part, next: loop), next])
            start = loop
        }
        for _ in 0..<least { start = try add(part, next: start) }
        return start
    }

    private mutating func append(
        _ state: TextPattern.State
    ) throws(TextPattern.SyntaxError) -> Int {
        guard states.count < TextPattern.mostStates else { throw Self.tooLarge }
        states.append(state)
        return states.count - 1
    }

    private static let tooLarge = TextPattern.SyntaxError(
        offset: 0, message: "the pattern repeats too much; use min_length and max_length")
}

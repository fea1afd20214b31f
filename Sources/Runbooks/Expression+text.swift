extension Expression: CustomStringConvertible {
    /// The words that have a meaning of their own; a value that is one of them is quoted.
    package static let keywords: Set<String> = ["and", "or", "not", "in", "has"]

    /// The canonical text, which parses to an equal expression: single spaces, and only the
    /// parentheses and quotes that are needed.
    package var description: String {
        switch self {
        case .compare(let name, let comparison, let value):
            "\(name) \(comparison.rawValue) \(Self.quoted(value))"
        case .isIn(let name, let values, let negated):
            "\(name) \(negated ? "not in" : "in") "
                + "[\(values.map(Self.quoted).joined(separator: ", "))]"
        case .has(let name): "has \(name)"
        case .holds(let name): "\(name)"
        case .and(let left, let right):
            "\(left.text(inside: 1)) and \(right.text(inside: 2))"
        case .or(let left, let right):
            "\(left.text(inside: 0)) or \(right.text(inside: 1))"
        case .not(let operand): "not \(operand.text(inside: 2))"
        }
    }

    /// Every name the expression uses, in the order written, each once.
    package var names: [Name] {
        var seen: Set<Name> = []
        var names: [Name] = []
        collectNames { name in
            if seen.insert(name).inserted { names.append(name) }
        }
        return names
    }

    /// Every comparison's name with the values it is compared with, in the order written.
    package var comparisons: [(name: Name, values: [String])] {
        switch self {
        case .compare(let name, _, let value): [(name, [value])]
        case .isIn(let name, let values, _): [(name, values)]
        case .has, .holds: []
        case .and(let left, let right), .or(let left, let right):
            left.comparisons + right.comparisons
        case .not(let operand): operand.comparisons
        }
    }

    /// What names are compared with for being equal, or in a list: what is only greater or less
    /// needn't be one of the texts that a name can be.
    package var equalities: [(name: Name, values: [String])] {
        switch self {
        case .compare(let name, let comparison, let value):
            comparison.isOrdering ? [] : [(name, [value])]
        case .isIn(let name, let values, _): [(name, values)]
        case .has, .holds: []
        case .and(let left, let right), .or(let left, let right):
            left.equalities + right.equalities
        case .not(let operand): operand.equalities
        }
    }

    /// A value as it is written in an expression: bare where that reads back, else in quotes.
    package static func quoted(_ value: String) -> String {
        let isBare =
            !value.isEmpty && value.utf8.allSatisfy(ExpressionLexer.isWordByte)
            && !keywords.contains(value)
        guard !isBare else { return value }
        return "'"
            + value.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "''") + "'"
    }

    private func collectNames(_ body: (Name) -> Void) {
        switch self {
        case .compare(let name, _, _), .isIn(let name, _, _), .has(let name), .holds(let name):
            body(name)
        case .and(let left, let right), .or(let left, let right):
            left.collectNames(body)
            right.collectNames(body)
        case .not(let operand): operand.collectNames(body)
        }
    }

    /// How tightly this binds: `or` 0, `and` 1, everything else 2.
    private var strength: Int {
        switch self {
        case .or: 0
        case .and: 1
        default: 2
        }
    }

    private func text(inside strength: Int) -> String {
        self.strength < strength ? "(\(description))" : description
    }
}

extension Expression: Codable {
    /// Reads an expression from its text; text outside the grammar is a decoding error.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        switch Self.parse(try container.decode(String.self)) {
        case .success(let expression): self = expression
        case .failure(let error):
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: error.message)
        }
    }

    /// Writes the canonical text.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

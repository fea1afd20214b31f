/// What the output of an item's script must be.
package enum ItemComparison: Sendable, Hashable {
    /// One end of a range of numbers or versions.
    package struct Bound: Sendable, Hashable {
        /// On which side, and whether the end itself fits.
        package enum Limit: String, Sendable, Codable, CaseIterable {
            case below, above
            case atLeast = "at_least"
            case atMost = "at_most"
        }

        /// On which side, and whether the end itself fits.
        package let limit: Limit
        /// The end, a number or a version.
        package let value: Argument

        package init(_ limit: Limit, _ value: Argument) {
            self.limit = limit
            self.value = value
        }
    }

    /// What an output is, compared.
    package enum Answer: Sendable, Hashable {
        case fits, differs
        /// It can't be compared, and why, in one sentence.
        case incomparable(String)
    }

    case equals(Argument)
    case oneOf([Argument])
    /// A pattern over the whole output.
    case matches(String)
    /// One end or two.
    case range([Bound])

    /// The greatest length of an output that is compared, in bytes.
    package static let longestOutput = TextPattern.longestText

    /// Compares an output; references have their values by now, one without fits nothing.
    package func answer(to output: String) -> Answer {
        guard output.utf8.count <= Self.longestOutput else {
            return .incomparable(
                "it wrote \(output.utf8.count) bytes, and \(Self.longestOutput) are compared at "
                    + "most")
        }
        switch self {
        case .equals(let wanted): return wanted.isText(output) ? .fits : .differs
        case .oneOf(let list): return list.contains { $0.isText(output) } ? .fits : .differs
        case .matches(let source):
            do {
                return try TextPattern(source).matches(output) ? .fits : .differs
            } catch {
                return .incomparable("the pattern can't be read: \(error.message)")
            }
        case .range(let bounds):
            guard Self.canOrder(output) else {
                return .incomparable(
                    "what it wrote is neither number nor version: \(printableExcerpt(output))")
            }
            for bound in bounds {
                guard case .text(let text) = bound.value, Self.canOrder(text) else {
                    return .incomparable("'\(bound.limit.words)' has no number to compare with")
                }
                guard Self.holds(output, bound.limit.comparison, text) else { return .differs }
            }
            return .fits
        }
    }

    /// Whether a text can be an end of a range: a number such as `0.25`, or a version such as
    /// `1.10.3` or `v1.10`.
    package static func canOrder(_ text: String) -> Bool {
        OrderedText.canOrder(text) || version(text) != nil
    }

    /// Numbers where both are decimal, with one dot at most; versions where one of both is a version:
    /// with two dots or more, or a `v` before it.
    private static func holds(
        _ left: String, _ comparison: Expression.Comparison, _ right: String
    ) -> Bool {
        let areNumbers = OrderedText.isDecimal(left) && OrderedText.isDecimal(right)
        return OrderedText.holds(
            version(left) ?? left, comparison, version(right) ?? right, asNumbers: areNumbers)
    }

    /// What stands behind the `v` that calls a text a version; nil where none does.
    private static func version(_ text: String) -> String? {
        guard text.hasPrefix("v") else { return nil }
        let rest = String(text.dropFirst())
        return rest.hasPrefix("-") || !OrderedText.canOrder(rest) ? nil : rest
    }

    /// What is expected, in words.
    package var words: String {
        switch self {
        case .equals(let value): value.shown
        case .oneOf(let list): "one of " + list.map(\.shown).joined(separator: ", ")
        case .matches(let pattern): "like \(pattern)"
        case .range(let bounds):
            bounds.map { "\($0.limit.words) \($0.value.shown)" }.joined(separator: " and ")
        }
    }

    /// The values that it compares with, in order.
    package var values: [Argument] {
        switch self {
        case .equals(let value): [value]
        case .oneOf(let list): list
        case .matches: []
        case .range(let bounds): bounds.map(\.value)
        }
    }

    /// The same with every value put through a function.
    package func mappingValues<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> ItemComparison {
        switch self {
        case .equals(let value): return .equals(try transform(value))
        case .oneOf(let list):
            var mapped: [Argument] = []
            for value in list { mapped.append(try transform(value)) }
            return .oneOf(mapped)
        case .matches: return self
        case .range(let bounds):
            var mapped: [Bound] = []
            for bound in bounds { mapped.append(Bound(bound.limit, try transform(bound.value))) }
            return .range(mapped)
        }
    }
}

extension ItemComparison.Bound.Limit {
    /// As people say it.
    package var words: String {
        switch self {
        case .below: "below"
        case .above: "above"
        case .atLeast: "at least"
        case .atMost: "at most"
        }
    }

    fileprivate var comparison: Expression.Comparison {
        switch self {
        case .below: .less
        case .above: .greater
        case .atLeast: .greaterOrEqual
        case .atMost: .lessOrEqual
        }
    }
}

extension Argument {
    /// As people read it: the text, or the reference as it is written.
    fileprivate var shown: String {
        switch self {
        case .text(let text): text.isEmpty ? "nothing" : text
        case .reference(let name): "$\(name)"
        }
    }

    /// Whether it is this very text, byte for byte.
    fileprivate func isText(_ other: String) -> Bool {
        guard case .text(let text) = self else { return false }
        return text.utf8.elementsEqual(other.utf8)
    }
}

extension ItemComparison: Codable {
    private enum CodingKeys: String, CodingKey {
        case equals
        case oneOf = "one_of"
        case matches, range
    }

    /// Reads an object with one key, the comparison's own word.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let value = try container.decodeIfPresent(Argument.self, forKey: .equals) {
            self = .equals(value)
        } else if let list = try container.decodeIfPresent([Argument].self, forKey: .oneOf) {
            self = .oneOf(list)
        } else if let pattern = try container.decodeIfPresent(String.self, forKey: .matches) {
            self = .matches(pattern)
        } else {
            self = .range(try container.decode([Bound].self, forKey: .range))
        }
    }

    /// Writes an object with one key, the comparison's own word.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .equals(let value): try container.encode(value, forKey: .equals)
        case .oneOf(let list): try container.encode(list, forKey: .oneOf)
        case .matches(let pattern): try container.encode(pattern, forKey: .matches)
        case .range(let bounds): try container.encode(bounds, forKey: .range)
        }
    }
}

extension ItemComparison.Bound: Codable {
    private enum CodingKeys: String, CodingKey { case limit, value }

    /// Reads `{"limit": …, "value": …}`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(Limit.self, forKey: .limit),
            try container.decode(Argument.self, forKey: .value))
    }

    /// Writes `{"limit": …, "value": …}`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(limit, forKey: .limit)
        try container.encode(value, forKey: .value)
    }
}

/// A parsed expression of the one grammar for selectors, `when`, `required_if` and `--limit`.
///
/// Total: it has a value for every scope, never loops and never fails. Names are resolved by the
/// `Scope` it is evaluated in. Its canonical text (`description`) parses to an equal expression,
/// and is what plans and JSON carry.
package indirect enum Expression: Sendable, Hashable {
    /// How two sides are compared.
    package enum Comparison: String, Sendable, Codable, CaseIterable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    case compare(Name, Comparison, String)
    case isIn(Name, [String], negated: Bool)
    /// `has NAME`: whether the name has any value.
    case has(Name)
    /// A bare name that stands for a boolean parameter.
    case holds(Name)
    case and(Expression, Expression)
    case or(Expression, Expression)
    case not(Expression)

    /// A name as written: `role`, `target.role`, `measure.latency`, `users`.
    package struct Name: Sendable, Hashable, Codable, CustomStringConvertible {
        /// The parts between the dots: one or two.
        package let parts: [String]

        package init(parts: [String]) { self.parts = parts }

        /// The parts, joined by dots.
        package var description: String { parts.joined(separator: ".") }
    }
}

/// What names mean where an expression is evaluated.
package struct Scope: Sendable {
    /// The values a name has: nil for none, several for a label that holds a list.
    package let lookUp: @Sendable (Expression.Name) -> [String]?
    /// Whether a name's values are of type number, so that 0.5 is greater than 0.25; dotted text
    /// is otherwise compared as a version, where 1.10 is greater than 1.9.
    package let isNumber: @Sendable (Expression.Name) -> Bool

    package init(
        lookUp: @escaping @Sendable (Expression.Name) -> [String]?,
        isNumber: @escaping @Sendable (Expression.Name) -> Bool = { _ in false }
    ) {
        self.lookUp = lookUp
        self.isNumber = isNumber
    }
}

extension Expression.Name {
    /// `$item`: the text that a step with `for_each` is at.
    package static let item = Expression.Name(parts: ["item"])
}

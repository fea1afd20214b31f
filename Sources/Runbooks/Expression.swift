/// A parsed expression of the one grammar for selectors, `when`, `required_if` and `--limit`.
///
/// Total: it has a value for every scope, never loops and never fails. Names are resolved by the
/// `Scope` it is evaluated in. Its canonical text (`description`) parses to an equal expression,
/// and is what plans and JSON carry.
package indirect enum Expression: Sendable, Hashable, Codable {
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

    package init(lookUp: @escaping @Sendable (Expression.Name) -> [String]?) {
        self.lookUp = lookUp
    }
}

import Runbooks

/// What an expression will say in a run, as far as it can be told before.
enum Foresight: Sendable, Hashable {
    case holds
    case fails
    /// It turns on these names, whose values are known only in the run.
    case open([Expression.Name])

    /// Evaluates an expression of which some names can't be known yet.
    ///
    /// Three-valued after Kleene: `a or b` holds when `a` holds, whatever `b` is.
    static func of(
        _ expression: Expression, in scope: Scope, unknown: (Expression.Name) -> Bool
    ) -> Foresight {
        switch expression {
        case .compare(let name, _, _), .isIn(let name, _, _), .has(let name), .holds(let name):
            if unknown(name) { return .open([name]) }
            return expression.holds(in: scope) ? .holds : .fails
        case .not(let operand):
            switch of(operand, in: scope, unknown: unknown) {
            case .holds: return .fails
            case .fails: return .holds
            case .open(let names): return .open(names)
            }
        case .and(let left, let right):
            return join(
                of(left, in: scope, unknown: unknown), of(right, in: scope, unknown: unknown),
                decides: .fails)
        case .or(let left, let right):
            return join(
                of(left, in: scope, unknown: unknown), of(right, in: scope, unknown: unknown),
                decides: .holds)
        }
    }

    private static func join(
        _ left: Foresight, _ right: Foresight, decides: Foresight
    ) -> Foresight {
        switch (left, right) {
        case (decides, _), (_, decides): decides
        case (.open(let one), .open(let other)): .open(one + other.filter { !one.contains($0) })
        case (.open(let names), _), (_, .open(let names)): .open(names)
        default: left
        }
    }
}

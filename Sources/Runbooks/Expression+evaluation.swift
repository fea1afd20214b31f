extension Expression.Comparison {
    /// Whether it asks which side is greater, and so needs numbers or versions.
    package var isOrdering: Bool { self != .equal && self != .notEqual }
}

extension Expression {
    /// Whether the expression holds for the names' values in a scope.
    ///
    /// A name without a value makes every comparison false, `!=` and `not in` included; only
    /// `has` and the word `not` before a comparison turn that round. On a list `=` and `in` hold
    /// when any element fits, `!=` and `not in` when none does, and `<` when any element is less.
    /// Text is compared exactly; `< <= > >=` need numbers or versions on both sides, else false.
    package func holds(in scope: Scope) -> Bool {
        switch self {
        case .and(let left, let right): return left.holds(in: scope) && right.holds(in: scope)
        case .or(let left, let right): return left.holds(in: scope) || right.holds(in: scope)
        case .not(let operand): return !operand.holds(in: scope)
        case .has(let name): return !scope.values(name).isEmpty
        case .holds(let name): return scope.values(name) == ["true"]
        case .isIn(let name, let wanted, let negated):
            let values = scope.values(name)
            return !values.isEmpty && values.contains(where: wanted.contains) != negated
        case .compare(let name, let comparison, let wanted):
            let values = scope.values(name)
            switch comparison {
            case .equal: return values.contains(wanted)
            case .notEqual: return !values.isEmpty && !values.contains(wanted)
            case .less, .lessOrEqual, .greater, .greaterOrEqual:
                let asNumbers = scope.isNumber(name)
                return values.contains {
                    OrderedText.holds($0, comparison, wanted, asNumbers: asNumbers)
                }
            }
        }
    }
}

extension Scope {
    fileprivate func values(_ name: Expression.Name) -> [String] { lookUp(name) ?? [] }
}

/// The order of numbers and versions that are written as text.
enum OrderedText {
    /// Whether the text is a number or a dotted version: `5`, `-2`, `0.25`, `1.10.3`.
    static func canOrder(_ text: String) -> Bool { parts(text) != nil }

    /// Whether the comparison holds; false where a side is neither number nor version.
    ///
    /// Dotted text is compared as versions are, part by part (1.10 is greater than 1.9; missing
    /// parts are zero), unless `asNumbers` says that the values are of type number, or a side has
    /// a sign, which versions have not.
    static func holds(
        _ left: String, _ comparison: Expression.Comparison, _ right: String, asNumbers: Bool
    ) -> Bool {
        let isSigned = left.hasPrefix("-") || right.hasPrefix("-")
        guard let order = asNumbers || isSigned ? numbers(left, right) : versions(left, right)
        else { return false }
        return switch comparison {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }

    /// Whether the text is a decimal number with at most one dot: `5`, `-2`, `0.25`.
    static func isDecimal(_ text: String) -> Bool {
        parts(text).map { $0.count <= 2 } ?? false
    }

    private static func numbers(_ left: String, _ right: String) -> Int? {
        guard let left = Double(left), let right = Double(right), !left.isNaN, !right.isNaN
        else { return nil }
        return left < right ? -1 : left > right ? 1 : 0
    }

    private static func versions(_ left: String, _ right: String) -> Int? {
        guard let left = parts(left), let right = parts(right) else { return nil }
        for index in 0..<max(left.count, right.count) {
            let one = index < left.count ? left[index] : ""
            let other = index < right.count ? right[index] : ""
            if one.utf8.count != other.utf8.count { return one.utf8.count - other.utf8.count }
            if one != other { return one < other ? -1 : 1 }
        }
        return 0
    }

    /// The digits between the dots without leading zeros and sign; nil for other text.
    private static func parts(_ text: String) -> [Substring]? {
        let isSigned = text.hasPrefix("-")
        let parts = text.dropFirst(isSigned ? 1 : 0).split(
            separator: ".", omittingEmptySubsequences: false)
        let isDigits = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard isDigits, !(isSigned && parts.count > 2) else { return nil }
        return parts.map { $0.drop { $0 == "0" } }
    }
}

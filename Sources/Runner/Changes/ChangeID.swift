import Runbooks

/// A change's id, such as `CHG-42`: numbered from 1 in its home.
package struct ChangeID: CheckedName {
    /// The id as it is typed, with its `CHG-`.
    package let rawValue: String
    /// Its number, from 1.
    package let number: Int
    /// The grammar, as errors word it.
    package static let grammar = "'CHG-' and a number from 1, such as CHG-42"

    package init?(rawValue: String) {
        let digits = rawValue.dropFirst(4)
        guard rawValue.hasPrefix("CHG-"), (1...9).contains(digits.utf8.count), digits.first != "0",
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits)
        else { return nil }
        (self.rawValue, self.number) = (rawValue, number)
    }

    /// The id of a number; nil outside 1 to 999,999,999.
    package init?(number: Int) { self.init(rawValue: "CHG-\(number)") }

    /// The id that a person means who may have typed `chg-42` or `42`.
    package init?(typed text: String) {
        let digits = text.lowercased().hasPrefix("chg-") ? text.dropFirst(4) : text[...]
        self.init(rawValue: "CHG-\(digits)")
    }

    /// Whether the first number is the smaller one.
    package static func < (left: ChangeID, right: ChangeID) -> Bool { left.number < right.number }
}

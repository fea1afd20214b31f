/// A JSON document as a value, with integers kept apart from other numbers.
package enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// Finite.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

/// A text that is no JSON document, or one outside the limits.
package struct JSONError: Error, Sendable, Hashable {
    /// The byte at which reading stopped, from 0.
    package let offset: Int
    /// What is wrong there, in a few words.
    package let message: String

    package init(offset: Int, message: String) {
        self.offset = offset
        self.message = message
    }
}

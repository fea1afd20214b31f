/// A length of time that is written to JSON as a whole number of milliseconds.
@propertyWrapper
package struct InMilliseconds: Sendable, Hashable, Codable {
    /// The length of time; less than a millisecond is lost when it is written.
    package var wrappedValue: Duration

    package init(wrappedValue: Duration) { self.wrappedValue = wrappedValue }

    /// Reads a whole number of milliseconds.
    package init(from decoder: any Decoder) throws {
        wrappedValue = .milliseconds(try decoder.singleValueContainer().decode(Int64.self))
    }

    /// Writes whole milliseconds, rounded towards zero.
    package func encode(to encoder: any Encoder) throws {
        let parts = wrappedValue.components
        var container = encoder.singleValueContainer()
        try container.encode(parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero; for the lengths that a document can hold.
    var wholeMilliseconds: Int {
        Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}

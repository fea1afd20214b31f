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
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.inMilliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero; the last that there are for a longer time.
    package var inMilliseconds: Int64 {
        let (whole, isOver) = components.seconds.multipliedReportingOverflow(by: 1000)
        let (sum, isOverAgain) = whole.addingReportingOverflow(
            components.attoseconds / 1_000_000_000_000_000)
        guard isOver || isOverAgain else { return sum }
        return components.seconds < 0 ? .min : .max
    }
}

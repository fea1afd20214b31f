/// Why somebody may not do something, or why a signature doesn't count.
package struct TrustRefusal: Error, Sendable, Hashable {
    /// What is missing, and who could: one sentence without a period.
    package let reason: String
    /// What to do next; nil where the reason says it.
    package let hint: String?

    package init(_ reason: String, hint: String? = nil) {
        self.reason = reason
        self.hint = hint
    }
}

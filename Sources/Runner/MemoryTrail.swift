/// A trail in memory, for simulations and tests: it keeps nothing, and does what it is told.
package actor MemoryTrail: Trail {
    /// How often everything was sealed.
    package private(set) var seals = 0
    private let body: @Sendable (Int) async throws(JournalError) -> Void

    /// Makes one that runs the closure at each seal, with the number of the call from 1.
    package init(_ body: @escaping @Sendable (Int) async throws(JournalError) -> Void = { _ in }) {
        self.body = body
    }

    /// Runs the closure.
    package func seal() async throws(JournalError) {
        seals += 1
        try await body(seals)
    }
}

import Runner

/// How sessions are opened: what is spawned, and what its failures mean.
struct SessionTransport: Sendable {
    /// Why no session could be opened.
    struct Refusal: Error, Sendable, Hashable {
        /// What the attempt is reported as; nothing was started.
        let ending: Ending
        /// Whether trying again soon may help (`MaxStartups`, a target that just starts).
        let isTransient: Bool
        /// Whether only a person can change it: another host key, a refused login.
        var isFinal = false
    }

    /// The program to spawn for a target; asked for before each try.
    let command: @Sendable (PlannedTarget) async throws(Refusal) -> SessionCommand
    /// Why a session didn't open, from what its process said.
    let explain: @Sendable (PlannedTarget, SessionEnd) -> Refusal
    /// Why an open session ended, as a sentence.
    let describeLoss: @Sendable (PlannedTarget, SessionEnd) -> String
    /// Whether what runs in a session dies with the controller, so that nothing has to be proved.
    let endsWithController: Bool
    /// How long opening may take in all, until the session has answered.
    let openLimit: Duration
}

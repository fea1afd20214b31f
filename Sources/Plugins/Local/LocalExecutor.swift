import Runbooks
import Runner

/// Carries out steps that run on the controller (`where: controller`), confined by bubblewrap.
///
/// A step there sees the machine read-only, without homes, keys, sockets and other processes. It
/// speaks the same session protocol as a target, so that values, output, timeouts and frames are
/// alike. Like `SSHExecutor` it needs somebody to run `serve`.
package struct LocalExecutor: SessionServing {
    let sessions: SessionExecutor
    /// How long the confined shell may take to answer.
    private static let openLimit = Duration.seconds(30)

    /// Makes an executor for one run.
    ///
    /// - Parameters:
    ///   - settings: what steps must not see, and whether they may run unconfined.
    ///   - files: what the run's steps may use.
    ///   - notices: told what running steps write; called on any thread, must return at once.
    ///   - clock: the time; the machine's own.
    ///   - grace: how the two ends of a stop are spaced.
    ///   - keeping: how what steps write is kept.
    package init(
        settings: LocalSettings, files: RunbookFiles,
        notices: @escaping @Sendable (ExecutorNotice) -> Void, clock: ExecutorClock = .system,
        grace: StopGrace = StopGrace(), keeping: OutputKeeping = .inMemory
    ) {
        sessions = SessionExecutor(
            transport: SessionTransport(
                command: { (target) throws(SessionTransport.Refusal) in
                    try settings.command(for: target)
                },
                explain: Self.refusal, describeLoss: Self.loss, endsWithController: true,
                openLimit: Self.openLimit),
            files: files, limiter: ConnectionLimiter(from: 8, to: 32), notices: notices,
            recorded: { _ in },
            clock: clock, grace: grace, keeping: keeping, jitter: { 0 })
    }

    @Sendable
    private static func refusal(
        _ target: PlannedTarget, _ end: SessionEnd
    ) -> SessionTransport.Refusal {
        let said = printableExcerpt(end.standardError, limit: 300)
        if end.status == "signal 15", end.standardError.isEmpty {
            return SessionTransport.Refusal(
                ending: .notStarted(
                    "The confined shell on the controller did not answer within "
                        + "\(openLimit.components.seconds) s. Is the controller overloaded? Look at "
                        + "its load, then try again."),
                isTransient: false)
        }
        return SessionTransport.Refusal(
            ending: .notStarted(
                "The confinement of steps on the controller could not be made. Bubblewrap needs "
                    + "root, or user namespaces that are allowed for everybody. It says: \(said)"),
            isTransient: false)
    }

    @Sendable
    private static func loss(_ target: PlannedTarget, _ end: SessionEnd) -> String {
        "The shell on the controller for \(target.name) ended (status \(end.status ?? "unknown"))."
    }
}

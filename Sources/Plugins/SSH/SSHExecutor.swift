import Runbooks
import Runner

/// Carries out attempts on targets over `ssh`: one connection per target for the whole run.
///
/// ```swift
/// let executor = SSHExecutor(settings: SSHSettings(), files: files, notices: { _ in })
/// async let serving: Void = executor.serve()
/// let report = await executor.perform(request)
/// await executor.shutDown()
/// await serving
/// ```
package struct SSHExecutor: SessionServing {
    let sessions: SessionExecutor
    private let pins: ServerKeyPins

    /// Makes an executor for one run; it connects when a target's first attempt comes.
    ///
    /// - Parameters:
    ///   - settings: how `ssh` is called.
    ///   - files: what the run's steps may use, staged once per session.
    ///   - notices: told what happens besides reports; called on any thread, must return at once.
    ///   - recorded: returns once the record names the session of this proof, or when its task is
    ///     cancelled; nothing starts in a session before.
    ///   - clock: the time; the machine's own.
    ///   - grace: how the two ends of a stop are spaced.
    ///   - keeping: how what steps write is kept.
    ///   - connectionsAtOnce: how many connections are opened at once at first.
    package init(
        settings: SSHSettings, files: RunbookFiles,
        notices: @escaping @Sendable (ExecutorNotice) -> Void,
        recorded: @escaping @Sendable (_ proof: String) async -> Void = { _ in },
        clock: ExecutorClock = .system,
        grace: StopGrace = StopGrace(), keeping: OutputKeeping = .inMemory,
        connectionsAtOnce: Int = 10
    ) {
        let pins = ServerKeyPins(lookup: ServerKeyLookup(settings: settings))
        self.pins = pins
        sessions = SessionExecutor(
            transport: Self.transport(settings, pins), files: files,
            limiter: ConnectionLimiter(from: connectionsAtOnce, to: 4 * connectionsAtOnce),
            notices: notices, recorded: recorded, clock: clock, grace: grace, keeping: keeping,
            jitter: { Double.random(in: 0..<1) })
    }

    /// Runs the connections until `shutDown`; nothing connects while nobody runs this.
    ///
    /// When the calling task is cancelled all connections end at once.
    package func serve() async {
        await sessions.serve()
        pins.remove()
    }

    private static func transport(
        _ settings: SSHSettings, _ pins: ServerKeyPins
    ) -> SessionTransport {
        SessionTransport(
            command: { (target) async throws(SessionTransport.Refusal) in
                // Its fields are checked before anything is done with them.
                try SSHSettings.check(target)
                let pinned = try await pins.options(for: target)
                return SessionCommand(
                    program: settings.sshPath,
                    arguments: try settings.arguments(for: target, pins: pinned))
            },
            explain: { target, end in
                guard SSHFailure.isAboutHostKey(end), pins.haveChanged(for: target) else {
                    return SSHFailure.refusal(target, end)
                }
                return SessionTransport.Refusal(
                    ending: .unreachable(SSHFailure.filled(SSHFailure.otherKey, target)),
                    isTransient: false, isFinal: true)
            },
            describeLoss: SSHFailure.loss,
            endsWithController: false, openLimit: settings.connectTimeout + .seconds(30))
    }
}

import Runbooks
import Runner

/// An executor that needs a task to run its sessions' processes in.
package protocol ServingExecutor: Executor {
    /// Runs the sessions until `shutDown`; nothing starts while nobody runs this.
    ///
    /// When the calling task is cancelled all sessions end at once.
    func serve() async
}

/// An executor whose attempts are carried out in sessions: all but how they are opened is alike.
protocol SessionServing: ServingExecutor {
    /// What its calls go to.
    var sessions: SessionExecutor { get }
}

extension SessionServing {
    /// Runs the sessions until `shutDown`; nothing starts while nobody runs this.
    package func serve() async { await sessions.serve() }

    /// Carries out one attempt (see `Executor`).
    package func perform(_ request: AttemptRequest) async -> AttemptReport {
        await sessions.perform(request)
    }

    /// Asks the attempt under way for a target to end.
    package func cancel(_ target: TargetName) async { await sessions.cancel(target) }

    /// Ends a target's session in order.
    package func close(_ target: TargetName) async { await sessions.close(target) }

    /// Ends all sessions, and `serve`.
    package func shutDown() async { await sessions.shutDown() }
}

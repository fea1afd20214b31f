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

    /// Carries out an attempt and its followers (see `Executor`).
    package func perform(
        _ request: AttemptRequest,
        report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async {
        await sessions.perform(request, report: report)
    }

    /// Asks that no follower of the attempt under way on a target is begun any more.
    package func recall(_ target: TargetName) async { await sessions.recall(target) }

    /// Asks the attempt under way for a target to end.
    package func cancel(_ target: TargetName) async { await sessions.cancel(target) }

    /// Removes what the run keeps on a target.
    package func clean(_ target: TargetName) async { await sessions.clean(target) }

    /// Ends a target's session in order.
    package func close(_ target: TargetName) async { await sessions.close(target) }

    /// Ends all sessions, and `serve`.
    package func shutDown() async { await sessions.shutDown() }
}

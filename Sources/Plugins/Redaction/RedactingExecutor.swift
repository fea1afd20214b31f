import Runbooks
import Runner

/// Takes secrets out of everything that another executor reports.
///
/// What went through a spool has none any more (`OutputBuffer`).
package struct RedactingExecutor: Executor {
    private let executor: any Executor
    private let redactor: Redactor

    package init(_ executor: any Executor, redactor: Redactor) {
        self.executor = executor
        self.redactor = redactor
    }

    /// Carries out one attempt; secrets are gone from what it returns.
    package func perform(_ request: AttemptRequest) async -> AttemptReport {
        let report = await executor.perform(request)
        return redactor.isEmpty ? report : scrubbed(report)
    }

    /// Carries out an attempt and its followers; secrets are gone from what it reports.
    package func perform(
        _ request: AttemptRequest,
        report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async {
        await executor.perform(request) { key, raw in
            await report(key, redactor.isEmpty ? raw : scrubbed(raw))
        }
    }

    /// Asks that no follower is begun any more.
    package func recall(_ target: TargetName) async { await executor.recall(target) }

    /// Asks the attempt under way on a target to end.
    package func cancel(_ target: TargetName) async { await executor.cancel(target) }

    /// Removes what the run keeps on a target.
    package func clean(_ target: TargetName) async { await executor.clean(target) }

    /// Ends a target's session in order.
    package func close(_ target: TargetName) async { await executor.close(target) }

    /// Ends all sessions.
    package func shutDown() async { await executor.shutDown() }

    private func scrubbed(_ report: AttemptReport) -> AttemptReport {
        var report = report
        report.ending = scrubbed(report.ending)
        report.stdout.rest = redactor.scrub(report.stdout.rest)
        report.stderr.rest = redactor.scrub(report.stderr.rest)
        report.outputs = redactor.scrub(report.outputs)
        report.diff = report.diff.map { redactor.scrub($0) }
        report.seen = report.seen.map {
            SeenState(
                expected: redactor.scrub($0.expected), actual: redactor.scrub($0.actual))
        }
        report.collected = report.collected.map { file in
            var file = file
            file.name = redactor.scrub(file.name)
            file.content.rest = redactor.scrub(file.content.rest)
            return file
        }
        return report
    }

    private func scrubbed(_ ending: Ending) -> Ending {
        switch ending {
        case .exited, .timedOut, .cancelled: ending
        case .unreachable(let why): .unreachable(redactor.scrub(why))
        case .notStarted(let why): .notStarted(redactor.scrub(why))
        case .heldBack(let why): .heldBack(redactor.scrub(why))
        case .unknown(let why): .unknown(redactor.scrub(why))
        }
    }
}

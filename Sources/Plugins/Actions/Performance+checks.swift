import Runbooks
import Runner

extension Performance {
    /// The longest pause between two looks of a check that must go on holding.
    private static let longestLook = Duration.seconds(5)

    /// Waits for a time, or until a script exits 0.
    ///
    /// The report is that of the last look: 0 when what was waited for has come. A wait's own
    /// limit ends it as timed out.
    mutating func wait(_ action: WaitAction) async throws(Session.Failure) -> AttemptReport {
        guard let until = action.until else {
            guard await stopper.pause(action.upTo, clock) else { return stopped() }
            return AttemptReport(ending: .exited(0))
        }
        let begun = clock.now()
        let invocation = try await invocation(until)
        while true {
            var report = AttemptReport(try await run(invocation), stopper.reason)
            guard case .exited(let status) = report.ending, status != 0 else { return report }
            guard clock.now() - begun + action.every < action.upTo else {
                report.ending = .timedOut
                return report
            }
            guard await stopper.pause(action.every, clock) else {
                return stopped(after: report)
            }
        }
    }

    /// Looks whether something holds, and goes on looking for as long as it must.
    mutating func assert(_ action: AssertAction) async throws(Session.Failure) -> AttemptReport {
        let begun = clock.now()
        let invocation = try await invocation(action.script)
        let pause = max(.milliseconds(200), min(action.staysOKFor / 10, Self.longestLook))
        while true {
            let report = AttemptReport(try await run(invocation), stopper.reason)
            guard report.ending == .exited(0) else { return report }
            let left = action.staysOKFor - (clock.now() - begun)
            guard left > .zero else { return report }
            guard await stopper.pause(min(pause, left), clock) else {
                return stopped(after: report)
            }
        }
    }

    /// The report of an attempt that was ended between two looks.
    private func stopped(after last: AttemptReport? = nil) -> AttemptReport {
        var report = last ?? AttemptReport(ending: .cancelled)
        report.ending =
            switch stopper.reason {
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            case nil: Self.abandoned
            }
        return report
    }
}

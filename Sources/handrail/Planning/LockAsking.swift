import Runbooks
import Runner

extension Session {
    /// What the home's journal says about the locks of a plan's targets, and of their groups.
    ///
    /// A plan that changes nothing needs none, and a home that is not there yet has none.
    func lockState(of plan: Plan) async -> LockState {
        guard !plan.isReadOnly else { return .known([]) }
        do {
            guard let home = try await existingHome() else { return .known([]) }
            let names =
                plan.targets.map(\.name) + (plan.protection ?? []).flatMap(\.members)
            return .known(
                try await home.journal.locks(on: names),
                standings: try await home.journal.standings(of: names))
        } catch {
            return .unreadable(Failure(error).message)
        }
    }
}

extension PreparedPlan {
    /// Refuses to open a run that could start nothing, because of what happened since it was shown.
    ///
    /// One that waits is opened where nothing but time is in the way.
    /// - Throws: `Failure` (refused).
    func refuseWhenLocked(
        _ session: Session, leftOut: [LeftOutTarget], waits: Bool = false,
        glass: GlassState? = nil
    ) async throws {
        let report = GateReport.evaluate(
            plan, runbook: runbook, actor: session.actor,
            locks: await session.lockState(of: plan), leftOut: Set(leftOut.map(\.target)),
            facts: session.changeFacts(
                of: opened, at: session.world.now(), in: plan.environment.name,
                standing: await session.standing(of: change),
                neededMilliseconds: plan.reservedForFirstWave(seen: seenMilliseconds)),
            trust: session.trustState(),
            earlier: await session.earlierRuns(of: plan, in: opened.library), glass: glass)
        guard !report.isOpen, !(waits && report.opensByItself) else { return }
        throw Failure.closed(report)
    }
}

extension Failure {
    /// A run that can't start because a gate is closed.
    static func closed(_ gates: GateReport) -> Failure {
        Failure(
            .refused, code: "gate",
            Self.closedText(gates.refusals.map(\.text)),
            hint: gates.opensByItself
                ? "it opens by itself: with --wait the run starts then"
                : "'handrail plan' shows all of them")
    }

    /// One gate in its sentence, several on a line each.
    private static func closedText(_ lines: [String]) -> String {
        guard lines.count > 1 else { return "A gate is closed: " + (lines.first ?? "") }
        return "\(lines.count) gates are closed:\n  " + lines.joined(separator: "\n  ")
    }
}

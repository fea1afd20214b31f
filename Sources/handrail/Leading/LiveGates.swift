import Runbooks
import Runner

/// The gates of a run that is led: asked of the library and the home as they are now.
struct LiveGates: GateKeeper {
    let session: Session
    let record: RunRecord
    private let clock: ClockWatch

    init(session: Session, record: RunRecord) {
        self.session = session
        self.record = record
        clock = ClockWatch(session.world)
    }

    /// What they say now; closed where library or change can't be read, or the clock was set.
    func answer(_ question: GateQuestion) async -> GateAnswer {
        let now = session.world.now()
        if let step = clock.words(session.world) {
            return .closed(
                "the clock was set \(step) since this process began to lead the run; set it right, "
                    + "or say that it is: handrail pause \(record.id), then resume", at: now)
        }
        do {
            let opened = try await session.openLibrary(isQuiet: true)
            let inventory = opened.library.inventory
            let astray = record.plan.astray(in: inventory, question.remaining)
            guard astray.isEmpty else {
                return .astray(astray, from: record.plan.environment.name, at: now)
            }
            let runbook = try opened.runbook(record.plan.runbook.id.rawValue)
            let facts = session.changeFacts(
                of: opened, at: now, in: record.plan.environment.name,
                standing: await session.standing(of: record.change),
                neededMilliseconds: question.neededMilliseconds)
            let report = GateReport.evaluate(
                record.plan.relabelled(by: inventory, question.remaining), runbook: runbook,
                actor: record.actor,
                leftOut: Set((record.leftOut ?? []).map(\.target)), facts: facts,
                trust: session.trustState(), starter: PersonID(rawValue: record.actor),
                earlier: await session.earlierRuns(of: record.plan, in: opened.library),
                glass: record.brokenGlass.map(GlassState.broken), approved: record.plan)
            return GateAnswer(report, at: now)
        } catch {
            return .closed(Failure(error).message, at: now)
        }
    }
}

extension ClockWatch {
    /// Watches a world's clocks from now on.
    init(_ world: World) { self.init(wall: world.now(), sinceBoot: world.sinceBoot()) }

    /// How far the wall clock was set, such as `forward by 1 h 0 min`; nil when it wasn't.
    func words(_ world: World) -> String? {
        step(wall: world.now(), sinceBoot: world.sinceBoot()).map { step in
            let length = TimeText.length(step < 0 ? -step : step)
            return "\(step < 0 ? "back" : "forward") by \(length)"
        }
    }
}

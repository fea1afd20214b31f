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
        if let step = clock.step(session.world) {
            return .closed(
                "the clock was set \(step) since this process began to lead the run; set it right, "
                    + "or say that it is: handrail pause \(record.id), then resume", at: now)
        }
        do {
            let opened = try await session.openLibrary(isQuiet: true)
            let runbook = try opened.runbook(record.plan.runbook.id.rawValue)
            let facts = session.changeFacts(
                of: opened, at: now, in: record.plan.environment.name,
                standing: await session.standing(of: record.change),
                neededMilliseconds: question.neededMilliseconds)
            let report = GateReport.evaluate(
                record.plan, runbook: runbook, actor: record.actor,
                leftOut: Set((record.leftOut ?? []).map(\.target)), facts: facts,
                trust: session.trustState(), starter: PersonID(rawValue: record.actor),
                earlier: await session.earlierRuns(of: record.plan, in: opened.library),
                glass: record.brokenGlass.map(GlassState.broken))
            return GateAnswer(report, at: now)
        } catch {
            return .closed(Failure(error).message, at: now)
        }
    }
}

/// Whether the wall clock was set since somebody began to watch it.
struct ClockWatch: Sendable {
    /// Wall and boot clock further apart than before by more than this: the wall clock was set
    /// (docs/semantics.md, "Time").
    static let tolerance: Int64 = 30_000

    private let offset: Int64

    init(_ world: World) { offset = Self.offset(world) }

    /// How far it was set, such as `forward by 1 h 0 min`; nil when it wasn't.
    func step(_ world: World) -> String? {
        let step = Self.offset(world) - offset
        guard step.magnitude > UInt64(Self.tolerance) else { return nil }
        let length = TimeText.length(step < 0 ? -step : step)
        return "\(step < 0 ? "back" : "forward") by \(length)"
    }

    private static func offset(_ world: World) -> Int64 {
        world.now().milliseconds - world.sinceBoot()
    }
}

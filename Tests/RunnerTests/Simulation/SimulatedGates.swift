import Runbooks

@testable import Runner

/// What the gates said to one process, and what was true then.
struct SimulatedVerdict {
    let asked: Timestamp
    /// The same by the machine's own clock, and how far the wall clock was set then.
    let instant: Int64
    let offset: Int64
    let isOpen: Bool
    /// Why nothing might start in truth, and which targets were no longer what they had been.
    let closed: [String]
    let astray: Set<TargetName>
}

/// The gates as a leader asks them: decisions of production, over what the world's desk, library,
/// calendars and trust say at the moment.
struct SimulatedGates: GateKeeper {
    let process: SimulatedProcess

    private var world: SimulatedWorld { process.world }

    func answer(_ question: GateQuestion) async -> GateAnswer {
        let gone = GateAnswer.closed("the process was killed", at: world.time)
        guard isPassed(.before), let change = process.run.change else { return gone }
        let truth = process.run.truth
        truth.expect(
            process.run.record.descent == nil, .undoIsFree,
            "\(question.run) undoes, and asks the gates")
        let (asked, instant) = (world.time, world.scheduler.now)
        let (offset, isClockSet) = (world.clockOffset, process.isClockSet)
        let isWatchAlarmed = process.isWatchAlarmed
        if !world.isCalm, world.happens(world.weather.slowGates) {
            await world.scheduler.pause(Int64(world.number(1...9000)))
        } else if world.happens(500) {
            await world.scheduler.pause(Int64(world.number(1...800)))
        }
        guard isPassed(.before) else { return gone }
        let answer: GateAnswer =
            isWatchAlarmed
            ? .closed("the clock was set", at: asked)
            : Self.answer(about: change, at: asked, question)
        let closed = change.truth.closed(
            at: asked.milliseconds, for: question.neededMilliseconds, on: question.remaining,
            isClockSet: isClockSet)
        truth.expect(
            answer.isOpen == closed.isEmpty, .gatesAreTrue,
            "they say \(answer.isOpen ? "open" : answer.reason), and in truth: \(closed)")
        process.note(
            SimulatedVerdict(
                asked: asked, instant: instant, offset: offset, isOpen: answer.isOpen,
                closed: closed, astray: change.truth.astray))
        world.trace.note(
            "p\(process.number) hears that the gates are "
                + (answer.isOpen ? "open" : "closed: \(answer.reason)"))
        if world.happens(200) { await world.scheduler.pause(Int64(world.number(1...1500))) }
        guard isPassed(.after) else { return gone }
        return answer
    }

    /// What `LiveGates` puts together.
    private static func answer(
        about change: SimulatedChange, at now: Timestamp, _ question: GateQuestion
    ) -> GateAnswer {
        guard change.truth.canReadLibrary else {
            return .closed("the library can't be read", at: now)
        }
        let (record, inventory) = (change.record, change.inventory)
        let astray = record.plan.astray(in: inventory, question.remaining)
        guard astray.isEmpty else {
            return .astray(astray, from: record.plan.environment.name, at: now)
        }
        let report = GateReport.evaluate(
            record.plan.relabelled(by: inventory, question.remaining), runbook: change.runbookNow,
            actor: record.actor,
            leftOut: Set((record.leftOut ?? []).map(\.target)),
            facts: change.facts(at: now, needed: question.neededMilliseconds),
            trust: change.trust(at: now),
            starter: PersonID(rawValue: record.actor), approved: record.plan)
        return GateAnswer(report, at: now)
    }

    private func isPassed(_ side: CrashPoint.Side) -> Bool {
        do throws(JournalError) {
            try process.passes(.askGates, side)
            return true
        } catch {
            return false
        }
    }
}

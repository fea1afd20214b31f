import Runbooks
import TestSupport

@testable import Runner

/// Everything around the production loop, from one seed: time, targets, journal, trail, people.
///
/// SAFETY: used on the thread that calls `run` alone, as all of its parts.
final class SimulatedWorld: @unchecked Sendable {
    let scheduler: SeededScheduler
    let findings = Findings()
    private(set) lazy var house = HouseModel(findings)
    private(set) var weather: Weather
    private(set) lazy var fleet = Fleet(self)
    var trace: Trace
    var store: [Digest: [UInt8]] = [:]
    private(set) var processes: [SimulatedProcess] = []
    /// By how many milliseconds the wall clock is set wrong.
    var clockOffset: Int64 = 0 { didSet { wasClockSet = true } }
    private var wasClockSet = false
    /// How often the gates said that they are open, and closed.
    var verdictCounts = (open: 0, closed: 0)
    private var isTending = false
    /// How often each labelled point was passed, and where processes were killed.
    private(set) var passed: [CrashPlace: Int] = [:]
    private(set) var crashed: [CrashPlace] = []

    /// The most jobs, and the most time after the calm began: then a run should have ended.
    private static let mostJobs = 400_000
    private static let mostTime: Int64 = 2 * 3600 * 1000
    private static let mostProcesses = 100

    init(seed: UInt64, isTraced: Bool = false, crash: CrashPlace? = nil) {
        scheduler = SeededScheduler(seed: seed)
        var fixtures = RandomPlan.house(&scheduler.random)
        if Self.hasGates(seed) {
            for index in fixtures.indices { RandomPlan.bind(&fixtures[index], &scheduler.random) }
        }
        weather = Weather(scheduler)
        if let crash { weather.crashes = [crash] }
        scheduler.disorder = weather.disorder
        trace = Trace(isKept: isTraced)
        trace.now = { [unowned scheduler] in scheduler.now }
        for (index, fixture) in fixtures.enumerated() {
            let begins = index == 0 ? 0 : number(0...Int(weather.calm))
            house.runs.append(SimulatedRun(fixture.record, in: self, begins: Int64(begins)))
        }
    }

    var runs: [SimulatedRun] { house.runs }
    var targets: [TargetName] { Set(runs.flatMap(\.targets)).sorted() }
    /// What the wall clock says.
    var time: Timestamp {
        ChangeSamples.time(0).adding(.milliseconds(scheduler.now + clockOffset))
    }
    /// Whether gates bind runs of a seed.
    static func hasGates(_ seed: UInt64) -> Bool { seed % 2 == 1 }
    var isCalm: Bool { scheduler.now >= weather.calm }

    func number(_ range: ClosedRange<Int>) -> Int { scheduler.number(range) }
    func happens(_ perMille: Int) -> Bool { scheduler.happens(perMille) }
    func refuses(_ part: Weather.Part) -> Bool { weather.refuses(part, at: scheduler.now) }

    /// Whether a process is to be killed at a labelled point.
    func crashes(at point: CrashPoint, _ side: CrashPoint.Side) -> Bool {
        var place = CrashPlace(point: point, side: side, occurrence: 0)
        passed[place, default: 0] += 1
        guard !weather.crashes.isEmpty, !isCalm else { return false }
        place.occurrence = passed[place, default: 0]
        guard weather.crashes.contains(place) else { return false }
        trace.note("killed \(side.rawValue) \(point.rawValue)")
        crashed.append(place)
        return true
    }

    /// Whether a leader's process can be seen to be gone.
    func isProvedDead(_ lease: Lease) -> Bool {
        let process = processes[Int(lease.pid) - 1]
        // A lease that was taken while the clock was ahead holds until then.
        return !process.isAlive && (weather.provesDeath || wasClockSet)
    }

    // MARK: Running

    /// Runs it to its end.
    func run() {
        prepareGates()
        for run in runs { prepare(run) }
        scheduler.beforeJob = { [unowned self] in disturb() }
        tend()
        let isEnded = scheduler.run { [self] in
            isOver || scheduler.jobCount > Self.mostJobs
                || scheduler.now > weather.calm + Self.mostTime
        }
        if !isEnded || !isOver { for run in runs where !run.isOver { blameGates(for: run) } }
        findings.expect(isEnded, .everyRunEnds, "nothing happens any more, and \(status)")
        findings.expect(!isEnded || isOver, .everyRunEnds, "it goes on for ever, and \(status)")
        for process in processes { process.kill() }
        scheduler.beforeJob = {}
        let isDrained = scheduler.run { [self] in processes.allSatisfy(\.isOver) }
        findings.expect(isDrained, .everyRunEnds, "a killed process does not come to its end")
        for run in runs { check(run) }
    }

    /// What was done on a run's targets before it.
    private func prepare(_ run: SimulatedRun) {
        for target in run.targets {
            for step in run.record.plan.steps where step.unless != nil && happens(150) {
                run.truth.done[target, default: []].insert(step.id)
            }
        }
        scheduler.after(run.begins) { [unowned self] in lead(run) }
    }

    private var isOver: Bool {
        runs.allSatisfy(\.isOver) && processes.allSatisfy(\.isOver)
    }

    private var status: String {
        runs.map { run in
            let leaders = processes.filter { !$0.isOver && $0.run === run }.map { "p\($0.number)" }
            let journal = run.journal
            return "\(run.record.id) is \(journal.fold.state.rawValue) at event "
                + "\(journal.events.count), led by \(leaders), "
                + "\(journal.inbox.count) commands wait"
        }.joined(separator: "; ")
    }

    private func check(_ run: SimulatedRun) {
        let again = RunMachine(record: run.record, events: run.journal.events)
        run.truth.expect(
            again == run.journal.fold, .foldIsLive, "replaying gives another machine")
        guard again.state.isTerminal else { return }
        // The last leader may have been killed between the end and its seal.
        let events = run.journal.events.count
        run.truth.checkEnd(
            again, sealed: run.isLedToItsEnd ? run.sealed : events, events: events)
    }

    private func lead(_ run: SimulatedRun) {
        let count = processes.count { $0.run === run }
        guard count < Self.mostProcesses else {
            return findings.broken(.everyRunEnds, "\(count) leaders, and \(status)")
        }
        let process = SimulatedProcess(processes.count + 1, of: run, in: self)
        processes.append(process)
        process.start()
    }

    /// What befalls processes between two jobs.
    private func disturb() {
        let total = weather.kills + weather.stops + weather.signals
        guard total > 0, !isCalm else { return }
        let lot = number(0...999_999)
        guard lot < total, let process = scheduler.one(of: processes.filter(\.isAlive)) else {
            return
        }
        if lot < weather.kills {
            process.kill()
        } else if lot < weather.kills + weather.stops {
            process.stop(for: Int64(number(100...60_000)))
        } else {
            process.signal()
        }
    }

    /// Undoes what a run has changed, by a run of its own.
    func undo(_ run: SimulatedRun) {
        guard !run.isUndone, let record = run.rollback else { return }
        run.isUndone = true
        let child = SimulatedRun(record, in: self, begins: scheduler.now)
        child.change = run.change
        child.truth.done = run.truth.done
        house.runs.append(child)
        trace.note("\(record.id) undoes \(run.record.id)")
        lead(child)
        if !isTending { tend() }
    }

    /// Every few seconds: what befalls targets, and what people do.
    private func tend() {
        isTending = !runs.allSatisfy(\.isOver)
        guard isTending else { return }
        if !isCalm, let target = scheduler.one(of: targets) {
            if happens(weather.reboots) { fleet.reboot(target) }
            if happens(weather.freezes) { fleet.freeze(target) }
            if happens(weather.partitions) { fleet.partition(target) }
        }
        for run in runs where run.begins < scheduler.now && !run.isOver { tend(run) }
        if !isCalm, let run = scheduler.one(of: runs.filter { $0.isOver && $0.change != nil }),
            happens(run.journal.fold.isToBeUndone ? 400 : 30)
        {
            undo(run)
        }
        scheduler.after(Int64(number(500...6000))) { [unowned self] in tend() }
    }

    private func tend(_ run: SimulatedRun) {
        if run.journal.isOpened { act(on: run) }
        let leaders = processes.filter { $0.isAlive && $0.run === run }
        checkGates(run, led: leaders)
        let isStuck = leaders.allSatisfy(\.isStopped)
        // Nobody leads a run that gates had paused before somebody resumes it.
        let isIdle =
            run.change != nil && run.journal.fold.state == .paused && run.journal.inbox.isEmpty
        if leaders.isEmpty
            ? happens(isIdle ? 100 : isCalm ? 1000 : 600) : isStuck && happens(200)
        {
            lead(run)
        } else if !isCalm, leaders.count == 1, happens(20) {
            // Somebody who doesn't know that it is led, and is refused.
            lead(run)
        }
    }

    /// What people tell a run.
    private func act(on simulated: SimulatedRun) {
        let (run, truth) = (simulated.journal.fold, simulated.truth)
        guard simulated.journal.inbox.count < 5 else { return }
        func say(_ verb: PersonCommand.Verb) {
            trace.note("a person says \(verb.word) to \(simulated.record.id)")
            simulated.journal.post(verb)
        }
        for question in run.questions.keys.sorted() where run.isOpen(question) {
            guard happens(isCalm ? 900 : 250) else { continue }
            let isManual = run.step(question.step)?.action.keyword == "manual"
            say(
                isManual
                    ? .confirm(question.step, note: "done", target: question.target)
                    : .answer(question.step, choice: "yes", target: question.target))
        }
        if let owed = run.owed.first, happens(isCalm ? 700 : 200) {
            say(
                happens(500)
                    ? .pay(owed.target) : .paidByHand(owed.target, note: "by hand"))
        }
        if let open = run.unsettled.first, truth.living[open.target]?.isEmpty != false,
            happens(isCalm ? 900 : 250)
        {
            let isThere = truth.done[open.target]?.contains(open.step) == true
            let isUndoing = run.isRollback && run.targets[open.target]?.isOpeningUnsettled != true
            let isDone = isThere != isUndoing
            say(.settle(open.target, open.step, isDone: isDone, why: "looked"))
        }
        if decideAboutGates(simulated, say) { return }
        if run.isPauseRequested, happens(isCalm ? 900 : 300) {
            // Going on may only bring it to the same stop again.
            say(run.isThresholdReached && happens(400) ? .abort : .resume)
        }
        if run.awaitsPromotion, happens(isCalm ? 900 : 300) { say(.promote) }
        if isCalm, run.state == .waiting, run.areGatesOpen != false, happens(300),
            run.deferrals.keys.sorted().allSatisfy({ house.waitsForGood($0, simulated) })
        {
            // Its group has lost others, which no run mends.
            say(.abort)
        }
        guard !isCalm, happens(weather.commands) else { return }
        switch number(0...12) {
        case 0: say(.abort)
        case 1...4: say(.pause)
        case 5: say(.resume)
        case 6: say(.pay(simulated.targets[0]))
        default: say(.note("seen"))
        }
    }
}

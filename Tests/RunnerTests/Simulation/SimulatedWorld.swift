import Runbooks
import TestSupport

@testable import Runner

/// Everything around the production loop, from one seed: time, targets, journal, trail, people.
///
/// SAFETY: used on the thread that calls `run` alone, as all of its parts.
final class SimulatedWorld: @unchecked Sendable {
    let scheduler: SeededScheduler
    let record: RunRecord
    let truth: GroundTruth
    let journal: JournalModel
    private(set) var weather: Weather
    private(set) lazy var fleet = Fleet(self)
    var trace: Trace
    /// How many events the trail has here, and where it must be too.
    var sealed = 0
    var pushed = 0
    var store: [Digest: [UInt8]] = [:]
    private(set) var processes: [SimulatedProcess] = []
    /// How often each labelled point was passed, and where processes were killed.
    private(set) var passed: [CrashPlace: Int] = [:]
    private(set) var crashed: [CrashPlace] = []
    /// Whether a leader has said that it has led the run to its end.
    var isLedToItsEnd = false

    /// The most jobs, and the most time after the calm began: then a run should have ended.
    private static let mostJobs = 400_000
    private static let mostTime: Int64 = 2 * 3600 * 1000
    private static let mostProcesses = 60

    init(seed: UInt64, isTraced: Bool = false, crash: CrashPlace? = nil) {
        scheduler = SeededScheduler(seed: seed)
        record = RandomPlan.fullFixture(&scheduler.random).record
        weather = Weather(scheduler)
        if let crash { weather.crashes = [crash] }
        scheduler.disorder = weather.disorder
        truth = GroundTruth(record)
        journal = JournalModel(record, truth)
        trace = Trace(isKept: isTraced)
        trace.now = { [unowned scheduler] in scheduler.now }
    }

    var targets: [TargetName] { record.plan.targets.map(\.name) }
    var time: Timestamp { Timestamp(milliseconds: 1_700_000_000_000 + scheduler.now) }
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
        return !process.isAlive && weather.provesDeath
    }

    // MARK: Running

    /// Runs it to its end.
    func run() {
        for target in targets {
            for step in record.plan.steps where step.unless != nil && happens(150) {
                truth.done[target, default: []].insert(step.id)
            }
        }
        scheduler.beforeJob = { [unowned self] in disturb() }
        lead()
        tend()
        let isEnded = scheduler.run { [self] in
            isOver || scheduler.jobCount > Self.mostJobs
                || scheduler.now > weather.calm + Self.mostTime
        }
        truth.expect(isEnded, .everyRunEnds, "nothing happens any more, and \(status)")
        truth.expect(!isEnded || isOver, .everyRunEnds, "it goes on for ever, and \(status)")
        for process in processes { process.kill() }
        scheduler.beforeJob = {}
        let isDrained = scheduler.run { [self] in processes.allSatisfy(\.isOver) }
        truth.expect(isDrained, .everyRunEnds, "a killed process does not come to its end")
        check()
    }

    private var isOver: Bool {
        journal.fold.state.isTerminal && processes.allSatisfy(\.isOver)
    }

    private var status: String {
        let run = journal.fold
        let leaders = processes.filter { !$0.isOver }.map { "p\($0.number)" }
        return "the run is \(run.state.rawValue) at event \(journal.events.count), led by "
            + "\(leaders), \(journal.inbox.count) commands wait"
    }

    private func check() {
        let again = RunMachine(record: record, events: journal.events)
        truth.expect(again == journal.fold, .foldIsLive, "replaying gives another machine")
        guard again.state.isTerminal else { return }
        // The last leader may have been killed between the end and its seal.
        let events = journal.events.count
        truth.checkEnd(again, sealed: isLedToItsEnd ? sealed : events, events: events)
    }

    private func lead() {
        guard processes.count < Self.mostProcesses else {
            return truth.broken(.everyRunEnds, "\(processes.count) leaders, and \(status)")
        }
        let process = SimulatedProcess(processes.count + 1, in: self)
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

    /// Every few seconds: what befalls targets, and what people do.
    private func tend() {
        guard !journal.fold.state.isTerminal else { return }
        if !isCalm, let target = scheduler.one(of: targets) {
            if happens(weather.reboots) { fleet.reboot(target) }
            if happens(weather.freezes) { fleet.freeze(target) }
            if happens(weather.partitions) { fleet.partition(target) }
        }
        if journal.isOpened { act() }
        let leaders = processes.filter(\.isAlive)
        let isStuck = leaders.allSatisfy(\.isStopped)
        if leaders.isEmpty ? happens(isCalm ? 1000 : 600) : isStuck && happens(200) {
            lead()
        } else if !isCalm, leaders.count == 1, happens(20) {
            // Somebody who doesn't know that it is led, and is refused.
            lead()
        }
        scheduler.after(Int64(number(500...6000))) { [unowned self] in tend() }
    }

    /// What people tell the run.
    private func act() {
        let run = journal.fold
        guard journal.inbox.count < 5 else { return }
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
            let isDone = truth.done[open.target]?.contains(open.step) == true
            say(.settle(open.target, open.step, isDone: isDone, why: "looked"))
        }
        if run.isPauseRequested, happens(isCalm ? 900 : 300) { say(.resume) }
        guard !isCalm, happens(weather.commands) else { return }
        switch number(0...12) {
        case 0: say(.abort)
        case 1...4: say(.pause)
        case 5: say(.resume)
        case 6: say(.pay(targets[0]))
        default: say(.note("seen"))
        }
    }

    private func say(_ verb: PersonCommand.Verb) {
        trace.note("a person says \(verb.word)")
        journal.post(verb)
    }
}

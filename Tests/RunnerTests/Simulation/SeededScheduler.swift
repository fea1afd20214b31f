import Runner
import Synchronization
import TestSupport

/// Runs all jobs of a simulation on the calling thread, one after the other.
///
/// Which one is next follows from the seed. Its clock stands still while a job is ready, then goes to the next alarm.
///
/// SAFETY: nothing of it is used on another thread than the one that calls `run`: jobs come from
/// jobs that it runs, through the executors that it gave to their tasks.
final class SeededScheduler: @unchecked Sendable {
    private struct Alarm {
        let due: Int64
        let order: Int
        let ring: () -> Void
    }

    /// Every decision of the simulation takes its numbers from here.
    var random: SeededNumbers
    /// Milliseconds since the simulation began.
    private(set) var now: Int64 = 0
    /// How many jobs have run.
    private(set) var jobCount = 0
    /// Of 100 jobs, how many don't wait for their turn.
    var disorder = 0
    /// Called before each job.
    var beforeJob: () -> Void = {}
    private var ready: [(job: UnownedJob, executor: SeededExecutor)] = []
    private var alarms: [Alarm] = []
    private var alarmCount = 0

    init(seed: UInt64) { random = SeededNumbers(seed: seed) }

    /// A number of the range.
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    /// True so often in a thousand times.
    func happens(_ perMille: Int) -> Bool {
        perMille > 0 && Int.random(in: 0..<1000, using: &random) < perMille
    }

    /// One of several.
    func one<Choices: Collection>(of choices: Choices) -> Choices.Element? {
        choices.randomElement(using: &random)
    }

    fileprivate func take(_ job: UnownedJob, of executor: SeededExecutor) {
        ready.append((job, executor))
    }

    /// Calls the closure once so many milliseconds have passed.
    func after(_ milliseconds: Int64, _ ring: @escaping () -> Void) {
        alarmCount += 1
        alarms.append(Alarm(due: now + max(0, milliseconds), order: alarmCount, ring: ring))
        var child = alarms.count - 1
        while child > 0, isEarlier(child, than: (child - 1) / 2) {
            alarms.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func isEarlier(_ left: Int, than right: Int) -> Bool {
        (alarms[left].due, alarms[left].order) < (alarms[right].due, alarms[right].order)
    }

    private func nextAlarm() -> Alarm? {
        guard let first = alarms.first, let last = alarms.popLast() else { return nil }
        guard !alarms.isEmpty else { return first }
        alarms[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < alarms.count && isEarlier(child, than: least) { least = child }
            guard least != parent else { return first }
            alarms.swapAt(parent, least)
            parent = least
        }
    }

    /// Runs jobs and alarms until something says that it is over.
    ///
    /// - Returns: false when nothing was left to happen before that.
    func run(until isOver: () -> Bool) -> Bool {
        while !isOver() {
            guard !ready.isEmpty else {
                guard let alarm = nextAlarm() else { return false }
                now = alarm.due
                alarm.ring()
                continue
            }
            beforeJob()
            let isInTurn = ready.count == 1 || number(0...99) >= disorder
            let next = ready.remove(at: isInTurn ? 0 : number(0...ready.count - 1))
            if next.executor.isHeld {
                next.executor.held.append(next.job)
                continue
            }
            jobCount += 1
            next.job.runSynchronously(on: next.executor.asUnownedTaskExecutor())
        }
        return true
    }

    /// Waits; ends early, without a word, when its task is cancelled.
    func pause(_ milliseconds: Int64) async {
        let gate = Turnstile()
        after(milliseconds) { gate.open() }
        await gate.wait()
    }

    /// Waits to the end, whether its task is cancelled or not.
    func pauseToTheEnd(_ milliseconds: Int64) async {
        guard milliseconds > 0 else { return }
        await withUnsafeContinuation { continuation in
            after(milliseconds) { continuation.resume() }
        }
    }
}

/// Where the tasks of one simulated process run.
///
/// SAFETY: as the scheduler.
final class SeededExecutor: TaskExecutor, @unchecked Sendable {
    private let scheduler: SeededScheduler
    /// Whether the process was stopped (SIGSTOP): its jobs wait.
    fileprivate(set) var isHeld = false
    fileprivate var held: [UnownedJob] = []

    init(_ scheduler: SeededScheduler) { self.scheduler = scheduler }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isHeld { held.append(job) } else { scheduler.take(job, of: self) }
    }

    /// Lets none of its jobs run.
    func hold() { isHeld = true }

    /// Lets its jobs run again.
    func goOn() {
        isHeld = false
        for job in held { scheduler.take(job, of: self) }
        held = []
    }
}

/// Something that one task waits for; a cancelled task waits no longer.
///
/// SAFETY: as the scheduler.
final class Turnstile: @unchecked Sendable {
    private(set) var isOpen = false
    private var waiting: UnsafeContinuation<Void, Never>?

    /// Lets through who waits, and who comes later.
    func open() {
        isOpen = true
        let woken = waiting
        waiting = nil
        woken?.resume()
    }

    /// Closes it again for who comes later.
    func close() { isOpen = false }

    /// Returns when it is open, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if isOpen || Task.isCancelled {
                    continuation.resume()
                } else {
                    waiting = continuation
                }
            }
        } onCancel: {
            let woken = waiting
            waiting = nil
            woken?.resume()
        }
    }

    /// Returns when it is open, whether the task is cancelled or not.
    func waitToTheEnd() async {
        guard !isOpen else { return }
        await withUnsafeContinuation { waiting = $0 }
    }
}

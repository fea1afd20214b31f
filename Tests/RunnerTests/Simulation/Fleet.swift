import Runbooks

@testable import Runner

/// The targets' side: what runs there goes on whatever becomes of the controller.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class Fleet: @unchecked Sendable {
    /// A script that was begun, and may live.
    final class Copy {
        let key: AttemptKey
        let run: SimulatedRun
        var isLiving = true

        init(_ key: AttemptKey, of run: SimulatedRun) { (self.key, self.run) = (key, run) }
    }

    /// A session: the connection as its controller sees it, and the shell on the target.
    final class Session {
        let proof: String
        let target: TargetName
        let boot: Int
        let owner: SimulatedProcess
        var isConnected = true
        var shellLives = true
        var copy: Copy?
        var call: Call?

        init(_ proof: String, _ target: TargetName, boot: Int, owner: SimulatedProcess) {
            (self.proof, self.target, self.boot, self.owner) = (proof, target, boot, owner)
        }
    }

    /// One `perform` of an executor: what was sent, and what came back.
    final class Call {
        let requests: [AttemptRequest]
        /// What it has claimed on the target, where it is detached.
        var claim: Claim?
        private(set) var reports: [AttemptReport] = []
        var isLost: String?
        /// The controller asked for it to end; for no follower to begin.
        var isCancelled = false
        var isRecalled = false
        /// Whether the target has read what was sent.
        var isRead = false
        /// When the last answer so far arrives: they come in order.
        var lastArrival: Int64 = 0
        let news = Turnstile()

        init(_ requests: [AttemptRequest]) { self.requests = requests }

        /// Asks again, in another session.
        func goOn() {
            isLost = nil
            news.close()
        }

        func put(_ report: AttemptReport) {
            reports.append(report)
            news.open()
        }

        func lose(_ why: String) {
            isLost = isLost ?? why
            news.open()
        }
    }

    struct Machine {
        var boot = 1
        var spool = SpoolModel()
        var downUntil: Int64 = 0
        var frozenUntil: Int64 = 0
        var sessions: [Session] = []
    }

    unowned let world: SimulatedWorld
    var machines: [TargetName: Machine] = [:]
    private var sessionCount = 0

    init(_ world: SimulatedWorld) { self.world = world }

    var scheduler: SeededScheduler { world.scheduler }
    var weather: Weather { world.weather }

    /// Whether something of so many in a thousand befalls now.
    func befalls(_ perMille: Int) -> Bool { !world.isCalm && world.happens(perMille) }

    func boot(of target: TargetName) -> Int { machines[target, default: Machine()].boot }

    /// Does something on a target after a while; a frozen target does it when it has thawed.
    func on(_ target: TargetName, after wait: Int64, _ body: @escaping () -> Void) {
        scheduler.after(wait) { [self] in
            let thaw = machines[target, default: Machine()].frozenUntil
            if thaw > scheduler.now {
                on(target, after: thaw - scheduler.now, body)
            } else {
                body()
            }
        }
    }

    // MARK: Sessions

    /// Whether a target answers to a new connection.
    func answers(_ target: TargetName) -> Bool {
        let machine = machines[target, default: Machine()]
        return machine.downUntil <= scheduler.now && machine.frozenUntil <= scheduler.now
    }

    func open(_ target: TargetName, for owner: SimulatedProcess) -> Session {
        sessionCount += 1
        let boot = boot(of: target)
        let session = Session("s\(sessionCount) 0 b\(boot)", target, boot: boot, owner: owner)
        machines[target, default: Machine()].sessions.append(session)
        return session
    }

    /// Ends what may live of an earlier session; false when something of it is still there.
    func prove(_ proof: String, on target: TargetName, for process: SimulatedProcess) async -> Bool
    {
        let machine = machines[target, default: Machine()]
        guard let session = machine.sessions.first(where: { $0.proof == proof }),
            session.boot == machine.boot
        else { return true }
        cut(session, "another session ended it")
        session.shellLives = false
        guard let copy = session.copy, copy.isLiving else { return true }
        guard !befalls(weather.survivors / 4) else {
            on(target, after: Int64(world.number(5000...40_000))) { self.kill(session) }
            await scheduler.pause(5000)
            return !copy.isLiving
        }
        let killing = Turnstile()
        on(target, after: Int64(world.number(0...5000))) {
            self.kill(session)
            killing.open()
        }
        await killing.wait()
        return !copy.isLiving
    }

    /// The connection is gone, as the controller sees it.
    private func cut(_ session: Session, _ why: String) {
        guard session.isConnected else { return }
        session.isConnected = false
        session.call?.lose(why)
    }

    /// A connection breaks: the controller notices it, and the shell on the target in its own time.
    func lose(_ session: Session, _ why: String) {
        guard session.isConnected else { return }
        world.trace.note("\(session.proof) lost: \(why)")
        cut(session, why)
        // A partition: no end of input comes; what runs goes on until another session ends it.
        guard !befalls(weather.survivors) else { return }
        on(session.target, after: Int64(world.number(0...5000))) { [self] in
            session.shellLives = false
            on(session.target, after: Int64(world.number(0...5000))) { self.kill(session) }
        }
    }

    /// A session that is ended in order.
    func close(_ session: Session) {
        guard session.isConnected else { return }
        session.isConnected = false
        session.shellLives = false
        if session.copy != nil { on(session.target, after: 0) { self.kill(session) } }
    }

    /// A controller's process is gone, and with it all its connections.
    func orphan(_ process: SimulatedProcess) {
        for target in machines.keys.sorted() {
            for session in machines[target]?.sessions ?? [] where session.owner === process {
                lose(session, "its controller is gone")
            }
        }
    }

    /// Kills what runs in a session.
    private func kill(_ session: Session) {
        guard let copy = session.copy, copy.isLiving else { return }
        // Half of what is killed had done its work.
        if case .action(let id) = copy.key.part, world.happens(500) {
            copy.run.truth.done[copy.key.target, default: []].insert(id)
        }
        finish(copy, session, nil)
    }

    private func finish(_ copy: Copy, _ session: Session, _ ending: Ending?) {
        copy.isLiving = false
        session.copy = nil
        world.trace.note("\(copy.key.short) is over: \(ending?.short ?? "killed")")
        copy.run.truth.ended(copy.key, ending)
    }

    // MARK: What befalls targets

    /// The target starts anew: nothing that ran on it lives.
    func reboot(_ target: TargetName) {
        world.trace.note("\(target) reboots")
        machines[target, default: Machine()].boot += 1
        let down = Int64(world.number(2000...40_000))
        machines[target]?.downUntil = scheduler.now + down
        killClaims(on: target)
        // Installed again, or restored: nothing of its spool is left.
        if world.happens(weather.images) { machines[target]?.spool.begin() }
        for session in machines[target]?.sessions ?? [] {
            session.shellLives = false
            kill(session)
            let notice = Int64(world.number(0...15_000))
            scheduler.after(notice) { self.lose(session, "the target was started anew") }
        }
    }

    /// Nothing happens on the target for a while.
    func freeze(_ target: TargetName) {
        let length = Int64(world.number(500...60_000))
        world.trace.note("\(target) freezes for \(length)")
        machines[target, default: Machine()].frozenUntil = scheduler.now + length
        guard length > 15_000 else { return }
        scheduler.after(15_000) { [self] in
            for session in machines[target]?.sessions ?? [] where session.boot == boot(of: target) {
                lose(session, "no sign of life for 15 s")
            }
        }
    }

    /// The target can't be reached for a while, and what runs there doesn't know.
    func partition(_ target: TargetName) {
        let length = Int64(world.number(500...60_000))
        world.trace.note("\(target) is cut off for \(length)")
        machines[target, default: Machine()].downUntil = scheduler.now + length
        let notice = Int64(world.number(0...15_000))
        guard length > notice else { return }
        scheduler.after(notice) { [self] in
            for session in machines[target]?.sessions ?? [] where session.isConnected {
                world.trace.note("\(session.proof) cut off")
                cut(session, "no answer")
            }
        }
    }

    // MARK: Attempts

    /// Sends an attempt and its followers into a session.
    func send(_ call: Call, in session: Session) {
        session.call = call
        guard session.isConnected else { return call.lose("the connection was gone") }
        if befalls(weather.lossesBefore) { return lose(session, "it broke before the start") }
        on(session.target, after: Int64(world.number(0...40))) {
            self.begin(call, 0, in: session)
        }
    }

    /// Asks for the end of a call that was sent; its followers don't begin any more.
    func cancel(_ call: Call, in session: Session) {
        if let claim = call.claim { return end(claim, in: session) }
        on(session.target, after: Int64(world.number(0...40))) { [self] in
            guard session.shellLives, session.isConnected, session.call === call else { return }
            // It comes after what was sent before it.
            guard call.isRead else { return cancel(call, in: session) }
            call.isRecalled = true
            guard let copy = session.copy else { return }
            on(session.target, after: Int64(world.number(0...5000))) { [self] in
                guard copy.isLiving, let index = call.index(of: copy.key) else { return }
                finish(copy, session, .cancelled)
                reply(call, index, AttemptReport(ending: .cancelled), from: session)
            }
        }
    }

    /// Asks for no follower to begin any more.
    func recall(_ call: Call, in session: Session) {
        on(session.target, after: Int64(world.number(0...40))) {
            if session.shellLives, session.isConnected { call.isRecalled = true }
        }
    }

    private func begin(_ call: Call, _ index: Int, in session: Session) {
        guard session.shellLives, session.boot == boot(of: session.target) else { return }
        call.isRead = true
        let request = call.requests[index]
        let (key, run) = (request.key, session.owner.run)
        let script = world.script(for: request, of: run)
        if case .notStarted = script.report.ending {
            return reply(call, index, script.report, from: session)
        }
        let copy = Copy(key, of: run)
        session.copy = copy
        world.trace.note("\(key.short) begins in \(session.proof)")
        begins(copy, in: session, telling: script.report.outputs)
        let limit = request.timeout.inMilliseconds
        let isLate = script.milliseconds > limit
        let report = isLate ? AttemptReport(ending: .timedOut) : script.report
        on(session.target, after: isLate ? limit + 1500 : script.milliseconds) { [self] in
            guard copy.isLiving else { return }
            finish(copy, session, report.ending)
            reply(call, index, report, from: session)
        }
        if befalls(weather.lossesAfter) {
            scheduler.after(Int64(world.number(0...weather.lossesWithin))) {
                if session.call === call { self.lose(session, "it broke after the start") }
            }
        }
    }

    /// Tells the truth that something begins.
    func begins(_ copy: Copy, in session: Session, telling outputs: [UInt8]) {
        let run = copy.run
        world.house.started(copy.key, of: run.record)
        run.truth.started(
            copy.key, session: session.proof, sealed: run.sealed,
            pushed: weather.needsRemote ? run.pushed : nil, at: scheduler.now,
            outputs: outputs)
    }

    /// Sends a report, and begins or gives up what follows.
    private func reply(
        _ call: Call, _ index: Int, _ report: AttemptReport, from session: Session
    ) {
        var wait = Int64(world.number(0...40))
        if befalls(weather.lateAnswers) { wait += Int64(world.number(0...20_000)) }
        answer(call, report, after: wait, from: session)
        guard index + 1 < call.requests.count else { return }
        if report.ending == .exited(0), !call.isRecalled {
            return begin(call, index + 1, in: session)
        }
        let why = report.ending == .exited(0) ? Ending.recalled : .afterBadEnd
        for _ in (index + 1)..<call.requests.count {
            answer(call, AttemptReport(ending: why), after: wait, from: session)
        }
    }

    func answer(
        _ call: Call, _ report: AttemptReport, after wait: Int64, from session: Session
    ) {
        call.lastArrival = max(call.lastArrival, scheduler.now + wait)
        scheduler.after(call.lastArrival - scheduler.now) {
            if session.isConnected { call.put(report) }
        }
    }
}

extension Fleet.Call {
    func index(of key: AttemptKey) -> Int? { requests.firstIndex { $0.key == key } }
}

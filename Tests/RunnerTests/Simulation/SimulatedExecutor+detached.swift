import Runbooks

@testable import Runner

/// Following an attempt that outlives its session, as `DetachedAttempt` does it.
struct DetachedFollowing {
    let executor: SimulatedExecutor
    let call: Fleet.Call
    let request: AttemptRequest
    let detachment: Detachment
    private var mayHaveStarted: Bool
    private var known: KnownSpool?
    private var lostSince: Int64?

    init?(_ executor: SimulatedExecutor, _ call: Fleet.Call, _ request: AttemptRequest) {
        guard let detachment = request.detachment else { return nil }
        (self.executor, self.call, self.request) = (executor, call, request)
        self.detachment = detachment
        mayHaveStarted = detachment.isRecovery
        known = detachment.knownSpool
    }

    private var world: SimulatedWorld { executor.world }
    private var fleet: Fleet { world.fleet }
    private var target: TargetName { request.key.target }
    private static let abandoned = AttemptReport(ending: .unknown("nobody follows it any more"))

    mutating func report() async -> AttemptReport {
        while true {
            let earlier = request.previousSessions
            let ready = await executor.ready(
                call, target, earlier, heedsCancel: !mayHaveStarted, isProving: !mayHaveStarted)
            guard !Task.isCancelled, executor.process.isAlive else { return Self.abandoned }
            switch ready {
            case .failure(let refusal):
                guard mayHaveStarted else { return AttemptReport(ending: refusal.ending) }
                let since = lostSince ?? world.scheduler.now
                lostSince = since
                let patience = request.timeout.inMilliseconds + 600_000
                guard world.scheduler.now - since < (call.isCancelled ? 15_000 : patience) else {
                    return AttemptReport(ending: .unknown("it can't be asked"))
                }
                await world.scheduler.pause(1000)
            case .success(let session):
                await executor.process.waitUntilRecorded(session.proof)
                await world.scheduler.pause(Int64(world.number(1...60)))
                guard !Task.isCancelled, executor.process.isAlive else { return Self.abandoned }
                guard session.isConnected else {
                    if !mayHaveStarted { return AttemptReport(ending: .unreachable("it broke")) }
                    lostSince = lostSince ?? world.scheduler.now
                    await world.scheduler.pause(200)
                    continue
                }
                if let report = await pursue(session) { return report }
            }
        }
    }

    /// Asks the target, and starts it where it is proved that nothing was; nil to ask again.
    private mutating func pursue(_ session: Fleet.Session) async -> AttemptReport? {
        let spool = fleet.openSpool(
            target, executor.process.run, isNew: !(mayHaveStarted && known != nil))
        if let known, known.id != spool.id {
            return AttemptReport(
                ending: mayHaveStarted ? .unknown("a new spool") : .notStarted("a new spool"))
        }
        if spool.run == .open { await executor.note(spool.id, on: target, in: session) }
        guard !Task.isCancelled, executor.process.isAlive else { return Self.abandoned }
        guard mayHaveStarted else { return await start(session, spool.id, spool.run) }
        guard session.isConnected else { return nil }
        lostSince = nil
        guard let claim = fleet.claim(detachment.claim, on: target, executor.process.run) else {
            guard known == nil || known?.bootID == "b\(session.boot)",
                spool.run == .open
            else { return AttemptReport(ending: .unknown("no trace of it")) }
            guard detachment.mayStart, !call.isCancelled else {
                guard fleet.void(detachment.claim, request.key, executor.process.run) else {
                    return nil
                }
                return AttemptReport(ending: .heldBack("it had not been begun"))
            }
            mayHaveStarted = false
            return nil
        }
        switch claim.state {
        case .void: return AttemptReport(ending: .heldBack("it had not been begun"))
        case .claimed:
            guard fleet.void(detachment.claim, request.key, executor.process.run) else {
                return nil
            }
            return AttemptReport(ending: .heldBack("it had not been begun"))
        case .lost: return AttemptReport(ending: .unknown("the target was started anew"))
        case .running, .done: return await follow(claim, session)
        }
    }

    private mutating func start(
        _ session: Fleet.Session, _ spoolID: String, _ run: SpoolModel.Run
    ) async -> AttemptReport? {
        guard !call.isCancelled else {
            return AttemptReport(ending: .heldBack("it was to end before"))
        }
        guard run == .open else { return AttemptReport(ending: .notStarted("cleaned up")) }
        guard executor.isPassed(.start, .before) else { return Self.abandoned }
        known = KnownSpool(id: spoolID, bootID: "b\(session.boot)")
        mayHaveStarted = true
        if fleet.befalls(world.weather.lossesBefore) {
            fleet.lose(session, "it broke before the start")
            return nil
        }
        let answer = fleet.detach(request, detachment.claim, in: session)
        guard executor.isPassed(.start, .after) else { return Self.abandoned }
        switch answer {
        case .begun(let claim): return await follow(claim, session)
        case .taken, .lost:
            await world.scheduler.pause(200)
            return nil
        case .refused(let report):
            mayHaveStarted = false
            return report
        case .busy(let other):
            mayHaveStarted = false
            fleet.end(other, in: session)
            await world.scheduler.pause(5100)
            if case .running = other.state {
                return AttemptReport(ending: .notStarted("an earlier attempt still runs"))
            }
            return nil
        }
    }

    private func follow(_ claim: Fleet.Claim, _ session: Fleet.Session) async -> AttemptReport? {
        call.claim = claim
        call.goOn()
        fleet.await(claim, for: call, in: session)
        if call.isCancelled { fleet.end(claim, in: session) }
        while true {
            if let report = call.reports.first { return report }
            if call.isLost != nil { return nil }
            if case .lost = claim.state { return nil }
            guard !Task.isCancelled, executor.process.isAlive else { return Self.abandoned }
            call.news.close()
            await call.news.wait()
        }
    }
}

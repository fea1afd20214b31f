import Runbooks

@testable import Runner

/// One process's executor: its sessions, and the attempts that it follows, as the port says.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class SimulatedExecutor: Executor, @unchecked Sendable {
    private struct Line {
        var session: Fleet.Session?
        var unproved: [String] = []
        var settled: Set<String> = []
        var call: Fleet.Call?
        var spool: KnownSpool?
    }

    unowned let process: SimulatedProcess
    private var lines: [TargetName: Line] = [:]
    private var isShutDown = false

    init(_ process: SimulatedProcess) { self.process = process }

    var world: SimulatedWorld { process.world }
    private var fleet: Fleet { world.fleet }

    func perform(_ request: AttemptRequest) async -> AttemptReport {
        // Members of a group are asked so, and health checks.
        let target = request.key.target
        let gone = AttemptReport(ending: .unknown("nobody follows it any more"))
        guard isPassed(.askPeer, .before) else { return gone }
        await world.scheduler.pause(Int64(world.number(10...4000)))
        guard isPassed(.askPeer, .after), !Task.isCancelled else { return gone }
        guard fleet.answers(target), world.isCalm || !world.happens(world.weather.refusals) else {
            return AttemptReport(ending: .unreachable("no answer"))
        }
        let isWell = world.happens(600)
        world.trace.note("\(target) says that it is \(isWell ? "" : "not ")well")
        if isWell, HandDrive.text(of: request.action) == "well" { world.house.well.insert(target) }
        return AttemptReport(ending: .exited(isWell ? 0 : 1))
    }

    func perform(
        _ request: AttemptRequest,
        report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async {
        let target = request.key.target
        noteUse(of: target, request)
        let call = Fleet.Call([request] + request.followers)
        lines[target, default: Line()].call = call
        if var detached = DetachedFollowing(self, call, request) {
            let end = await detached.report()
            await tell(request.key, end, report)
            if lines[target]?.call === call { lines[target]?.call = nil }
            return
        }
        let refusal = await send(call, request)
        for (index, request) in call.requests.enumerated() {
            let next: AttemptReport
            if let refusal {
                next = AttemptReport(ending: index == 0 ? refusal : .afterBadEnd)
            } else {
                next = await follow(call, index)
            }
            guard await tell(request.key, next, report) else { break }
        }
        if lines[target]?.call === call { lines[target]?.call = nil }
    }

    /// Reports an end, sometimes twice; false when the process was killed.
    @discardableResult
    private func tell(
        _ key: AttemptKey, _ end: AttemptReport,
        _ report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async -> Bool {
        guard isPassed(.report, .before) else { return false }
        await report(key, end)
        guard isPassed(.report, .after) else { return false }
        if !world.isCalm, world.happens(world.weather.repeats) { await report(key, end) }
        return true
    }

    /// Tells that the run was opened on a target's spool, and waits until that is recorded.
    func note(_ spoolID: String, on target: TargetName, in session: Fleet.Session) async {
        let new = KnownSpool(id: spoolID, bootID: "b\(session.boot)")
        guard lines[target]?.spool != new else { return }
        lines[target]?.spool = new
        let text = SessionIdentity(proof: session.proof, spoolID: spoolID).text
        guard isPassed(.sessionOpened, .before) else { return }
        process.loop?.tell(.sessionOpened(target, text))
        await process.waitUntilRecorded(text)
    }

    /// That the loop uses its port as the port says.
    private func noteUse(of target: TargetName, _ request: AttemptRequest) {
        guard process.isAlive else { return }
        world.trace.note("p\(process.number) performs \(request.key.short)")
        process.run.truth.expect(
            lines[target]?.call == nil, .portIsUsed, "two attempts at once on \(target)")
        process.run.truth.expect(
            !isShutDown, .portIsUsed, "\(request.key.short) after the shutdown")
        process.run.truth.checkGates(before: request, by: process)
        if request.detachment?.isRecovery == true {
            process.run.truth.expect(
                process.run.sealed >= process.ledFrom, .sealedFirst,
                "\(request.key.short) is asked about before \(process.ledFrom) events are sealed")
        }
        if let lost = process.leaseLostAt, lost < world.scheduler.now {
            process.run.truth.broken(
                .leaseLossStops, "\(request.key.short) is asked for after the lease was lost")
        }
    }

    func isPassed(_ point: CrashPoint, _ side: CrashPoint.Side) -> Bool {
        do {
            try process.passes(point, side)
            return true
        } catch {
            return false
        }
    }

    /// Gets a session in which the attempt may start, and sends it; why it wasn't, otherwise.
    private func send(_ call: Fleet.Call, _ request: AttemptRequest) async -> Ending? {
        let gone = Ending.unknown("nobody follows it any more")
        guard isPassed(.connect, .before) else { return gone }
        let target = request.key.target
        let session: Fleet.Session
        switch await ready(call, target, request.previousSessions) {
        case .failure(let refusal): return refusal.ending
        case .success(let open): session = open
        }
        guard isPassed(.connect, .after) else { return gone }
        await process.waitUntilRecorded(session.proof)
        guard !Task.isCancelled, isPassed(.start, .before) else { return gone }
        guard !call.isCancelled else { return .cancelled }
        fleet.send(call, in: session)
        return isPassed(.start, .after) ? nil : gone
    }

    struct Refusal: Error { let ending: Ending }

    func ready(
        _ call: Fleet.Call, _ target: TargetName, _ earlier: [String], heedsCancel: Bool = true,
        isProving: Bool = true
    ) async -> Result<Fleet.Session, Refusal> {
        var line = lines[target, default: Line()]
        line.unproved += earlier.filter {
            !line.settled.contains($0) && !line.unproved.contains($0)
        }
        if let session = line.session, !session.isConnected {
            line.unproved.append(session.proof)
            line.session = nil
        }
        lines[target] = line
        if line.session == nil {
            await world.scheduler.pause(Int64(world.number(10...300)))
            guard !Task.isCancelled else { return refused(.unknown("nobody waits for it")) }
            guard !call.isCancelled || !heedsCancel else { return refused(.cancelled) }
            guard fleet.answers(target) else {
                await world.scheduler.pause(Int64(world.number(100...10_000)))
                return refused(.unreachable("no answer"))
            }
            if !world.isCalm, world.happens(world.weather.refusals) {
                return refused(.unreachable("refused"))
            }
            let session = fleet.open(target, for: process)
            lines[target]?.session = session
            guard isPassed(.sessionOpened, .before) else { return refused(.unknown("gone")) }
            process.loop?.tell(.sessionOpened(target, session.proof))
            guard isPassed(.sessionOpened, .after) else { return refused(.unknown("gone")) }
        }
        while isProving, let proof = lines[target]?.unproved.first {
            let isGone = await fleet.prove(proof, on: target, for: process)
            guard !Task.isCancelled else { return refused(.unknown("nobody waits for it")) }
            guard isGone else { return refused(.notStarted("\(proof) may still run something")) }
            lines[target]?.settled.insert(proof)
            lines[target]?.unproved.removeAll { $0 == proof }
        }
        guard let session = lines[target]?.session else { return refused(.unknown("gone")) }
        return .success(session)
    }

    private func refused(_ ending: Ending) -> Result<Fleet.Session, Refusal> {
        .failure(Refusal(ending: ending))
    }

    /// The report of one of the attempts that were sent, once it is known.
    private func follow(_ call: Fleet.Call, _ index: Int) async -> AttemptReport {
        while true {
            if index < call.reports.count { return call.reports[index] }
            if let why = call.isLost { return AttemptReport(ending: .unknown(why)) }
            guard !Task.isCancelled else {
                return AttemptReport(ending: .unknown("nobody follows it any more"))
            }
            call.news.close()
            await call.news.wait()
        }
    }

    func recall(_ target: TargetName) async {
        guard isPassed(.recall, .before) else { return }
        if let call = lines[target]?.call, let session = lines[target]?.session {
            fleet.recall(call, in: session)
        }
        _ = isPassed(.recall, .after)
    }

    func cancel(_ target: TargetName) async {
        guard isPassed(.cancel, .before) else { return }
        if let call = lines[target]?.call {
            call.isCancelled = true
            if let session = lines[target]?.session { fleet.cancel(call, in: session) }
        }
        _ = isPassed(.cancel, .after)
    }

    func close(_ target: TargetName) async {
        guard isPassed(.close, .before) else { return }
        if let session = lines[target]?.session { fleet.close(session) }
        lines[target]?.session = nil
        _ = isPassed(.close, .after)
    }

    func clean(_ target: TargetName) async {
        guard isPassed(.clean, .before) else { return }
        if let session = lines[target]?.session, session.isConnected, lines[target]?.spool != nil {
            fleet.clean(target, process.run)
        }
        _ = isPassed(.clean, .after)
    }

    func shutDown() async {
        guard isPassed(.shutDown, .before) else { return }
        isShutDown = true
        for target in lines.keys.sorted() {
            if let session = lines[target]?.session { fleet.close(session) }
        }
        _ = isPassed(.shutDown, .after)
    }
}

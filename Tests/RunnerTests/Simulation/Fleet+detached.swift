import Runbooks

@testable import Runner

/// A target's spool: for each run whether it was opened or cleaned up, and what was claimed.
struct SpoolModel {
    enum Run { case unopened, open, closed }

    struct Part {
        var run = Run.unopened
        var claims: [String: Fleet.Claim] = [:]
    }

    private(set) var number = 1
    var parts: [String: Part] = [:]

    var id: String { "spool\(number)" }

    /// Another spool, in the place of this one.
    mutating func begin() {
        number += 1
        parts = [:]
    }
}

/// Attempts that outlive sessions and leaders (docs/detached-steps.md): claimed, supervised, spooled.
extension Fleet {
    /// One claim, which stays; what it is about goes on whatever becomes of its session.
    final class Claim {
        enum State {
            case claimed
            case void
            case running(Copy)
            case done(AttemptReport)
            case lost
        }

        let key: AttemptKey
        let run: SimulatedRun
        var state = State.claimed
        /// Who waits for its end, each with the session to tell it in: of several leaders, each of
        /// which may believe that it leads, none hides the end from another.
        var watchers: [(call: Call, session: Session)] = []

        init(_ key: AttemptKey, of run: SimulatedRun) { (self.key, self.run) = (key, run) }
    }

    /// What a start was answered with, when it began nothing.
    enum Detaching {
        case begun(Claim)
        case taken
        case refused(AttemptReport)
        /// An earlier attempt of the step lives.
        case busy(Claim)
        case lost
    }

    /// Opens the run on the target's spool, or looks whether it is open there.
    func openSpool(
        _ target: TargetName, _ run: SimulatedRun, isNew: Bool
    ) -> (id: String, run: SpoolModel.Run) {
        let spool = machines[target, default: Machine()].spool
        let state = spool.parts[run.token]?.run ?? .unopened
        guard isNew, state == .unopened else { return (spool.id, state) }
        machines[target, default: Machine()].spool.parts[run.token, default: .init()].run = .open
        return (spool.id, .open)
    }

    func claim(_ name: String, on target: TargetName, _ run: SimulatedRun) -> Claim? {
        machines[target]?.spool.parts[run.token]?.claims[name]
    }

    private func put(_ claim: Claim, _ name: String) {
        machines[claim.key.target, default: Machine()].spool
            .parts[claim.run.token, default: .init()].claims[name] = claim
    }

    /// Claims an attempt and starts it, in one go on the target.
    func detach(
        _ request: AttemptRequest, _ name: String, in session: Session
    ) -> Detaching {
        let (target, run) = (request.key.target, session.owner.run)
        guard session.shellLives, session.isConnected, session.boot == boot(of: target),
            let part = machines[target]?.spool.parts[run.token], part.run == .open
        else { return .lost }
        if part.claims[name] != nil { return .taken }
        for claim in part.claims.values where claim.key.part == request.key.part {
            if case .running = claim.state { return .busy(claim) }
        }
        let script = world.script(for: request, of: run)
        if case .notStarted = script.report.ending { return .refused(script.report) }
        let claim = Claim(request.key, of: run)
        put(claim, name)
        let copy = Copy(request.key, of: run)
        claim.state = .running(copy)
        world.trace.note("\(request.key.short) begins, detached by \(session.proof)")
        begins(copy, in: session, telling: script.report.outputs)
        let limit = request.timeout.inMilliseconds
        let isLate = script.milliseconds > limit
        on(target, after: isLate ? limit + 1500 : script.milliseconds) { [self] in
            finish(claim, isLate ? AttemptReport(ending: .timedOut) : script.report)
        }
        if befalls(weather.lossesAfter) {
            scheduler.after(Int64(world.number(0...weather.lossesWithin))) {
                self.lose(session, "it broke after the start")
            }
        }
        return .begun(claim)
    }

    /// Waits on the target for a claim's end, which is told in the session.
    func await(_ claim: Claim, for call: Call, in session: Session) {
        session.call = call
        claim.watchers.removeAll { $0.call === call }
        claim.watchers.append((call, session))
        guard session.isConnected else { return call.lose("the connection was gone") }
        if case .done(let report) = claim.state {
            answer(call, report, after: Int64(world.number(0...40)), from: session)
        }
    }

    private func finish(_ claim: Claim, _ report: AttemptReport) {
        guard case .running(let copy) = claim.state, copy.isLiving else { return }
        copy.isLiving = false
        claim.state = .done(report)
        world.trace.note("\(claim.key.short) is over: \(report.ending.short)")
        claim.run.truth.ended(claim.key, report.ending)
        for (call, session) in claim.watchers {
            var wait = Int64(world.number(0...40))
            if befalls(weather.lateAnswers) { wait += Int64(world.number(0...20_000)) }
            answer(call, report, after: wait, from: session)
        }
    }

    /// Asks for a claim's end: TERM, a grace, KILL.
    func end(_ claim: Claim, in session: Session) {
        on(session.target, after: Int64(world.number(0...40))) { [self] in
            guard session.shellLives, session.isConnected else { return }
            on(session.target, after: Int64(world.number(0...5000))) {
                self.finish(claim, AttemptReport(ending: .cancelled))
            }
        }
    }

    /// Kills what was detached on a target that is started anew.
    func killClaims(on target: TargetName) {
        let parts = (machines[target]?.spool.parts ?? [:]).sorted { $0.key < $1.key }
        for (_, claim) in parts.flatMap({ $0.value.claims.sorted { $0.key < $1.key } }) {
            guard case .running(let copy) = claim.state else { continue }
            copy.isLiving = false
            claim.state = .lost
            if world.happens(500), case .action(let id) = claim.key.part {
                claim.run.truth.done[target, default: []].insert(id)
            }
            world.trace.note("\(claim.key.short) is over: killed")
            claim.run.truth.ended(claim.key, nil)
        }
    }

    /// Makes a claim that nothing was started of void for good.
    func void(_ name: String, _ key: AttemptKey, _ run: SimulatedRun) -> Bool {
        let claim = claim(name, on: key.target, run) ?? Claim(key, of: run)
        put(claim, name)
        switch claim.state {
        case .claimed, .void:
            claim.state = .void
            return true
        case .running, .done, .lost: return false
        }
    }

    /// Removes what the run keeps on a target, unless something of it lives.
    func clean(_ target: TargetName, _ run: SimulatedRun) {
        let claims = machines[target]?.spool.parts[run.token]?.claims ?? [:]
        for claim in claims.values { if case .running = claim.state { return } }
        run.truth.cleaned(target, sealed: run.sealed)
        machines[target]?.spool.parts[run.token] = SpoolModel.Part(run: .closed)
    }
}

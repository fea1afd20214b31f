import Runbooks

@testable import Runner

/// A target's spool: what was claimed there, and whether the run was opened or cleaned up.
struct SpoolModel {
    enum Run { case unopened, open, closed }

    private(set) var number = 1
    var run = Run.unopened
    var claims: [String: Fleet.Claim] = [:]

    var id: String { "spool\(number)" }

    /// Another spool, in the place of this one.
    mutating func begin() {
        number += 1
        (run, claims) = (.unopened, [:])
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
        var state = State.claimed
        /// Who waits for its end, with the session to tell it in.
        var watcher: (call: Call, session: Session)?

        init(_ key: AttemptKey) { self.key = key }
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
    func openSpool(_ target: TargetName, isNew: Bool) -> (id: String, run: SpoolModel.Run) {
        if isNew, machines[target, default: Machine()].spool.run == .unopened {
            machines[target]?.spool.run = .open
        }
        let spool = machines[target, default: Machine()].spool
        return (spool.id, spool.run)
    }

    func claim(_ name: String, on target: TargetName) -> Claim? {
        machines[target]?.spool.claims[name]
    }

    /// Claims an attempt and starts it, in one go on the target.
    func detach(
        _ request: AttemptRequest, _ name: String, in session: Session
    ) -> Detaching {
        let target = request.key.target
        guard session.shellLives, session.isConnected, session.boot == boot(of: target),
            machines[target]?.spool.run == .open
        else { return .lost }
        if claim(name, on: target) != nil { return .taken }
        for claim in (machines[target]?.spool.claims ?? [:]).values
        where claim.key.part == request.key.part {
            if case .running = claim.state { return .busy(claim) }
        }
        let script = world.script(for: request)
        if case .notStarted = script.report.ending { return .refused(script.report) }
        let claim = Claim(request.key)
        machines[target]?.spool.claims[name] = claim
        let copy = Copy(request.key)
        claim.state = .running(copy)
        world.trace.note("\(request.key.short) begins, detached by \(session.proof)")
        world.truth.started(
            request.key, session: session.proof, sealed: world.sealed,
            pushed: weather.needsRemote ? world.pushed : nil, at: scheduler.now)
        let limit = request.timeout.inMilliseconds
        let isLate = script.milliseconds > limit
        on(target, after: isLate ? limit + 1500 : script.milliseconds) { [self] in
            finish(claim, isLate ? AttemptReport(ending: .timedOut) : script.report)
        }
        if befalls(weather.lossesAfter) {
            scheduler.after(Int64(world.number(0...20_000))) {
                self.lose(session, "it broke after the start")
            }
        }
        return .begun(claim)
    }

    /// Waits on the target for a claim's end, which is told in the session.
    func await(_ claim: Claim, for call: Call, in session: Session) {
        (session.call, claim.watcher) = (call, (call, session))
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
        world.truth.ended(claim.key, report.ending)
        guard let (call, session) = claim.watcher else { return }
        var wait = Int64(world.number(0...40))
        if befalls(weather.lateAnswers) { wait += Int64(world.number(0...20_000)) }
        answer(call, report, after: wait, from: session)
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
        for name in (machines[target]?.spool.claims ?? [:]).keys.sorted() {
            guard let claim = claim(name, on: target), case .running(let copy) = claim.state
            else { continue }
            copy.isLiving = false
            claim.state = .lost
            if world.happens(500), case .action(let id) = claim.key.part {
                world.truth.done[target, default: []].insert(id)
            }
            world.trace.note("\(claim.key.short) is over: killed")
            world.truth.ended(claim.key, nil)
        }
    }

    /// Makes a claim that nothing was started of void for good.
    func void(_ name: String, _ key: AttemptKey, on target: TargetName) -> Bool {
        let claim = claim(name, on: target) ?? Claim(key)
        machines[target]?.spool.claims[name] = claim
        switch claim.state {
        case .claimed, .void:
            claim.state = .void
            return true
        case .running, .done, .lost: return false
        }
    }

    /// Removes what the run keeps on a target, unless something of it lives.
    func clean(_ target: TargetName) {
        let claims = machines[target]?.spool.claims ?? [:]
        for claim in claims.values { if case .running = claim.state { return } }
        world.truth.cleaned(target, sealed: world.sealed)
        machines[target]?.spool.claims = [:]
        machines[target]?.spool.run = .closed
    }
}

import Runbooks

@testable import Runner

/// What befalls changes, the people and the clock before it becomes calm, and how it is mended.
extension SimulatedWorld {
    /// Prepares the changes of all runs that gates bind.
    func prepareGates() {
        for run in runs where run.record.gating != nil {
            let change = SimulatedChange(run.record, ChangeScenery(run.record, in: self), in: self)
            run.change = change
            approveAtFirst(change)
            change.isShutForGood = happens(150)
            trouble(change)
            scheduler.after(weather.calm) { [unowned self] in mend(change) }
        }
        guard runs.contains(where: { $0.change != nil }), happens(weather.clockJumps) else {
            return
        }
        let times = number(1...3)
        for _ in 0..<times {
            let steps = [3_600_000, 86_400_000, Int64(number(1000...20_000))]
            let step = (scheduler.one(of: steps) ?? 0) * (happens(500) ? 1 : -1)
            during { [unowned self] in
                setClock(step)
            } end: { [unowned self] in
                setClock(0)
            }
        }
        scheduler.after(weather.calm) { [unowned self] in setClock(0) }
    }

    private func setClock(_ offset: Int64) {
        guard clockOffset != offset else { return }
        clockOffset = offset
        trace.note("the clock is set to \(offset)")
    }

    /// Does something before the calm, and takes it back some time later.
    private func during(_ begin: @escaping () -> Void, end: @escaping () -> Void) {
        let from = Int64(number(0...Int(weather.calm)))
        let length = Int64(number(500...40_000))
        guard from < weather.calm else { return }
        scheduler.after(from, begin)
        scheduler.after(min(weather.calm, from + length), end)
    }

    private func approveAtFirst(_ change: SimulatedChange) {
        guard change.record.change != nil else { return }
        let start = time.milliseconds
        for (index, person) in ["bea", "cy"].enumerated() {
            let isLate = happens(120)
            let expires = start + (isLate ? Int64(number(-5000...60_000)) : 20 * 86_400_000)
            let flaw = happens(80) ? scheduler.one(of: ApprovalFlaw.allCases) : nil
            change.approve(
                person, expires: expires, flaw: index == 0 && flaw == .nonce ? .plan : flaw)
        }
        // Who starts it, or has a part in it, counts for nothing.
        if happens(200), let person = scheduler.one(of: ["ann", "lea", SimulatedChange.requester]) {
            change.approve(person, expires: start + 86_400_000)
        }
    }

    private func trouble(_ change: SimulatedChange) {
        func mayBe(_ body: () -> Void) { if happens(weather.gateTroubles) { body() } }
        mayBe { during({ change.hold() }, end: { change.unhold() }) }
        mayBe {
            during({ change.truth.canAskDesk = false }, end: { change.truth.canAskDesk = true })
        }
        mayBe {
            during(
                { change.truth.canReadLibrary = false }, end: { change.truth.canReadLibrary = true }
            )
        }
        mayBe {
            during(
                { change.truth.canReadCalendars = false },
                end: { change.truth.canReadCalendars = true })
        }
        mayBe {
            during({ change.truth.canReadTrust = false }, end: { change.truth.canReadTrust = true })
        }
        mayBe { during({ change.truth.isInScope = false }, end: { change.truth.isInScope = true }) }
        if let target = scheduler.one(of: change.record.plan.targets.map(\.name)) {
            mayBe {
                during(
                    { change.truth.relabelled.insert(target) },
                    end: { change.truth.relabelled.remove(target) })
            }
            mayBe {
                during(
                    { change.truth.moved.insert(target) },
                    end: { change.truth.moved.remove(target) })
            }
            mayBe {
                during(
                    { change.truth.gone.insert(target) },
                    end: { change.truth.gone.remove(target) })
            }
        }
        mayBe {
            during(
                { change.revoke("bea") },
                end: { [unowned self] in approveAnew(change, by: "dan") })
        }
        mayBe {
            during({ change.truth.board.remove("cy") }, end: { change.truth.board.insert("cy") })
        }
        mayBe {
            guard change.hasTrust else { return }
            during({ change.truth.hasRole = false }, end: { change.truth.hasRole = true })
        }
        mayBe {
            guard change.hasTrust else { return }
            change.truth.roleEnds = time.milliseconds + Int64(number(0...Int(weather.calm)))
        }
        mayBe { during({ change.move(to: .review) }, end: { change.move(to: .implementing) }) }
        mayBe { during({ change.move(to: .cancelled) }, end: {}) }
        mayBe {
            let start = time.milliseconds + Int64(number(0...Int(weather.calm)))
            during({ change.add(.init(start: start, end: start + 60_000)) }, end: {})
        }
    }

    private func approveAnew(_ change: SimulatedChange, by person: String) {
        guard change.record.change != nil else { return }
        change.approve(person, expires: time.milliseconds + 20 * 86_400_000)
    }

    /// Mends all that people can; what is shut for good stays so.
    private func mend(_ change: SimulatedChange) {
        guard !change.isShutForGood else {
            change.truth.isInScope = false
            return
        }
        // First: who plans by a clock that is wrong gives it a time that is not to come for long.
        setClock(0)
        change.truth.roleEnds = nil
        change.unhold()
        change.truth.board.formUnion(["cy", "dan", "eve"])
        for person in ["dan", "eve"] { approveAnew(change, by: person) }
        let begin = time.milliseconds + Int64(number(0...30_000))
        change.add(.init(start: begin, end: begin + 14_400_000))
    }
}

import Runbooks

/// Asking members of a protected group, whose last run ended badly there, whether they are well.
extension RunMachine {
    /// Asks those that are in the way of a start, each once in a while.
    mutating func askPeers(about deferral: Deferral, _ turn: inout Turn) {
        guard case .protected(let refusal) = deferral, refusal.mayYetStart,
            let check = refusal.group.peersOK, !isLeaving
        else { return }
        for standing in refusal.askable {
            let name = standing.target
            if let last = admission.peersAsked[name],
                turn.now.since(last) < PeerCheck.interval.inMilliseconds
            {
                continue
            }
            guard let place = place(of: name, check) else { continue }
            admission.peersAsked[name] = turn.now
            let request = AttemptRequest(
                run: record.id, key: AttemptKey(target: name, part: .peer, number: 1),
                target: place, place: .target, action: .run(check.script), mode: .apply,
                effect: .read, timeout: PeerCheck.timeout)
            turn.decision.effects.append(
                .askPeer(PeerQuestion(request: request, run: standing.run)))
        }
    }

    /// Where a member is; nil where this run is at work, or is still to be: that mends it.
    private func place(of name: TargetName, _ check: PeerCheck) -> PlannedTarget? {
        guard let own = plan.targets.first(where: { $0.name == name }) else {
            return check.peers.first { $0.name == name }
        }
        let isOver = targets[name]?.outcome != nil || !order.contains(name)
        return isOver ? own : nil
    }

    /// Notes what a member answered; those that wait for it are asked for again.
    mutating func take(_ answer: PeerAnswer, _ turn: inout Turn) {
        admission.peersAsked[answer.target] = turn.now
        admission.peerAnswers[answer.target] = answer.isWell ? nil : answer
        if answer.isWell {
            emit(.vouched(answer.target, answer.run, reason: answer.text), &turn)
        }
        askAgain()
    }

    /// What a target waits for, to be compared and for people, with what members answered.
    func words(of deferral: Deferral) -> (cause: String, text: String) {
        guard case .protected(let refusal) = deferral else {
            return (deferral.cause, deferral.text)
        }
        if let own = ownWords(of: refusal) { return own }
        let answers = refusal.askable.compactMap { standing -> String? in
            guard let answer = admission.peerAnswers[standing.target], answer.run == standing.run
            else { return nil }
            return "peers_ok on \(answer.target) \(answer.text)"
        }
        guard !answers.isEmpty else { return (deferral.cause, deferral.text) }
        let told = answers.joined(separator: "; ")
        let next = refusal.unavailable.first?.next ?? refusal.next
        return ("\(deferral.cause); \(told)", "\(refusal.text); \(told); \(next)")
    }

    /// What a target waits for whose group's other members are this run's own; nil for any other.
    private func ownWords(of refusal: GroupRefusal) -> (cause: String, text: String)? {
        let group = refusal.group
        let rule =
            "of the \(group.members.count) targets with \(group.name) at most "
            + "\(group.maxUnavailable) may be unavailable"
        let names = refusal.unavailable.prefix(3).map(\.target.rawValue).joined(separator: ", ")
        let isAtWork = refusal.unavailable.allSatisfy { reason in
            if case .held(let lock) = reason {
                lock.run == record.id && lock.kept == nil
            } else {
                false
            }
        }
        if isAtWork {
            return (
                "own \(group.name)",
                "\(refusal.target) comes after \(names), on which this run is at work: \(rule)"
            )
        }
        guard isOfOwnMaking(.protected(refusal)) else { return nil }
        return (
            "left \(group.name)",
            "\(refusal.target) is not started: \(rule), and this run ended badly on \(names); "
                + "mend that first, then run it for \(refusal.target)"
        )
    }
}

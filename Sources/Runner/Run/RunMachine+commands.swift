import Runbooks

/// What people tell a run, and what it answers.
extension RunMachine {
    mutating func obey(_ command: PersonCommand, inboxID: Int, _ turn: inout Turn) {
        guard inboxID == 0 || inboxID > inboxSeen else { return }
        if let problem = objection(to: command) {
            emit(.refused(inboxID: inboxID, reason: "\(command.verb.word): \(problem)"), &turn)
            return
        }
        emit(.commanded(command, inboxID: inboxID), &turn)
        switch command.verb {
        case .abort: abort(&turn)
        case .pause, .note, .handOver: break
        case .resume: goOn(&turn)
        case .promote: promote(command.actor, &turn)
        case .answer(let step, let choice, let target):
            answer(Question(step: step, target: target), choice, nil, command.actor, &turn)
        case .confirm(let step, let note, let target):
            answer(Question(step: step, target: target), "done", note, command.actor, &turn)
        case .pay(let target):
            advance(target, &turn)
        case .paidByHand(let target, _):
            for id in (targets[target]?.leftOwed ?? [:]).keys.sorted() {
                emit(.paid(target, id), &turn)
            }
        case .settle(let target, let step, let isDone, let why):
            settle(step, on: target, isDone, why, command.actor, &turn)
        }
    }

    /// Why a command can't be done now, in one sentence; nil when it can.
    package func objection(to command: PersonCommand) -> String? {
        switch command.verb {
        case .abort: isAbortRequested ? "the run is being aborted already" : nil
        case .pause:
            isAbortRequested
                ? "the run is being aborted" : isPauseRequested ? "the run is paused already" : nil
        case .resume:
            isPauseRequested ? nil : "the run is not paused"
        case .note: nil
        case .promote: awaitsPromotion ? nil : "no wave waits for a person to promote it"
        case .answer(let step, let choice, let target):
            objection(toAnswer: Question(step: step, target: target), choice: choice)
        case .confirm(let step, _, let target):
            objection(toAnswer: Question(step: step, target: target), choice: nil)
        case .pay(let target), .paidByHand(let target, _):
            if targets[target] == nil {
                "'\(target)' is no target of this run"
            } else if targets[target]?.leftOwed.isEmpty != false {
                "nothing is owed on '\(target)'"
            } else if case .pay = command.verb, let step = unsettledStep(on: target) {
                "how \(step) ended on \(target) is unknown, and nothing is given back before that "
                    + "is settled"
            } else {
                nil
            }
        case .settle(let target, let step, _, _): objection(toSettling: step, on: target)
        case .handOver:
            canBeHandedOver ? nil : "nothing is owed that another run could give back"
        }
    }

    private func objection(toAnswer question: Question, choice: String?) -> String? {
        guard let asked = questions[question] else {
            let open = questions.keys.filter(isOpen).map { asked in
                asked.target.map { "\(asked.step) on \($0)" } ?? "\(asked.step)"
            }
            return "step '\(question.step)' has not been asked"
                + (open.isEmpty
                    ? "; nothing waits for an answer"
                    : "; what waits: \(open.sorted().joined(separator: ", "))")
        }
        if let given = asked.choice { return "it was answered already: \(given)" }
        guard isOpen(question) else { return "no target waits for that answer any more" }
        guard let step = step(question.step) else { return "there is no such step" }
        switch step.action {
        case .ask(let request):
            guard let choice else { return "it is a question: use 'handrail answer'" }
            guard request.choices.contains(where: { $0.id == choice }) else {
                let ids = request.choices.map(\.id).joined(separator: ", ")
                return "'\(choice)' is none of its choices: \(ids)"
            }
            return nil
        case .manual:
            return choice == nil ? nil : "it is done by a person: use 'handrail confirm'"
        case .run, .file, .service, .package, .reboot, .wait, .assert, .collect, .http, .stop:
            return "step '\(question.step)' asks nobody"
        }
    }

    private mutating func answer(
        _ question: Question, _ choice: String, _ note: String?, _ actor: String,
        _ turn: inout Turn
    ) {
        emit(
            .answered(question.step, question.target, choice: choice, note: note, actor: actor),
            &turn)
        let isAnyLate = questions.contains { isOpen($0) && $1.until <= turn.now }
        if state == .needsPerson, !isAnyLate {
            emit(.stateChanged(activeState, reason: "\(question.step) was answered"), &turn)
        }
        for name in runningTargets { advance(name, &turn) }
    }

    private mutating func abort(_ turn: inout Turn) {
        recall(&turn)
        for name in runningTargets {
            if let key = targets[name]?.inFlight {
                // What gives back, or undoes, is never cut short.
                guard !key.part.isRelease, !key.part.isUndo, !givesBack(name) else { continue }
                turn.decision.effects.append(.cancel(name))
            } else {
                advance(name, &turn)
            }
        }
    }

    private mutating func goOn(_ turn: inout Turn) {
        // A person has looked: what had to be elsewhere first is tried again.
        if !isHaltedForGood { haltReason = nil }
        if state == .paused { emit(.stateChanged(activeState, reason: "resumed"), &turn) }
        for name in runningTargets { advance(name, &turn) }
    }
}

extension PersonCommand.Verb {
    /// The command's word, as people type it.
    package var word: String {
        switch self {
        case .abort: "abort"
        case .pause: "pause"
        case .resume: "resume"
        case .answer: "answer"
        case .confirm: "confirm"
        case .note: "note"
        case .pay, .paidByHand: "pay"
        case .settle: "settle"
        case .promote: "promote"
        case .handOver: "hand over"
        }
    }
}

import Runbooks

/// Asking people: a step waits for an answer that is the run's, a wave's, or one target's.
extension RunMachine {
    /// The question that a step asks under a name; nil for a step that asks nobody.
    ///
    /// What stands before or after a wave asks once each time that list is done; a question per wave
    /// has the name of what is done once for it, `once:STEP:2`.
    func question(of step: Step, by name: TargetName) -> Question? {
        guard let request = step.action.person else { return nil }
        if !name.isTarget || request.perTarget { return Question(step: step.id, target: name) }
        guard request.perWave == true else { return Question(step: step.id, target: nil) }
        return Question(
            step: step.id, target: SharedStep(step.id, wave: waveOf[name] ?? 0).name)
    }

    /// Whether a question was asked, isn't answered, and something still waits for its answer.
    package func isOpen(_ question: Question) -> Bool {
        guard let asked = questions[question], asked.choice == nil else { return false }
        return targets.contains { name, target in
            guard target.isRunning, target.ending == nil,
                let step = stepUnderWay(name, target), step.id == question.step
            else { return false }
            return self.question(of: step, by: name) == question
        }
    }

    /// Asks, unless that was done; the deadline runs from the first who comes to it.
    ///
    /// - Returns: false while there is no answer.
    mutating func ask(
        _ step: Step, _ request: PersonAction, _ name: TargetName, _ turn: inout Turn
    ) -> Bool {
        guard let question = question(of: step, by: name) else { return false }
        if questions[question] == nil {
            let until = turn.now.adding(request.deadline)
            emit(.asked(step.id, question.target, until: until), &turn)
            turn.decision.effects.append(.timer(.deadline(question), after: request.deadline))
        }
        guard questions[question]?.choice != nil else { return false }
        return end(step, name, .ok, questions[question]?.note, &turn)
    }

    /// The answers that hold under a name: the run's, its own, those of its wave, and what was
    /// answered before that began.
    func answers(for name: TargetName) -> [StepID: String] {
        answers(
            own: name, wave: waveOf[name] ?? name.sharedStep?.wave, began: nameOfBeginning(of: name)
        )
    }

    /// The answers that hold after a wave, for all of it.
    func answers(ofWave index: Int) -> [StepID: String] {
        answers(own: nil, wave: index, began: nameOfBeginning(ofWave: index))
    }

    private func answers(
        own name: TargetName?, wave: Int?, began: TargetName?
    ) -> [StepID: String] {
        var answers = name.flatMap { targets[$0]?.answers } ?? [:]
        for (question, asked) in questions {
            guard let choice = asked.choice else { continue }
            if let place = question.target, place != name, place != began {
                guard let wave, place.sharedStep?.wave == wave else { continue }
            }
            answers[question.step] = choice
        }
        return answers
    }
}

import Runbooks
import Runner

/// Puts a run's open questions to the person at this terminal, or says how to answer them.
struct QuestionDesk: Sendable {
    let board: ProgressBoard
    let screen: ProgressScreen
    let console: Console
    let actor: String
    /// Takes the run's secrets out of notes.
    let redactor: Redactor
    /// Takes what the person says.
    let tell: @Sendable (RunInput) -> Void

    private static let interval = Duration.milliseconds(100)

    /// Asks until its task is cancelled, or the person leaves a question to somebody else.
    func run() async {
        var told: Set<Question> = []
        var isAlone = !console.isInteractive
        while !Task.isCancelled {
            let run = board.run
            let open = RunReport(run: run).openQuestions
            if isAlone {
                for question in open where told.insert(question).inserted {
                    announce(question, run)
                }
                if run.state == .needsPerson, !open.isEmpty { tell(.leaving) }
            } else if let question = open.first {
                do {
                    isAlone = try await !ask(question, run)
                } catch is CancellationError {
                    // Somebody else answered, or the run ended: the next look says.
                } catch {
                    isAlone = true
                }
            }
            do {
                try await console.world.sleep(Self.interval)
            } catch {
                return
            }
        }
    }

    private func announce(_ question: Question, _ run: RunMachine) {
        let view = QuestionView(run: run, question: question)
        guard let person = view.person else { return }
        board.say("\(question.step)\(view.place) asks: \(safe(person.text))")
        for line in view.lines("  answer it with") { board.say(line) }
    }

    /// Asks one question.
    ///
    /// - Returns: false when the person leaves it to somebody else.
    private func ask(_ question: Question, _ run: RunMachine) async throws -> Bool {
        await screen.hold()
        await console.world.terminal.discardTyped()
        let answer = await race(question, run)
        if case .gone = answer { console.note("") }
        await screen.resume()
        switch answer {
        case .verb(let verb):
            tell(.command(PersonCommand(verb: verb, actor: actor), inboxID: 0))
            try await waitUntilAnswered(question)
            return true
        case .later:
            let view = QuestionView(run: run, question: question)
            for line in view.lines("left for later; answer it with") { board.say(line) }
            tell(.leaving)
            return false
        case .gone: return true
        }
    }

    private enum Answer: Sendable {
        case verb(PersonCommand.Verb)
        case later
        /// It was answered elsewhere, or the run has ended.
        case gone
    }

    private func race(_ question: Question, _ run: RunMachine) async -> Answer {
        await withTaskGroup(of: Answer.self) { group in
            group.addTask {
                do {
                    return try await read(question, run)
                } catch is CancellationError {
                    return .gone
                } catch {
                    // Standard input has ended: nobody is here to be asked.
                    return .later
                }
            }
            group.addTask {
                do {
                    try await waitUntilAnswered(question)
                } catch {
                    // Cancelled, because the person here answered first.
                }
                return .gone
            }
            let first = await group.next() ?? .gone
            group.cancelAll()
            return first
        }
    }

    private func waitUntilAnswered(_ question: Question) async throws {
        while RunReport(run: board.run).openQuestions.contains(question),
            !board.run.state.isTerminal
        {
            try await console.world.sleep(Self.interval)
        }
    }

    private func read(_ question: Question, _ run: RunMachine) async throws -> Answer {
        let view = QuestionView(run: run, question: question)
        guard let step = run.plan.step(question.step), let person = view.person else {
            return .gone
        }
        let on = question.target.map { " (\(view.wave ?? $0.rawValue))" } ?? ""
        console.note("")
        if let help = step.help { console.note(console.errorStyle.paint(safe(help), .faint)) }
        if case .manual = step.action {
            console.note(console.errorStyle.paint("To do\(on): \(safe(person.text))", .strong))
            while true {
                let note = try await console.ask("What was done ('later' leaves it):")
                if note.lowercased() == "later" { return .later }
                if !note.isEmpty {
                    return .verb(
                        .confirm(
                            question.step, note: redactor.scrub(note), target: question.target))
                }
                console.note("  A note is needed: it is what others will read.")
            }
        }
        var choices = person.choices.map { (word: $0.id, label: safe($0.label)) }
        choices.append((word: "later", label: "leave it to somebody else"))
        let index = try await console.choose(
            "\(safe(person.text))\(on)", among: choices,
            short: ["later": ["q"]])
        guard index < person.choices.count else { return .later }
        return .verb(
            .answer(question.step, choice: person.choices[index].id, target: question.target))
    }

    private func safe(_ text: String) -> String { printable(text.utf8, keepNewlines: false) }
}

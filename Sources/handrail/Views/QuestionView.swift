import Runbooks
import Runner

/// What to type about an outcome that nobody knows.
enum SettleText {
    /// One command for each thing that a person may have found, with how they know left open.
    static func commands(_ run: RunID, _ target: TargetName, _ step: StepID) -> [String] {
        [SettleCommand.Finding.done, .notDone].map { finding in
            "handrail settle \(run) --on \(target) --step \(CommandText.quoted(step.rawValue)) "
                + "--as \(finding.rawValue) --why '…'"
        }
    }
}

/// A question of a run, in words.
struct QuestionView: Sendable {
    let run: RunMachine
    let question: Question

    private var step: Step? { run.plan.step(question.step) }

    /// Where it is asked, such as ` on web1`, or ` on before_wave:2 (wave front 1/3)`; empty where it
    /// is asked once for the run.
    var place: String {
        guard let place = question.target else { return "" }
        return " on \(place)" + (wave.map { " (\($0))" } ?? "")
    }

    /// The wave that it is asked for, such as `wave front 1/3`; nil for one of the run or a target.
    var wave: String? {
        let index = question.target?.waveList?.wave ?? question.target?.sharedStep?.wave
        return index.map { SafeText.line(run.waveName($0)) }
    }

    /// What is asked; nil when the step asks nobody.
    var person: PersonAction? { step?.action.person }

    /// The commands that answer it from any terminal, one for each answer; none when the step asks
    /// nobody.
    ///
    /// WHY NOT one with `yes|no`: pasted, a shell reads that as a pipe, and it answers yes.
    var commands: [String] {
        guard let step, let person else { return [] }
        let on = question.target.map { " --on \($0)" } ?? ""
        if case .manual = step.action {
            return ["handrail confirm \(run.record.id) \(step.id)\(on) --note '…'"]
        }
        return person.choices.map { choice in
            "handrail answer \(run.record.id) \(step.id) \(CommandText.quoted(choice.id))\(on)"
        }
    }

    /// What to type, in lines: behind the words where there is one command, else below them.
    func lines(_ words: String) -> [String] {
        let commands = commands
        guard commands.count != 1 else { return ["\(words): \(commands[0])"] }
        return ["\(words) one of these:"] + commands.map { "    " + $0 }
    }
}

/// Something that is owed, in words.
struct OwedText: Sendable {
    let target: TargetName
    let step: StepID
    /// Why it is owed, or what has to come before it is given back.
    let text: String
    /// What to type; nil while the run would refuse it.
    let command: String?
    /// The step that has to be settled first; nil when none has.
    let awaited: StepID?

    /// All that a run owes, in its order.
    static func all(of run: RunMachine) -> [OwedText] {
        let unsettled = Dictionary(
            run.unsettled.map { ($0.target, $0.step) }, uniquingKeysWith: { first, _ in first })
        return run.owed.map { owed in
            let id = run.record.id
            let pay = PersonCommand(verb: .pay(owed.target), actor: PersonCommand.engine)
            let objection = run.objection(to: pay)
            let awaited = unsettled[owed.target]
            let isKept = run.plan.step(owed.step)?.release?.ifStopped == .keep
            let text =
                awaited.map { step in
                    "\(isKept ? "can be " : "")given back once \(step) is settled"
                } ?? ([owed.reason] + [objection].compactMap(\.self)).joined(separator: "; ")
            return OwedText(
                target: owed.target, step: owed.step, text: text,
                command: objection == nil ? "handrail pay \(id) --on \(owed.target)" : nil,
                awaited: awaited)
        }
    }
}

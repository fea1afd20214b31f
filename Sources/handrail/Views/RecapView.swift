import Runbooks
import Runner

/// The human form of what a run came to: what changed, whether it helped, what is owed, what next.
struct RecapView: Sendable {
    let report: RunReport
    let style: Style
    let width: Int
    /// How long it took; nil when that isn't known.
    let milliseconds: Int64?
    /// The trail's head as `size:hash`; nil when it isn't known.
    var trail: String?

    private var run: RunMachine { report.run }

    /// All of it.
    var lines: [String] {
        head + reason + changes + failures + passedOver + stops + questions + owed + symptom + next
            + head(of: trail)
    }

    private var head: [String] {
        let id = run.record.plan.runbook.id.rawValue
        let time =
            run.state.isTerminal ? milliseconds.map { " after \(TimeText.length($0))" } ?? "" : ""
        let first = style.paint(id, .strong) + " " + style.paint(word, run.state.tone) + time
        guard let resolution = run.resolution else { return [first] }
        let helped =
            switch resolution {
            case .resolved: "resolved: it helped"
            case .unresolved: "unresolved: it did not help"
            case .unclear: "whether it helped is unclear"
            }
        let second = style.paint(helped, resolution.tone)
        let both = TextWidth.of("\(id) \(word)\(time) · \(helped)")
        return both <= width ? ["\(first) · \(second)"] : [first, "  " + second]
    }

    /// Why a run that hasn't ended stands still.
    private var reason: [String] {
        guard [.paused, .needsPerson].contains(run.state), !run.stateReason.isEmpty else {
            return []
        }
        return item("because", run.stateReason, .warning)
    }

    /// A run that is shown here has no leader any more: one that hasn't ended is not running.
    private var word: String {
        switch run.state {
        case .pending, .waiting, .running, .rollingBack: "has not ended, and nobody leads it now"
        default: run.state.word
        }
    }

    private var changes: [String] {
        let counted: [(Outcome, String)] = [
            (.changed, "changed"), (.satisfied, "satisfied"), (.ok, "ok"), (.aborted, "aborted"),
        ]
        var lines: [String] = []
        for (outcome, word) in counted {
            let targets = report.targets(outcome)
            guard !targets.isEmpty else { continue }
            lines += item(word, "\(targets.count): \(names(targets))", outcome.tone)
        }
        let open = run.runningTargets
        if !open.isEmpty { lines += item("not ended", "\(open.count): \(names(open))", .warning) }
        if !report.notStarted.isEmpty {
            lines += item(
                "not started", "\(report.notStarted.count): \(names(report.notStarted))", .warning)
        }
        if let left = report.leftOut.first {
            let names = names(report.leftOut.map(\.target))
            lines += item(
                "left out", "\(report.leftOut.count): \(names): \(left.reason)", .warning)
        }
        let steps = report.changes.map { change in
            change.targets.count == run.plan.targets.count
                ? change.step.rawValue : "\(change.step) (\(change.targets.count))"
        }
        if !steps.isEmpty { lines += item("changed by", steps.joined(separator: ", ")) }
        if steps.isEmpty, run.state == .succeeded {
            // A step that failed on the way may have done some of its work.
            let perhaps = report.passedOver.map(\.part).joined(separator: ", ")
            let isNothing = report.targets(.changed).isEmpty
            lines += item("changed by", isNothing ? "nothing" : "perhaps \(perhaps), which failed")
        }
        return lines
    }

    private var failures: [String] {
        told(report.failures) { ($0.outcome.word, $0.reason.isEmpty ? $0.outcome.word : $0.reason) }
    }

    /// Steps that failed while the sequence went on: the target's own outcome doesn't show them.
    private var passedOver: [String] {
        told(report.passedOver) { ("passed over", FailureText.what(of: $0)) }
    }

    private func told(
        _ failures: [RunReport.Failure],
        _ words: (RunReport.Failure) -> (name: String, what: String)
    ) -> [String] {
        failures.prefix(Self.mostFailures).flatMap { failure in
            let (name, what) = words(failure)
            let lines = item(
                name,
                "\(failure.targets.count) × \(failure.part): \(what) "
                    + "(\(names(failure.targets)))", .bad)
            return lines + (failure.advice.map { item("", $0, .strong) } ?? [])
        } + more(failures.count - Self.mostFailures, "kinds of failure")
    }

    private var stops: [String] {
        report.stops.flatMap { stop in
            item(
                "stopped", "\(stop.step) on \(names(stop.targets)): \(stop.stop.say)",
                stop.stop.resolution == .resolved ? .good : .warning)
        }
    }

    private var questions: [String] {
        report.openQuestions.prefix(Self.mostFailures).flatMap { question in
            QuestionView(run: run, question: question).command.map {
                item("asks", "\(question.step)", .warning) + command("", $0)
            } ?? []
        }
    }

    private var owed: [String] {
        let owed = run.owed
        return owed.prefix(Self.mostFailures).flatMap { owed in
            item("OWED", "\(owed.step) on \(owed.target): \(safe(owed.reason))", .bad)
                + command("", "handrail pay \(run.record.id) --on \(owed.target)")
        } + more(owed.count - Self.mostFailures, "releases owed")
    }

    private var symptom: [String] {
        guard run.plan.symptom != nil else { return [] }
        let words: [(SymptomAnswer, String, Tone)] = [
            (.gone, "gone", .good), (.present, "still present", .bad),
            (.unclear, "can't be told", .warning),
        ]
        return words.flatMap { answer, word, tone in
            let targets = run.plan.targets.map(\.name).filter {
                run.targets[$0]?.symptomAnswer == answer
            }
            return targets.isEmpty ? [] : item("symptom", "\(word) on \(names(targets))", tone)
        }
    }

    private var next: [String] {
        let id = run.record.id
        var lines: [String] = []
        if let to = report.escalation {
            let note = run.plan.onFailure?.note.map { ": \($0)" } ?? ""
            lines += item("escalate", "to \(to)\(note)", .warning)
        }
        if let words = report.escalateCommand {
            lines += command(report.escalation == nil ? "escalate" : "", words)
        }
        switch run.state {
        case .paused, .running, .pending, .waiting, .needsPerson:
            guard run.owed.isEmpty else { break }
            lines += command("go on", "handrail resume \(id)")
            lines += command("or end it", "handrail abort \(id)")
        default: break
        }
        if !report.changes.isEmpty, run.state.isTerminal { lines += undo }
        let failed = report.failures.isEmpty && report.passedOver.isEmpty ? "" : " --failed"
        return lines + command("more", "handrail status \(id)")
            + command("", "handrail logs \(id)\(failed)")
    }

    /// A command to type, on a line of its own, and never broken.
    private func command(_ name: String, _ words: String) -> [String] {
        ["  " + TextWidth.padded(name, to: 12) + " " + style.paint(words, .strong)]
    }

    /// On a line of its own and never broken, since it is copied to where nobody can change it;
    /// below its name where there is no room beside it.
    private func head(of trail: String?) -> [String] {
        guard let trail else { return [] }
        let shown = style.paint(trail, .faint)
        guard 15 + TextWidth.of(trail) <= width else { return ["  trail", "    " + shown] }
        return ["  " + TextWidth.padded("trail", to: 12) + " " + shown]
    }

    private var undo: [String] {
        let changed = Set(report.changes.map(\.step))
        let undos = run.plan.undos.filter { changed.contains($0.step) }
        return undos.isEmpty ? [] : item("undo", UndoText.of(undos), .faint)
    }

    private func item(_ name: String, _ text: String, _ tone: Tone = .plain) -> [String] {
        TextWidth.wrapped(safe(text), width: width, indent: 15).enumerated().map { index, line in
            let words = String(line.dropFirst(15))
            let left = TextWidth.padded(index == 0 ? name : "", to: 12)
            return "  " + style.paint(left, index == 0 ? tone : .plain) + " "
                + (tone == .faint ? style.paint(words, .faint) : words)
        }
    }

    private func more(_ count: Int, _ what: String) -> [String] {
        count > 0 ? item("", "… \(count) more \(what)", .faint) : []
    }

    private func safe(_ text: String) -> String { printable(text.utf8, keepNewlines: false) }

    private func names(_ targets: [TargetName]) -> String { TargetList.text(targets, limit: 3) }

    /// Groups that are listed; the JSON has them all.
    private static let mostFailures = 10
}

/// A question of a run, in words.
struct QuestionView: Sendable {
    let run: RunMachine
    let question: Question

    /// What is asked; nil when the step asks nobody.
    var person: PersonAction? {
        run.plan.steps.first { $0.id == question.step }?.action.person
    }

    /// The command that answers it from any terminal.
    var command: String? {
        guard let step = run.plan.steps.first(where: { $0.id == question.step }),
            let person = step.action.person
        else { return nil }
        let on = question.target.map { " --on \($0)" } ?? ""
        if case .manual = step.action {
            return "handrail confirm \(run.record.id) \(step.id)\(on) --note '…'"
        }
        let choices = person.choices.map(\.id).joined(separator: "|")
        return "handrail answer \(run.record.id) \(step.id) \(choices)\(on)"
    }
}

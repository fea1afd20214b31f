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
    /// The run with those that it goes on from; itself alone when nil.
    var chain: RunChain?
    /// Of runbooks that mend what an audit found: one target at a time, or several.
    var picks: [RunbookID: TargetRule.Pick] = [:]

    private var run: RunMachine { report.run }

    /// All of it.
    var lines: [String] {
        guard !run.plan.isAudit else {
            return head + glass + reason + auditLines + next + head(of: trail)
        }
        return head + glass + reason + descent + changes + notUndone + halfDone + failures
            + passedOver
            + stops
            + questions + unsettled + owed
            + symptom + next
            + head(of: trail)
    }

    private var head: [String] {
        let id = run.record.plan.runbook.id.rawValue
        let time =
            run.state.isTerminal ? milliseconds.map { " after \(TimeText.length($0))" } ?? "" : ""
        let first = style.paint(id, .strong) + " " + style.paint(word, run.state.tone) + time
        // A rollback that undid everything was asked for no more than that.
        guard let resolution = run.resolution, !run.isRollback else { return [first] }
        let helped =
            switch resolution {
            case _ where run.plan.isAudit: auditWord?.text ?? ""
            case .resolved: "resolved: it helped"
            case .unresolved: "unresolved: it did not help"
            case .unclear: "whether it helped is unclear"
            }
        let second = style.paint(helped, resolution.tone)
        let both = TextWidth.of("\(id) \(word)\(time) · \(helped)")
        return both <= width ? ["\(first) · \(second)"] : [first, "  " + second]
    }

    /// That it was started without a change; the review is open.
    private var glass: [String] {
        guard let glass = run.record.brokenGlass else { return [] }
        return [style.paint(GlassText.words(glass), .alarm)]
            + item("reviewed", "a change for it is open: 'handrail change list' shows it", .warning)
    }

    /// Why a run that hasn't ended stands still.
    private var reason: [String] {
        if run.state == .failed, let stop = run.wave.stop {
            return item("because", "it stopped by itself: \(stop)", .bad)
        }
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
            (.changed, run.isRollback ? "undone on" : "changed"), (.satisfied, "satisfied"),
            (.ok, "ok"), (.aborted, "aborted"),
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
        if !steps.isEmpty {
            lines += item(run.isRollback ? "undone" : "changed by", steps.joined(separator: ", "))
        }
        if steps.isEmpty, run.state == .succeeded {
            // A step that failed on the way may have done some of its work.
            let perhaps = report.passedOver.map(\.part).joined(separator: ", ")
            let isNothing = report.targets(.changed).isEmpty
            lines += item("changed by", isNothing ? "nothing" : "perhaps \(perhaps), which failed")
        }
        return lines
    }

    private var failures: [String] {
        // What was refused since somebody changed it is told with all three states.
        let untold = report.failures.filter { failure in
            !failure.targets.allSatisfy { run.targets[$0]?.refusals.isEmpty == false }
        }
        return told(untold) { ($0.outcome.word, $0.reason.isEmpty ? $0.outcome.word : $0.reason) }
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
        report.openQuestions.prefix(Self.mostFailures).flatMap { question -> [String] in
            let on = question.target.map { " on \($0)" } ?? ""
            return item("asks", "\(question.step)\(on)", .warning)
                + QuestionView(run: run, question: question).commands.flatMap { command("", $0) }
        }
    }

    /// The run that it goes on from.
    private var descent: [String] {
        guard let descent = run.record.descent else { return [] }
        return item("\(descent.kind.rawValue) of", descent.parent.rawValue, .faint)
    }

    /// What a rollback left, with all three states where somebody has changed it since.
    private var notUndone: [String] {
        let found = report.notUndone
        let refused = found.filter { $0.refusal != nil }
        let claims = Dictionary(grouping: found.filter { $0.outcome == .skipped }, by: \.step)
        let order = run.plan.steps.reversed().map(\.id).filter { id in
            claims.keys.contains { $0.step == id }
        }
        return refused.prefix(Self.mostFailures).flatMap { each -> [String] in
            item("REFUSED", "\(each.step) on \(each.target), which was changed since", .bad)
                + item("", "before the run: \(each.refusal?.before ?? "")")
                + item("", "as the run left it: \(each.refusal?.left ?? "")")
                + item("", "now: \(each.refusal?.now ?? "")")
        } + more(refused.count - Self.mostFailures, "that were changed since")
            + order.flatMap { id -> [String] in
                let all = claims.filter { $0.key.step == id }.flatMap(\.value)
                let reason = (all.first?.reason ?? "").replacing("not undone: ", with: "")
                return item(
                    "not undone", "\(id): \(reason) (\(names(all.map(\.target))))", .warning)
            }
    }

    /// What an abort left between two states.
    private var halfDone: [String] {
        let found = report.halfDone
        return found.prefix(Self.mostFailures).flatMap { each in
            item("half done", HalfDoneText.of(each), .warning)
        } + more(found.count - Self.mostFailures, "targets left half done")
    }

    /// What a person has to look at before the run can go on.
    private var unsettled: [String] {
        let unsettled = run.unsettled
        return unsettled.prefix(Self.mostFailures).flatMap { found in
            item(
                "UNKNOWN", "how \(found.step) ended on \(found.target): look there, then say so",
                .bad)
                + SettleText.commands(run.record.id, found.target, found.step)
                .flatMap { command("", $0) }
        } + more(unsettled.count - Self.mostFailures, "unknown outcomes")
    }

    private var owed: [String] {
        let owed = OwedText.all(of: run)
        return owed.prefix(Self.mostFailures).flatMap { owed in
            item("OWED", "\(owed.step) on \(owed.target): \(safe(owed.text))", .bad)
                + (owed.command.map { command("", $0) } ?? [])
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
        if run.plan.isAudit {
            lines += command("report", "handrail baseline report \(run.plan.runbook.id)")
        } else if let words = report.escalateCommand {
            lines += command(report.escalation == nil ? "escalate" : "", words)
        }
        switch run.state {
        case .paused, .running, .pending, .waiting, .needsPerson:
            guard run.owed.isEmpty else { break }
            guard run.unsettled.isEmpty else {
                lines += command("or end it", "handrail abort \(id)")
                break
            }
            lines +=
                run.awaitsPromotion
                ? command("go on", "handrail promote \(id)")
                : command("go on", "handrail resume \(id)")
            lines += command("or end it", "handrail abort \(id)")
        default: break
        }
        // An audit is made anew: nothing of it is gone on with, and nothing undone.
        let ways = run.plan.isAudit ? [] : GoingOn(chain: chain ?? RunChain([run]), run: run).ways
        for way in ways {
            let texts = way.texts.flatMap { item("", $0) }
            let commands = way.commands.flatMap { command("", $0) }
            lines += named(way.name, texts + commands)
        }
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

    /// Lines with a name in front of the first one.
    private func named(_ name: String, _ lines: [String]) -> [String] {
        lines.enumerated().map { index, line in
            index == 0 ? "  " + TextWidth.padded(name, to: 12) + line.dropFirst(14) : line
        }
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

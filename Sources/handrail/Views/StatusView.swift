import Runbooks
import Runner

/// The human form of a run's status.
struct StatusView: Sendable {
    /// How many targets are listed one by one; the others are counted.
    private static let listedTargets = 24
    /// How many of the things that people told it are listed: the newest.
    private static let listedActs = 12

    let status: RunStatus
    let time: ShownTime
    let style: Style
    let width: Int

    private var summary: RunSummary { status.summary }
    private var lead: LeadLine { LeadLine(summary: summary) }

    /// All of it: what it is, what is awaited, what failed, then each target.
    var lines: [String] {
        head + awaited + unsettled + owed + waits + notUndone + failures + passedOver + stops
            + targets + halfDone + acts + notes + escalated + goingOn + next
    }

    private var head: [String] {
        var lines = [style.paint(summary.id.rawValue, .strong)]
        lines += field("Runbook", "\(summary.runbook) · \(SafeText.line(summary.title))")
        var state = style.paint(status.word, summary.state.tone)
        if let asked = status.asked {
            state += " since \(time.second(asked.at)) (\(SafeText.line(asked.actor)))"
        }
        if let helped = summary.resolution, !status.machine.isRollback {
            state += ", " + style.paint(helped.rawValue, helped.tone)
        }
        // What it waits for has a paragraph of its own.
        // Why it runs is no news.
        let isSaidBelow =
            summary.state == .running || summary.state == .waiting && !status.waits.isEmpty
        if !summary.state.isTerminal, !status.machine.stateReason.isEmpty, !isSaidBelow {
            state += ": \(SafeText.line(status.machine.stateReason))"
        }
        lines.append(style.paint(TextWidth.padded("State", to: 9), .faint) + state)
        var began = "\(time.both(summary.opened)) by \(SafeText.line(summary.actor))"
        if let closed = summary.closed {
            began += ", took \(TimeText.length(closed.since(summary.opened)))"
        }
        lines += field("Started", began)
        if !summary.state.isTerminal { lines += field("Led", lead.text) }
        let extra = [
            summary.ticket.map { "ticket \(SafeText.line($0))" },
            status.machine.record.change.map { "change \($0)" },
            status.machine.record.alert.map { "alert \(SafeText.line($0))" },
        ].compactMap(\.self)
        lines += field("Where", ([summary.environment] + extra).joined(separator: " · "))
        if let glass = status.machine.record.brokenGlass {
            lines.append(
                style.paint(TextWidth.padded("Glass", to: 9), .faint)
                    + style.paint(GlassText.words(glass), .alarm))
            lines += field("Why", SafeText.line(glass.reason))
        }
        if let descent = status.machine.record.descent {
            lines += field("Goes on", "\(descent.kind.rawValue) of \(descent.parent)")
        }
        if !status.children.isEmpty {
            lines += field("Then", status.children.map(\.rawValue).joined(separator: ", "))
        }
        if let wave = WaveText.of(status.machine, time) { lines += field("Wave", wave) }
        for (index, wave) in WaveText.counts(of: status.machine).enumerated() {
            lines += field(index == 0 ? "Waves" : "", wave)
        }
        lines += field("Targets", counts)
        return lines + LockText.held(status.held).flatMap { field("Holds", SafeText.line($0)) }
    }

    private var counts: String {
        let all = status.targets
        let ended = all.count { $0.progress.outcome != nil }
        let running = all.count { $0.progress.isRunning }
        let left = status.report.leftOut.count
        let deferred = status.machine.deferrals.count
        let waiting = all.count - ended - running - left - deferred
        return "\(ended) of \(all.count) ended" + (running > 0 ? ", \(running) running" : "")
            + (deferred > 0 ? ", \(deferred) waiting" : "")
            + (waiting > 0 ? ", \(waiting) not started" : "")
            + (left > 0 ? ", \(left) left out" : "")
    }

    private func field(_ name: String, _ text: String) -> [String] {
        TextWidth.wrapped(text, width: width, indent: 9).enumerated().map {
            style.paint(TextWidth.padded($0 == 0 ? name : "", to: 9), .faint) + $1.dropFirst(9)
        }
    }

    private var awaited: [String] {
        status.awaited.flatMap { awaited -> [String] in
            let limit = (awaited.isLate ? ", was due " : ", until ") + time.both(awaited.until)
            let wide = awaited.person.choices.map { $0.id.utf8.count }.max() ?? 0
            return [
                "",
                style.paint("Awaited: \(awaited.question.step)\(awaited.place)", .warning)
                    + style.paint(limit, .faint),
            ] + prose(awaited.person.text)
                + awaited.person.choices.map {
                    "    " + style.paint(TextWidth.padded($0.id, to: wide), .strong) + "  "
                        + SafeText.line($0.label)
                } + awaited.commands.map { "  → " + style.paint($0, .strong) }
        }
    }

    private var unsettled: [String] {
        let unsettled = status.machine.unsettled
        guard !unsettled.isEmpty else { return [] }
        return ["", style.paint("UNKNOWN", .bad)]
            + unsettled.flatMap { target, step, reason in
                prose("\(step) on \(target): \(reason). Look there, then say what you found.")
                    + SettleText.commands(summary.id, target, step).map {
                        "  → " + style.paint($0, .strong)
                    }
            }
    }

    /// What a rollback could not undo.
    private var notUndone: [String] {
        let found = status.report.notUndone
        guard !found.isEmpty else { return [] }
        return ["", style.paint("Not undone", .strong)]
            + found.flatMap { each in
                prose("\(each.step) on \(each.target): \(each.reason)", .warning)
            }
    }

    private var owed: [String] {
        let owed = OwedText.all(of: status.machine)
        guard !owed.isEmpty else { return [] }
        return ["", style.paint("OWED", .bad)]
            + owed.flatMap { owed in
                prose("\(owed.step) on \(owed.target): \(owed.text)")
                    + (owed.command.map { ["  → " + style.paint($0, .strong)] } ?? [])
            }
    }

    /// Time, gates, other runs, and the person who promotes a wave.
    private var waits: [String] {
        let waits = status.waits
        guard !waits.isEmpty else { return [] }
        return ["", style.paint("Waits", .warning)]
            + waits.flatMap { item in
                prose(item.what + (item.until.map { ", until \(time.both($0))" } ?? ""))
                    + item.commands.map { "  → " + style.paint($0, .strong) }
            }
    }

    private var failures: [String] {
        told("Failures", status.report.failures, FailureText.of)
    }

    /// Steps that failed while the sequence went on.
    private var passedOver: [String] {
        told("Failed and passed over", status.report.passedOver, FailureText.ofPassedOver)
    }

    private func told(
        _ title: String, _ failures: [RunReport.Failure], _ text: (RunReport.Failure) -> String
    ) -> [String] {
        guard !failures.isEmpty else { return [] }
        return ["", style.paint(title, .strong)]
            + failures.flatMap { failure in
                prose(text(failure), .bad) + (failure.advice.map { prose($0, .strong) } ?? [])
            }
    }

    private var stops: [String] {
        let stops = status.report.stops
        guard !stops.isEmpty else { return [] }
        return ["", style.paint("Stopped", .strong)]
            + stops.flatMap { stop in
                prose(
                    "\(stop.step) on \(TargetList.text(stop.targets, limit: 6)): "
                        + stop.stop.say,
                    stop.stop.resolution == .resolved ? .good : .warning)
            }
    }

    private var targets: [String] {
        let shown = (status.targets + status.lists).sorted { Self.rank($0) < Self.rank($1) }
        var lines = [""]
        for target in shown.prefix(Self.listedTargets) { lines += self.lines(of: target) }
        let rest = shown.count - Self.listedTargets
        if rest > 0 { lines.append(style.paint("and \(rest) more (--json has them all)", .faint)) }
        return lines
    }

    private func lines(of target: RunStatus.OfTarget) -> [String] {
        let progress = target.progress
        let left = status.machine.leftOut[target.target]
        let isDeferred = status.machine.deferrals[target.target] != nil
        let absent = left != nil ? "left out" : isDeferred ? "waits" : "not started"
        let word =
            progress.outcome?.word(in: status.machine)
            ?? (progress.isRunning ? "running" : absent)
        let passed = Set(status.report.passedOver(on: target.target).map(\.part))
        let steps = target.steps.map {
            "\($0.step) \($0.outcome.word(in: status.machine))"
                + (passed.contains($0.step.rawValue) ? " and passed over" : "")
        }
        let verified = target.verified.enumerated().map { "verify \($0 + 1) \($1.word)" }
        let now = target.underWay.map { ["→ \($0)"] } ?? []
        let symptom = progress.symptomAnswer.map { ["symptom \($0.rawValue)"] } ?? []
        let why = left.map { [SafeText.line($0.reason)] } ?? []
        let text = (steps + verified + now + symptom + why).joined(separator: ", ")
        let parts = TextWidth.wrapped(text, width: max(20, width - nameWidth - 15))
        let margin = String(repeating: " ", count: nameWidth + 15)
        let name = style.paint(TextWidth.padded(target.target.rawValue, to: nameWidth), .strong)
        let state = style.paint(word, progress.outcome?.tone ?? .plain)
        let filler = String(repeating: " ", count: max(1, 13 - word.count))
        let first = parts.first.flatMap { $0.isEmpty ? nil : filler + $0 } ?? ""
        return [name + "  " + state + first] + parts.dropFirst().map { margin + $0 }
    }

    private var nameWidth: Int {
        min(
            30, (status.targets + status.lists).map { $0.target.rawValue.utf8.count }.max() ?? 0)
    }

    /// Those that failed first, then those at work, then the rest, each in the plan's order.
    private static func rank(_ target: RunStatus.OfTarget) -> Int {
        if let outcome = target.progress.outcome { return outcome.isGood ? 2 : 0 }
        return target.progress.isRunning ? 1 : 3
    }

    /// What an abort left between two states.
    private var halfDone: [String] {
        let found = status.report.halfDone
        guard !found.isEmpty else { return [] }
        let rest = found.count - Self.listedTargets
        return ["", style.paint("Half done", .warning)]
            + found.prefix(Self.listedTargets).flatMap { prose(HalfDoneText.of($0)) }
            + (rest > 0 ? prose("and \(rest) more") : [])
    }

    /// What people told it, and why.
    private var acts: [String] {
        let acts = status.acts
        guard !acts.isEmpty else { return [] }
        let rest = acts.count - Self.listedActs
        return ["", style.paint("Told", .strong)]
            + (rest > 0 ? prose("… \(rest) earlier: handrail audit show \(summary.id)") : [])
            + acts.suffix(Self.listedActs).flatMap { act in
                let what = act.step.map { " \($0)" } ?? ""
                let on = act.target.map { " on \($0)" } ?? ""
                let said = act.said.map { ": \($0)" } ?? ""
                return prose("\(time.ago(act.at)), \(act.actor): \(act.act)\(what)\(on)\(said)")
            }
    }

    /// How to go on after its end, or to undo it.
    private var goingOn: [String] {
        GoingOn(chain: status.chain, run: status.machine, now: status.now).ways.flatMap { way in
            ["", style.paint(way.name.prefix(1).uppercased() + way.name.dropFirst(), .strong)]
                + way.texts.flatMap { prose($0) }
                + way.commands.map { "  → " + style.paint($0, .strong) }
        }
    }

    private var notes: [String] {
        let notes = status.machine.notes
        guard !notes.isEmpty else { return [] }
        return ["", style.paint("Notes", .strong)] + notes.flatMap { prose($0) }
    }

    /// To whom it was handed over, or whom to tell.
    private var escalated: [String] {
        guard status.escalations.isEmpty else {
            return ["", style.paint("Escalated", .strong)]
                + status.escalations.flatMap { escalation -> [String] in
                    let end = escalation.end.map {
                        "; ended \(time.ago($0.at)) by \($0.actor): \($0.note)"
                    }
                    return prose(
                        "to \(escalation.to) by \(escalation.actor), \(time.ago(escalation.at)): "
                            + "\(escalation.note) (\(escalation.id)\(end ?? ""))")
                }
        }
        guard let words = status.report.escalateCommand else { return [] }
        let note = status.machine.plan.onFailure?.note.map { ": \($0)" } ?? ""
        let to = status.report.escalation.map { prose("to \($0)\(note)", .warning) } ?? []
        return ["", style.paint("Escalate", .strong)] + to
            + ["  → " + style.paint(words, .strong)]
    }

    private var next: [String] {
        let isClean = status.report.failures.isEmpty && status.report.passedOver.isEmpty
        let failed = isClean ? "" : " --failed"
        return ["", style.paint("More: handrail logs \(summary.id)\(failed)", .faint)]
    }

    private func prose(_ text: String, _ tone: Tone = .plain) -> [String] {
        SafeText.lines(text).flatMap { TextWidth.wrapped($0, width: width - 2) }
            .map { "  " + style.paint($0, tone) }
    }
}

/// Who leads an open run, and how to go on when nobody does.
struct LeadLine: Sendable {
    let summary: RunSummary

    /// The end of a sentence that starts with "led".
    var text: String {
        guard !summary.isLed else { return "by a living process" }
        return
            "by nobody: 'handrail resume \(summary.id)' goes on, 'handrail abort \(summary.id)' ends it"
    }
}

/// Failures that went alike, in one line.
enum FailureText {
    /// `44 × restart: exit 1 "port 25 in use" (mbx02a, mbx02b, mbx03a, +41)`.
    static func of(_ failure: RunReport.Failure) -> String {
        let names = CountText.listed(failure.targets.map(\.rawValue), limit: 3)
        let what =
            failure.outcome == .failed && !failure.reason.isEmpty
            ? failure.reason : self.what(of: failure)
        return "\(failure.targets.count) × \(failure.part): \(what) (\(names))"
    }

    /// The same where the outcome's word stands in front of it.
    static func withoutWord(_ failure: RunReport.Failure) -> String {
        let names = CountText.listed(failure.targets.map(\.rawValue), limit: 3)
        let what = failure.reason.isEmpty ? failure.outcome.word : failure.reason
        return "\(failure.targets.count) × \(failure.part): \(what) (\(names))"
    }

    /// The same for a step that was passed over, whose word nothing else says.
    static func ofPassedOver(_ failure: RunReport.Failure) -> String {
        let names = CountText.listed(failure.targets.map(\.rawValue), limit: 3)
        return "\(failure.targets.count) × \(failure.part): \(what(of: failure)) (\(names))"
    }

    /// How it ended and why: `failed: exit 1 "no such user"`.
    static func what(of failure: RunReport.Failure) -> String {
        [failure.outcome.word, failure.reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}

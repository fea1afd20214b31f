import Runbooks
import Runner

/// The form of a pack that people read: `pack.md`.
struct PackText: Sendable {
    /// Targets whose steps are listed, and attempts whose output is; the JSON has all.
    private static let mostTargets = 24
    private static let mostAttempts = 60

    let pack: PackDocument
    /// The run, for what its document has in another form; nil when there was none.
    let machine: RunMachine?
    let time: ShownTime

    /// All of it.
    var text: String {
        let lines =
            head + alert + awaited + done + failures + stops + owed + acts + undo + outputs
            + earlier + files
            + proof
        // One empty line apart, whatever came before.
        return lines.reduce(into: [String]()) { kept, line in
            if !line.isEmpty || kept.last?.isEmpty == false { kept.append(line) }
        }.joined(separator: "\n") + "\n"
    }

    private var title: String {
        guard let run = pack.run else {
            return pack.alert.map { "the alert \($0)" } ?? "no run"
        }
        let names = CountText.listed(run.targets.map(\.target.rawValue), limit: 3)
        return "\(run.title) (\(run.runbook)) on \(names)"
    }

    private var head: [String] {
        var facts = [
            ("Escalation", "\(pack.escalation), by \(pack.actor), \(time.full(pack.at))"),
            ("Ticket", pack.ticket ?? "none"),
        ]
        if let run = pack.run {
            let helped = run.resolution.map { ", \($0.rawValue)" } ?? ""
            facts += [
                ("Run", "\(run.run): \(run.state.word)\(helped)"),
                ("Started", "\(time.full(run.opened)) by \(run.actor), in \(run.environment)"),
                ("Ended", pack.closed.map { time.full($0) } ?? "not yet"),
                ("Library", run.library), ("Plan", run.planDigest.rawValue),
            ]
            if !run.state.isTerminal { facts.insert(("Led", led(run)), at: 5) }
            facts += pack.parameters.map { given in
                let shown = given.value ?? given.secret.map { "secret from \($0)" } ?? "not given"
                return ("With \(given.name)", shown)
            }
        } else {
            facts.append(("Run", "none: no runbook was run"))
        }
        let note = SafeText.lines(pack.note).map { "> \(Markdown.inline($0))" }
        return ["# Escalated to \(Markdown.inline("\(pack.to): \(title)"))", ""] + note
            + ["", "| | |", "|---|---|"]
            + facts.map { "| \($0.0) | \(Markdown.inline($0.1)) |" }
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", "## \(title)", ""] + lines
    }

    private var alert: [String] {
        section(
            "The alert",
            pack.alerts.flatMap { answered -> [String] in
                let alert = answered.alert
                let since = alert.started.map { ", since \($0)" } ?? ""
                var lines = [
                    "- \(Markdown.inline("\(alert.name), \(alert.status.rawValue)\(since)"))"
                ]
                let pairs =
                    alert.labels.filter { $0.key != "alertname" }
                    .sorted { $0.key < $1.key }
                    + alert.annotations.sorted { $0.key < $1.key }
                lines += pairs.map { "  - \(Markdown.inline("\($0.key): \($0.value)"))" }
                lines += alert.source.map { ["  - \(Markdown.inline($0))"] } ?? []
                return lines + answered.problems.map { "  - \(Markdown.inline($0))" }
            })
    }

    /// Targets that ended badly first.
    private var done: [String] {
        guard let run = pack.run else { return [] }
        let bad = run.targets.filter { !Self.isGood($0) }
        let sorted = bad + run.targets.filter(Self.isGood)
        let lines = sorted.prefix(Self.mostTargets).flatMap { target -> [String] in
            let symptom = target.symptom.map { ", symptom \($0.rawValue)" } ?? ""
            let why = target.reason.map { ": \($0)" } ?? ""
            let head =
                "### \(Markdown.inline("\(target.target): \(Self.word(target))\(symptom)\(why)"))"
            let underWay = underWay(target, in: run)
            guard !(target.steps.isEmpty && underWay.isEmpty) else { return [head, ""] }
            return [head, "", "| step | outcome | why |", "|---|---|---|"]
                + target.steps.map { step in
                    "| \(step.step) | \(step.outcome.word)"
                        + (step.isPassedOver == true ? ", passed over" : "") + " | "
                        + "\(Markdown.inline(step.reason ?? "")) |"
                } + underWay + [""]
        }
        let rest = sorted.count - Self.mostTargets
        return section(
            "What was done", lines + (rest > 0 ? ["\(rest) targets more are in pack.json."] : []))
    }

    /// The row of what a target is at: after a killed leader nobody knows how that went.
    private func underWay(_ target: RunDocument.OfTarget, in run: RunDocument) -> [String] {
        guard let part = target.underWay else { return [] }
        let isBegun = target.isBegun == true
        guard run.isLed == false else {
            return ["| \(part) | \(isBegun ? "under way" : "next") | |"]
        }
        let why =
            isBegun
            ? "it was started, and nobody saw its end: look on the target what was done"
            : "it was not started: nobody leads the run"
        return ["| \(part) | \(isBegun ? "begun, end unknown" : "not begun") | \(why) |"]
    }

    private func led(_ run: RunDocument) -> String {
        guard run.isLed == false else { return "by a living process" }
        return "by nobody: 'handrail resume \(run.run)' goes on, "
            + "'handrail abort \(run.run)' ends it"
    }

    private var awaited: [String] {
        section(
            "What waits for an answer",
            (pack.run?.questions ?? []).flatMap { asked in
                let place = asked.target.map { " on \($0)" } ?? ""
                let due = "until \(time.full(asked.until))"
                let on = asked.target.map { " --on \($0)" } ?? ""
                let run = pack.run?.run.rawValue ?? "RUN"
                let command =
                    asked.choices.isEmpty
                    ? "handrail confirm \(run) \(asked.step)\(on) --note '…'"
                    : "handrail answer \(run) \(asked.step) \(asked.choices[0])\(on)"
                let choices =
                    asked.choices.isEmpty
                    ? "" : " (\(asked.choices.joined(separator: ", ")))"
                return [
                    "- "
                        + Markdown.inline(
                            "\(asked.step)\(place), \(due): \(asked.question)\(choices)")
                        + ": `\(command)`"
                ]
            })
    }

    private static func word(_ target: RunDocument.OfTarget) -> String {
        Outcome(rawValue: target.state)?.word ?? target.state.replacing("_", with: " ")
    }

    private static func isGood(_ target: RunDocument.OfTarget) -> Bool {
        Outcome(rawValue: target.state)?.isGood ?? true
    }

    /// What the runbook says about the steps that failed, also where the sequence went on.
    private var failures: [String] {
        guard let run = pack.run else { return [] }
        let told = run.failures.map { ("", $0) } + run.passedOver.map { (", passed over", $0) }
        return section(
            "What failed",
            told.flatMap { mark, failure -> [String] in
                let why = failure.reason.isEmpty ? "" : ": \(failure.reason)"
                let names = TargetList.text(failure.targets, limit: 6)
                let text = "\(failure.part) on \(names): \(failure.outcome.word)\(mark)\(why)"
                return ["- \(Markdown.inline(text))"]
                    + (failure.advice.map {
                        ["  - the runbook says: \(Markdown.inline(SafeText.line($0)))"]
                    } ?? [])
            })
    }

    private var stops: [String] {
        guard let machine else { return [] }
        return section(
            "Where it stopped",
            RunReport(run: machine).stops.map { stop in
                let names = TargetList.text(stop.targets, limit: 6)
                return "- \(Markdown.inline("\(stop.step) on \(names): \(stop.stop.say)"))"
            })
    }

    private var owed: [String] {
        section(
            "OWED",
            (pack.run?.owed ?? []).map {
                "- \(Markdown.inline("\($0.step) on \($0.target): \($0.reason)")): "
                    + "`handrail pay \(pack.run?.run.rawValue ?? "RUN") --on \($0.target)`"
            })
    }

    private var acts: [String] {
        section(
            "What people did",
            pack.acts.map { act in
                let place = [act.step?.rawValue, act.target.map { "on \($0)" }]
                    .compactMap(\.self).joined(separator: " ")
                let said = act.said.map { ": \($0)" } ?? ""
                let words = [act.act, place].filter { !$0.isEmpty }.joined(separator: " ")
                return "- \(Markdown.inline("\(time.full(act.at)) \(act.actor): \(words)\(said)"))"
            })
    }

    private var undo: [String] {
        section(
            "How it would be undone",
            pack.undo.map { "- \(Markdown.inline("\($0.step): \($0.how)"))" })
    }

    private var outputs: [String] {
        let lines = pack.attempts.prefix(Self.mostAttempts).enumerated().flatMap {
            index, log -> [String] in
            let ending = EndingText.of(log.record.ending, log.key.part)
            let head =
                "\(log.key.part.word) on \(log.key.target): \(ending), "
                + TimeText.length(log.record.durationMilliseconds)
            return ["### \(index + 1). \(Markdown.inline(head))", ""]
                + Self.block("", log.stdout) + Self.block("standard error", log.stderr)
                + Self.diff(of: log)
        }
        let rest = pack.attempts.count - Self.mostAttempts
        return section(
            "What the steps wrote",
            lines + (rest > 0 ? ["\(rest) attempts more are in pack.json."] : []))
    }

    /// What a typed action changed, where it didn't write just that.
    private static func diff(of log: AttemptLog) -> [String] {
        guard let diff = log.record.diff, diff != log.stdout.text else { return [] }
        return ["what it changed, or would have:", ""] + Markdown.block(diff) + [""]
    }

    private static func block(_ name: String, _ stream: AttemptLog.Stream) -> [String] {
        guard stream.totalBytes > 0 else { return [] }
        let cut = stream.stored == nil ? "" : "the end of \(stream.totalBytes) bytes"
        let label = [name, cut].filter { !$0.isEmpty }.joined(separator: ", ")
        return (label.isEmpty ? [] : [label + ":", ""]) + Markdown.block(stream.text) + [""]
    }

    private var earlier: [String] {
        section(
            "Ran before, on these targets or for this ticket",
            pack.earlier.map { run in
                let helped = run.resolution?.rawValue ?? run.state.word
                let names = CountText.listed(run.targets.map(\.rawValue), limit: 3)
                return "- "
                    + Markdown.inline(
                        "\(time.full(run.opened)) \(run.runbook) on \(names) by \(run.actor): "
                            + "\(helped) (\(run.run))")
            })
    }

    private var files: [String] {
        section(
            "Files",
            pack.files.map { "- `\($0.path)`: \(Markdown.inline($0.what)), \($0.sizeBytes) bytes" }
                + pack.missing.map { "- missing: \(Markdown.inline($0))" }
                + (pack.files.isEmpty
                    ? [] : ["", "They are as they were collected: look at them with `less`."]))
    }

    private var proof: [String] {
        section(
            "That this is what was handed over",
            [
                "`sha256sum pack.json` is the `content_digest` of the event `escalated` in the "
                    + "trail, and pack.json has the SHA-256 of every file."
                    + (pack.trail.map { " The trail ended before that at `\($0)`." } ?? "")
            ])
    }
}

/// Text in Markdown that can neither become markup nor drive a terminal.
enum Markdown {
    private static let marks = Set("\\`*_[]<>|#~!&")

    /// One line, its marks escaped, and what means something at the beginning of a line.
    ///
    /// Blanks at the beginning go: four of them would make it a program's text.
    static func inline(_ text: String) -> String {
        let line = SafeText.line(text).drop { $0 == " " }
        let number = line.prefix { $0.isASCII && $0.isNumber }
        // `- + =` begin lists and headings, `1.` and `1)` a numbered list (CommonMark 4.3, 5.2).
        let first: String.Index? =
            if let sign = line.first, "-+=".contains(sign) {
                line.startIndex
            } else if !number.isEmpty, let sign = line[number.endIndex...].first,
                ".)".contains(sign),
                line[number.endIndex...].dropFirst().first.map({ $0 == " " }) ?? true
            { number.endIndex } else { nil }
        return line.indices.reduce(into: "") { shown, index in
            if index == first || marks.contains(line[index]) { shown.append("\\") }
            shown.append(line[index])
        }
    }

    /// Lines within a fence that none of them can end, as one piece.
    static func block(_ text: String) -> [String] {
        var lines = SafeText.lines(text)
        if lines.last?.isEmpty == true { lines.removeLast() }
        let longest = lines.map { $0.drop { $0 == " " }.prefix { $0 == "`" }.count }.max() ?? 0
        let fence = String(repeating: "`", count: max(3, longest + 1))
        return [([fence + "text"] + lines + [fence]).joined(separator: "\n")]
    }
}

import Runbooks
import Runner

/// The JSON form of all open runs of a home.
struct InboxDocument: Encodable, Sendable {
    var format = 1
    let runs: [RunDocument]
}

/// The human form of what waits for a person.
struct InboxView: Sendable {
    let runs: [RunStatus]
    let time: ShownTime
    let style: Style
    let width: Int

    /// One paragraph for each open run, those that wait first.
    var lines: [String] {
        guard !runs.isEmpty else {
            return [
                "Nothing waits for you.",
                style.paint(
                    "'handrail list' shows the runbooks, 'handrail history' the runs.", .faint),
            ]
        }
        let sorted = runs.filter(\.isWaiting) + runs.filter { !$0.isWaiting }
        return Array(sorted.map(paragraph).joined(separator: [""]))
    }

    private func paragraph(_ run: RunStatus) -> [String] {
        let summary = run.summary
        let names = CountText.listed(summary.targets.map(\.rawValue), limit: 3)
        let began = "\(time.ago(summary.opened)) by \(SafeText.line(summary.actor))"
        var lines = [
            style.paint(summary.id.rawValue, .strong) + "  "
                + style.paint(summary.state.word, summary.state.tone)
        ]
        lines += TextWidth.wrapped(
            "\(summary.runbook) on \(names), started \(began)", width: width, indent: 2)
        for awaited in run.awaited {
            let place = awaited.question.target.map { " on \($0)" } ?? ""
            let limit = awaited.isLate ? "overdue" : time.ago(awaited.until)
            lines += item(
                "awaited", .warning,
                "\(awaited.question.step)\(place) (\(limit)): \(awaited.person.text)")
            lines.append("    → " + awaited.command)
        }
        for owed in run.machine.owed {
            lines += item("OWED", .bad, "\(owed.step) on \(owed.target): \(owed.reason)")
            lines.append("    → handrail pay \(summary.id) --on \(owed.target)")
        }
        for failure in run.report.failures {
            lines += item("failed", .bad, FailureText.of(failure))
        }
        if !summary.isLed {
            lines += item("led", .warning, LeadLine(summary: summary).text)
        }
        return lines
    }

    private func item(_ name: String, _ tone: Tone, _ text: String) -> [String] {
        let indent = name.count + 3
        return TextWidth.wrapped(SafeText.line(text), width: width, indent: indent).enumerated()
            .map { $0 == 0 ? "  \(style.paint(name, tone)) \($1.dropFirst(indent))" : $1 }
    }
}

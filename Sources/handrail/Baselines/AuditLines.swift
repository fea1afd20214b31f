import Runbooks
import Runner

/// The lines that an audit's recap and a baseline's report share.
struct AuditLines: Sendable {
    let rows: [BaselineReport.Row]
    let style: Style
    let width: Int
    /// What the library says of runbooks that mend: one target at a time, or several.
    let picks: [RunbookID: TargetRule.Pick]
    /// How instants are shown; nil where none are.
    var time: ShownTime?

    /// Groups that are listed; the JSON has them all.
    private static let mostGroups = 20

    /// What deviates, the most severe first, each with what mends it.
    var deviations: [String] {
        let groups = AuditGroup.of(rows, .deviates)
        return groups.prefix(Self.mostGroups).flatMap { group -> [String] in
            let severity = group.result.severity
            let word = severity == .critical ? "CRITICAL" : severity.rawValue
            let text = "\(group.item) on \(places(group)): \(group.result.deviation ?? "")"
            return item(word, text + drift(of: group), severity.tone) + fix(of: group)
        } + more(groups.count - Self.mostGroups, "kinds of deviations")
    }

    /// What is excepted, and by whom.
    var excepted: [String] {
        AuditGroup.of(rows, .excepted).prefix(Self.mostGroups).flatMap { group -> [String] in
            let exception = group.result.exception
            let until = exception.map { "until \($0.until), \($0.who): \($0.why)" } ?? ""
            return item("excepted", "\(group.item) on \(places(group)): \(until)", .faint)
        }
    }

    /// What could not be looked at, and why.
    var unseen: [String] {
        let groups = AuditGroup.of(rows, .failed)
        return groups.prefix(Self.mostGroups).flatMap { group in
            item(
                "not seen", "\(group.item) on \(places(group)): \(group.result.why ?? "")", .bad)
        } + more(groups.count - Self.mostGroups, "kinds of failures")
    }

    /// How many results there are of each kind.
    static func words(_ verdicts: [AuditResult.Verdict: Int]) -> String {
        let words: [(AuditResult.Verdict, String)] = [
            (.complies, "comply"), (.deviates, "deviate"), (.excepted, "excepted"),
            (.failed, "not seen"),
        ]
        let parts = words.compactMap { verdict, word in
            verdicts[verdict].map { "\($0) \(word)" }
        }
        return parts.isEmpty ? "nothing seen" : parts.joined(separator: ", ")
    }

    /// The results by a label's values.
    func counted(_ counts: [AuditCounts], by label: String) -> [String] {
        counts.enumerated().flatMap { index, count in
            let value = count.value.map { "\(label) \($0)" } ?? "no \(label)"
            return item(
                index == 0 ? "by \(label)" : "",
                "\(value): \(CountText.of(count.targets, "target")): \(Self.words(count.verdicts))")
        }
    }

    /// A name with text beside it, in as many lines as it needs.
    func item(_ name: String, _ text: String, _ tone: Tone = .plain) -> [String] {
        TextWidth.wrapped(SafeText.line(text), width: width, indent: 15).enumerated()
            .map { index, line in
                let left = TextWidth.padded(index == 0 ? name : "", to: 12)
                return "  " + style.paint(left, index == 0 ? tone : .plain) + " "
                    + line.dropFirst(15)
            }
    }

    private func places(_ group: AuditGroup) -> String {
        "\(CountText.of(group.targets.count, "target")) (\(TargetList.text(group.targets, limit: 3)))"
    }

    private func drift(of group: AuditGroup) -> String {
        switch group.drift {
        case .new: return "; new"
        case .staying:
            let since = group.since.flatMap { since in time.map { $0.both(since) } }
            return since.map { "; since \($0)" } ?? "; it stays"
        case .mended, nil: return ""
        }
    }

    /// Commands are never broken: they are pasted.
    private func fix(of group: AuditGroup) -> [String] {
        guard let fix = group.fix else { return [] }
        let commands = FixText.commands(fix, on: group.targets, pick: picks[fix.runbook])
        return commands.prefix(FixText.mostCommands).map {
            String(repeating: " ", count: 15) + style.paint($0, .strong)
        } + more(commands.count - FixText.mostCommands, "targets to mend")
    }

    private func more(_ count: Int, _ what: String) -> [String] {
        count > 0 ? item("", "… \(count) more \(what)", .faint) : []
    }
}

extension ItemSeverity {
    /// How a deviation stands out.
    var tone: Tone {
        switch self {
        case .critical: .bad
        case .major: .warning
        case .minor: .plain
        }
    }
}

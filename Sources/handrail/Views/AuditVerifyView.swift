import Audit

/// What a verification found, for people.
struct AuditVerifyView: Sendable {
    let found: TrailVerification
    let path: String
    /// How long it took.
    let milliseconds: Int64

    /// Lines that say first whether it can be believed, then what is wrong.
    ///
    /// Sentences are wrapped to the width; paths and heads stay whole, to be copied.
    func lines(_ style: Style, width: Int) -> [String] {
        let what =
            "\(CountText.of(found.events, "event")) in \(CountText.of(found.commits, "commit"))"
        var lines: [String] = []
        if found.isConsistent {
            let words = found.isAnchored ? "consistent, anchored" : "consistent, not anchored"
            lines.append(style.paint(words, found.isAnchored ? .good : .warning) + ": \(what)")
        } else {
            lines.append(
                style.paint("NOT the trail that was written", .bad)
                    + ": \(CountText.of(found.findingCount, "finding")); "
                    + (found.lastTrusted > 0
                        ? "nothing after event \(found.lastTrusted) can be trusted"
                        : "nothing in it can be trusted"))
        }
        lines.append("trail    \(path)")
        if let controller = found.controller { lines.append("writer   \(controller)") }
        if let tip = found.tip { lines.append("head     \(tip.text)") }
        lines += found.findings.flatMap { self.lines(for: $0, style, width) }
        let rest = found.findingCount - found.findings.count
        if rest > 0 { lines.append("… and \(rest) more") }
        if found.isConsistent, !found.isAnchored {
            lines.append("")
            lines += TextWidth.wrapped(
                "Nothing outside was compared, so a trail that was cut at its end, or made anew"
                    + " with the same key, looks the same.", width: width)
            lines.append("Compare it with a head that somebody kept: --anchor SIZE:HASH")
        }
        return lines
    }

    private func lines(for finding: TrailFinding, _ style: Style, _ width: Int) -> [String] {
        let place = [
            finding.sequence.map { "event \($0)" }, finding.path,
            finding.commit.map { "commit \($0.prefix(12))" },
        ].compactMap { $0 }.joined(separator: ", ")
        return [
            style.paint("  \(finding.kind.rawValue)", .bad) + (place.isEmpty ? "" : "  \(place)")
        ] + TextWidth.wrapped(finding.message, width: width, indent: 6)
    }
}

/// The form of `audit verify --json` (docs/json.md).
struct AuditVerifyDocument: Encodable, Sendable {
    /// One finding, and where.
    struct Finding: Encodable, Sendable {
        let kind: String
        let commit: String?
        let path: String?
        let event: Int?
        let message: String
        let lastTrusted: Int

        private enum CodingKeys: String, CodingKey {
            case kind, commit, path, event, message
            case lastTrusted = "last_trusted"
        }
    }

    let format = 1
    let consistent: Bool
    let anchored: Bool
    let events: Int
    let commits: Int
    let head: String?
    let commit: String?
    let controller: String?
    let lastTrusted: Int
    let findingCount: Int
    let findings: [Finding]

    private enum CodingKeys: String, CodingKey {
        case format, consistent, anchored, events, commits, head, commit, controller, findings
        case lastTrusted = "last_trusted"
        case findingCount = "finding_count"
    }

    init(_ found: TrailVerification) {
        consistent = found.isConsistent
        anchored = found.isAnchored
        events = found.events
        commits = found.commits
        head = found.tip?.text
        commit = found.commit
        controller = found.controller
        lastTrusted = found.lastTrusted
        findingCount = found.findingCount
        findings = found.findings.map {
            Finding(
                kind: $0.kind.rawValue, commit: $0.commit, path: $0.path, event: $0.sequence,
                message: $0.message, lastTrusted: $0.lastTrusted)
        }
    }
}

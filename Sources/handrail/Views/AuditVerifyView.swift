import Audit

/// A copy of a trail in a folder of this machine, which a verification compared it with.
struct TrailCopy: Sendable, Hashable, Encodable {
    let folder: String
    /// Whether it is on the trail's own file system: then it is no anchor.
    let isBeside: Bool

    private enum CodingKeys: String, CodingKey {
        case folder
        case isBeside = "same_file_system"
    }
}

/// What a verification found, for people.
struct AuditVerifyView: Sendable {
    let found: TrailVerification
    let path: String
    /// What it was compared with, where that is in a folder.
    var copy: TrailCopy?
    /// How many events of the journal weren't in it yet.
    var unsealed = 0
    /// The columns to wrap what is said at; nil for any number.
    var width: Int?

    /// Lines that say first whether it can be believed, then what is wrong.
    func lines(_ style: Style) -> [String] {
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
        lines += found.findings.flatMap { self.lines(for: $0, style) }
        let rest = found.findingCount - found.findings.count
        if rest > 0 { lines.append("… and \(rest) more") }
        if found.isConsistent, found.events == 0, unsealed > 0 {
            lines += wrapped(
                "Nothing is sealed yet: \(CountText.of(unsealed, "event")) of the journal will be, "
                    + "before the next leader of a run does anything.")
        }
        if found.isConsistent { lines += proof.flatMap { wrapped($0) } }
        return lines
    }

    /// How much it proves that nothing was found.
    private var proof: [String] {
        guard !found.isAnchored else { return agreement.map { ["", $0] } ?? [] }
        return [
            "", agreement,
            "Nothing outside was compared, so a trail that was cut at its end, or made anew"
                + " with the same key, looks the same.",
            "Compare it with a head that somebody kept: --anchor SIZE:HASH",
        ].compactMap(\.self)
    }

    /// What it is worth that a copy on this machine agrees.
    private var agreement: String? {
        copy.map {
            let folder = SafeText.line($0.folder)
            return $0.isBeside
                ? "\(folder) agrees, but is on the same file system: whoever can change this trail "
                    + "can change that copy too."
                : "\(folder) agrees, a folder of this machine on another file system: it proves as "
                    + "much as whoever can change this trail can't write there."
        }
    }

    private func wrapped(_ text: String, indent: Int = 0) -> [String] {
        width.map { TextWidth.wrapped(text, width: $0, indent: indent) }
            ?? [String(repeating: " ", count: indent) + text]
    }

    private func lines(for finding: TrailFinding, _ style: Style) -> [String] {
        let place = [
            finding.sequence.map { "event \($0)" }, finding.path,
            finding.commit.map { "commit \($0.prefix(12))" },
        ].compactMap { $0 }.joined(separator: ", ")
        return [
            style.paint("  \(finding.kind.rawValue)", .bad) + (place.isEmpty ? "" : "  \(place)")
        ] + wrapped(finding.message, indent: 6)
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
    /// What it was compared with, where that is in a folder.
    let copy: TrailCopy?

    private enum CodingKeys: String, CodingKey {
        case format, consistent, anchored, events, commits, head, commit, controller, findings
        case copy
        case lastTrusted = "last_trusted"
        case findingCount = "finding_count"
    }

    init(_ found: TrailVerification, copy: TrailCopy? = nil) {
        self.copy = copy
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

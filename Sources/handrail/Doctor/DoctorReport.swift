import Runbooks

/// What one check of `doctor` found.
struct DoctorFinding: Encodable, Sendable, Hashable {
    /// How it stands.
    enum Verdict: String, Encodable, Sendable { case ok, warning, problem }

    let verdict: Verdict
    /// What was looked at, such as `ssh` or `library`.
    let check: String
    let message: String
    /// What to do; nil when all is well.
    let remedy: String?

    init(_ verdict: Verdict, _ check: String, _ message: String, remedy: String? = nil) {
        self.verdict = verdict
        self.check = check
        self.message = message
        self.remedy = remedy
    }
}

/// All findings of `doctor`.
struct DoctorReport: Sendable {
    /// The JSON form.
    struct Document: Encodable, Sendable {
        var format = 1
        let findings: [DoctorFinding]
        let problems: Int
        let warnings: Int
    }

    let findings: [DoctorFinding]

    /// How many findings keep runs from working.
    var problems: Int { findings.count { $0.verdict == .problem } }
    var warnings: Int { findings.count { $0.verdict == .warning } }

    var document: Document {
        Document(findings: findings, problems: problems, warnings: warnings)
    }

    /// A line for each finding, remedies below, the count at the end.
    func lines(style: Style, width: Int) -> [String] {
        let wide = findings.map { TextWidth.of($0.check) }.max() ?? 0
        var lines: [String] = []
        for finding in findings {
            let (sign, tone): (String, Tone) =
                switch finding.verdict {
                case .ok: ("✓", .good)
                case .warning: ("!", .warning)
                case .problem: ("✗", .bad)
                }
            let lead = "\(sign) \(TextWidth.padded(finding.check, to: wide))  "
            let margin = String(repeating: " ", count: wide + 4)
            let text = TextWidth.wrapped(
                SafeText.line(finding.message), width: max(30, width - wide - 4))
            lines.append(style.paint(lead, tone) + (text.first ?? ""))
            lines += text.dropFirst().map { margin + $0 }
            if let remedy = finding.remedy {
                let advice = TextWidth.wrapped(
                    SafeText.line(remedy), width: max(30, width - wide - 6))
                lines += advice.enumerated().map { margin + ($0 == 0 ? "→ " : "  ") + $1 }
            }
        }
        return lines + ["", verdict(style)]
    }

    private func verdict(_ style: Style) -> String {
        if problems > 0 {
            return style.paint(CountText.of(problems, "problem"), .bad)
                + (warnings > 0 ? ", \(CountText.of(warnings, "warning"))" : "")
        }
        return warnings > 0
            ? style.paint(CountText.of(warnings, "warning"), .warning)
                + ", nothing that stops a run"
            : style.paint("All is well.", .good)
    }
}

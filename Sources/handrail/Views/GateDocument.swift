import Runner

/// The JSON form of the gates' verdicts about a plan.
struct GateDocument: Encodable, Sendable {
    /// One gate.
    struct Line: Encodable, Sendable {
        /// From 1 to 8 (docs/semantics.md, "Gates").
        let gate: Int
        let name: String
        /// `open`, `waiting`, `refused` or `not applicable`.
        let verdict: String
        /// The rule, what is waited for, or each reason.
        let reasons: [String]
        /// For `waiting`: until when.
        let until: Timestamp?
        let stops: Bool

        init(_ line: GateReport.Line) {
            gate = line.gate.rawValue
            name = line.gate.name
            stops = line.stops
            switch line.verdict {
            case .open(let rule): (verdict, reasons, until) = ("open", [rule], nil)
            case .waiting(let what, let instant):
                (verdict, reasons, until) = ("waiting", [what], instant)
            case .refused(let why): (verdict, reasons, until) = ("refused", why, nil)
            case .notApplicable(let rule):
                (verdict, reasons, until) = ("not applicable", [rule.rawValue], nil)
            }
        }
    }

    let isOpen: Bool
    let asksForTargetCount: Bool
    let lines: [Line]

    private enum CodingKeys: String, CodingKey {
        case lines
        case isOpen = "is_open"
        case asksForTargetCount = "asks_for_target_count"
    }

    init(_ report: GateReport) {
        isOpen = report.isOpen
        asksForTargetCount = report.asksForTargetCount
        lines = report.lines.map(Line.init)
    }
}

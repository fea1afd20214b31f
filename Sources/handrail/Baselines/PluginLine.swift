import Runbooks
import Runner

/// What a monitoring plugin says of baselines: one line, and its status.
///
/// Source: Monitoring Plugins Development Guidelines, "Plugin Output" and "Return Codes".
struct PluginLine: Sendable {
    /// The convention's own codes; none of them is one of Handrail's.
    enum Status: Int32, Sendable {
        case ok = 0
        case warning, critical, unknown

        /// The code with which the process ends.
        var exit: ExitCode { ExitCode(rawValue: rawValue) ?? .internalError }

        fileprivate var word: String {
            switch self {
            case .ok: "OK"
            case .warning: "WARNING"
            case .critical: "CRITICAL"
            case .unknown: "UNKNOWN"
            }
        }
    }

    let status: Status
    /// The line, with its performance figures behind the bar.
    let text: String

    init(_ reports: [BaselineReport]) {
        let rows = reports.flatMap(\.rows)
        let deviations = rows.filter { $0.result.verdict == .deviates }
        let counts = Dictionary(grouping: deviations, by: \.result.severity).mapValues(\.count)
        let unseen = rows.count { $0.result.verdict == .failed }
        let overdue = reports.reduce(0) { $0 + $1.overdue.count }
        if counts[.critical] != nil {
            status = .critical
        } else if reports.allSatisfy({ $0.newest == nil }) {
            status = .unknown
        } else if !deviations.isEmpty || unseen > 0 || overdue > 0 {
            status = .warning
        } else {
            status = .ok
        }
        var parts = ItemSeverity.allCases.compactMap { severity in
            counts[severity].map { "\($0) \(severity.rawValue)" }
        }
        let worst = AuditGroup.of(rows, .deviates).prefix(3).map {
            "\($0.item) on \(TargetList.text($0.targets, limit: 2))"
        }
        var says: [String] = []
        if reports.allSatisfy({ $0.newest == nil }) { says.append("never audited") }
        if !parts.isEmpty {
            parts = ["\(parts.joined(separator: ", ")) deviate: \(worst.joined(separator: "; "))"]
        }
        says += parts
        if unseen > 0 { says.append("\(unseen) not seen") }
        if overdue > 0 { says.append("\(CountText.of(overdue, "target")) overdue") }
        let complying = rows.count { $0.result.verdict == .complies }
        if says.isEmpty { says.append("\(complying) results comply") }
        let excepted = rows.count { $0.result.verdict == .excepted }
        let figures = [
            ("complies", complying), ("deviates", deviations.count), ("excepted", excepted),
            ("failed", unseen), ("overdue", overdue),
        ]
        // The bar begins the figures: no text may hold one.
        let said = SafeText.line(says.joined(separator: ", ")).replacing("|", with: "/")
        text =
            "HANDRAIL \(status.word) - \(said) | "
            + figures.map { "\($0)=\($1)" }.joined(separator: " ")
    }
}

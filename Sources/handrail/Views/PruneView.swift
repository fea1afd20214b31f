import Audit
import Runbooks
import Runner

/// The form of `prune --json` (docs/json.md).
struct PruneDocument: Encodable, Sendable {
    var format = 1
    let dryRun: Bool
    let before: Timestamp
    let outputs: Int
    let outputBytes: Int
    let leftovers: [String]
    let leftoverBytes: Int
    let recorded: Bool
    /// Where the trail ends now; nil where nothing was recorded.
    let trail: String?

    init(_ report: HomePrune.Report, isDryRun: Bool) {
        (dryRun, before) = (isDryRun, report.before)
        (outputs, outputBytes) = (report.outputs, report.outputBytes)
        (leftovers, leftoverBytes) = (report.leftovers, report.leftoverBytes)
        recorded = report.trail != nil
        trail = report.trail
    }

    private enum CodingKeys: String, CodingKey {
        case format, before, outputs, leftovers, recorded, trail
        case dryRun = "dry_run"
        case outputBytes = "output_bytes"
        case leftoverBytes = "leftover_bytes"
    }
}

/// What is said of what was removed, or would be.
struct PruneView: Sendable {
    let report: HomePrune.Report
    let isDryRun: Bool

    /// What, how many, how much.
    func lines(_ time: ShownTime) -> [String] {
        let verb = isDryRun ? "would be removed" : "removed"
        guard !report.isNothing else {
            return [
                "Nothing to remove: no output of a run that ended before "
                    + "\(time.both(report.before)), and nothing that a killed command left."
            ]
        }
        var lines: [String] = []
        if report.outputs > 0 {
            lines.append(
                "\(CountText.of(report.outputs, "output")) of runs that ended before "
                    + "\(time.both(report.before)) \(verb): \(SizeText.of(report.outputBytes))")
        }
        if !report.leftovers.isEmpty {
            lines.append(
                "\(CountText.of(report.leftovers.count, "leftover")) of killed commands \(verb): "
                    + SizeText.of(report.leftoverBytes))
            lines += report.leftovers.map { "  " + SafeText.line($0) }
        }
        return lines
    }
}

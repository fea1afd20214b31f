import Audit
import Runbooks
import Runner

/// The form of `backup --json` (docs/json.md).
struct BackupDocument: Encodable, Sendable {
    var format = 1
    let file: String
    let bytes: Int
    let sha256: String
    let created: Timestamp
    let runs: Int
    let openRuns: [String]
    let events: Int
    let contents: Int
    let keys: Bool
    /// Where the trail in it ends: `size:hash`; nil where it had none yet.
    let trail: String?
    let damaged: [String]
    let leftOut: [String]

    private enum CodingKeys: String, CodingKey {
        case format, file, bytes, sha256, created, runs, events, contents, keys, trail, damaged
        case openRuns = "open_runs"
        case leftOut = "left_out"
    }
}

/// What is said of a backup that was taken.
struct BackupView: Sendable {
    let report: HomeBackup.Report
    let path: String

    var document: BackupDocument {
        let manifest = report.manifest
        return BackupDocument(
            file: path, bytes: report.bytes, sha256: report.sha256, created: manifest.created,
            runs: manifest.runs, openRuns: manifest.openRuns, events: manifest.events,
            contents: manifest.contents, keys: manifest.hasKeys,
            trail: manifest.trail?.anchor, damaged: report.damaged, leftOut: report.leftOut)
    }

    /// What is in it, its size, and what to write down elsewhere.
    func lines(_ time: ShownTime) -> [String] {
        let manifest = report.manifest
        let open = manifest.openRuns
        let runs =
            CountText.of(manifest.runs, "run")
            + (open.isEmpty
                ? "" : ", \(open.count) open: " + CountText.listed(open, limit: 3))
        return [
            "\(SafeText.line(path))  \(SizeText.of(report.bytes))",
            "  journal   \(runs)",
            "  trail     "
                + (manifest.trail.map { "\(SafeText.line($0.controller)), ends at \($0.anchor)" }
                    ?? "none yet"),
            "  outputs   \(manifest.contents)",
            "  keys      "
                + (manifest.hasKeys
                    ? "in it, mode 0600: whoever has the file can sign as this controller"
                    : "not in it: keep \(SafeText.line(manifest.home))/keys elsewhere"),
            "  left out  "
                + (report.leftOut.isEmpty
                    ? "nothing" : CountText.listed(report.leftOut.map(SafeText.line), limit: 6)),
            "  sha256    \(report.sha256)",
            "Write the trail's end and the sha256 down elsewhere; it is restored with "
                + "'handrail restore FILE'.",
        ]
    }

    /// What is wrong with what was copied, and what was found on the way.
    func warn(_ console: Console) {
        if !report.damaged.isEmpty {
            console.warn(
                "\(CountText.of(report.damaged.count, "content")) in the home is damaged, and is "
                    + "so in the backup: \(CountText.listed(report.damaged, limit: 2)).",
                hint: "an older backup may have them whole")
        }
        for name in report.removed { console.note("removed \(name), which a killed backup left") }
    }
}

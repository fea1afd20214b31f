import Runbooks
import Runner

/// The JSON form of what is due.
struct DueDocument: Encodable, Sendable {
    /// A baseline in one environment.
    struct Entry: Encodable, Sendable {
        let baseline: RunbookID
        let environment: String
        let everyMilliseconds: Int64?
        /// The targets that are due now.
        let due: [TargetName]
        /// How many targets it has there.
        let targets: Int
        /// When the next one is due; left out where one is now.
        let next: Timestamp?
        /// When one was last tried.
        let tried: Timestamp?

        private enum CodingKeys: String, CodingKey {
            case baseline, environment, due, targets, next, tried
            case everyMilliseconds = "every_ms"
        }
    }

    var format = 1
    let entries: [Entry]

    init(_ due: DueAudits) {
        entries = due.entries.map {
            Entry(
                baseline: $0.baseline.id, environment: $0.environment,
                everyMilliseconds: $0.baseline.baseline?.every?.inMilliseconds, due: $0.due,
                targets: $0.targets.count, next: $0.next, tried: $0.tried)
        }
    }
}

/// The human form of what is due.
struct DueView: Sendable {
    let due: DueAudits
    let time: ShownTime
    let style: Style

    /// A table, one row for each baseline and environment.
    func lines(width: Int?) -> [String] {
        var table = Table(
            Table.Column("BASELINE", .whole), "WHERE", "EVERY", "TARGETS", "DUE",
            Table.Column("LAST TRIED", .spare))
        for entry in due.entries {
            let isDue = !entry.due.isEmpty
            let next = entry.next.map { time.ago($0) } ?? "-"
            table.add(
                Table.Cell(entry.baseline.id.rawValue, .strong),
                Table.Cell(entry.environment),
                Table.Cell(entry.baseline.baseline?.every.map(formatDuration) ?? "-"),
                Table.Cell("\(entry.targets.count)"),
                isDue
                    ? Table.Cell("now: \(CountText.of(entry.due.count, "target"))", .warning)
                    : Table.Cell(next),
                Table.Cell(entry.tried.map { time.ago($0) } ?? "never"))
        }
        return table.lines(width: width, style: style)
    }
}

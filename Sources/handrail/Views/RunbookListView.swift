import Runbooks
import Runner

/// A runbook in a list, with what is known of its runs here.
struct RunbookEntry: Encodable, Sendable {
    /// A past run of it.
    struct Past: Encodable, Sendable {
        let run: RunID
        let at: Timestamp
        let actor: String
        let state: RunState
        let resolution: RunResolution?

        init(_ summary: RunSummary) {
            run = summary.id
            at = summary.opened
            actor = summary.actor
            state = summary.state
            resolution = summary.resolution
        }
    }

    let id: RunbookID
    let title: String
    let kind: RunbookKind
    let owner: String
    let alerts: [String]
    private(set) var last: Past?
    private(set) var lastResolved: Past?
    /// How many runs this home remembers of it.
    private(set) var runs = 0
    /// Warnings of it that stand, the newest first.
    private(set) var flags: [RaisedFlag] = []

    private enum CodingKeys: String, CodingKey {
        case id, title, kind, owner, alerts, last
        case lastResolved = "last_resolved"
        case runs, flags
    }

    init(_ runbook: Runbook) {
        id = runbook.id
        title = runbook.title
        kind = runbook.kind
        owner = runbook.owner
        alerts = runbook.symptoms.flatMap(\.alerts)
    }

    /// Takes what a home remembers of this runbook.
    mutating func take(_ memory: HomeMemory) {
        let own = memory.runs.filter { $0.runbook == id }
        flags = memory.flags(of: id)
        last = own.first.map(Past.init)
        lastResolved = own.first { $0.resolution == .resolved }.map(Past.init)
        runs = own.count
    }
}

/// The JSON form of a list of runbooks.
struct RunbookList: Encodable, Sendable {
    var format = 1
    let library: String
    let runbooks: [RunbookEntry]
    /// Why nothing is known of runs and flags; nil where it is.
    var noHistory: String?

    private enum CodingKeys: String, CodingKey {
        case format, library, runbooks
        case noHistory = "no_history"
    }
}

/// The human form of a list of runbooks.
struct RunbookListView: Sendable {
    let entries: [RunbookEntry]
    let time: ShownTime
    let style: Style

    /// The table.
    func lines(width: Int?) -> [String] {
        var table = Table(
            Table.Column("RUNBOOK", .whole), "WHAT", Table.Column("KIND", .spare),
            Table.Column("ALERTS", .spare), Table.Column("LAST RUN", .whole))
        for entry in entries {
            table.add(
                Table.Cell(entry.id.rawValue, .strong), title(entry),
                Table.Cell(entry.kind.rawValue),
                Table.Cell(SafeText.line(CountText.listed(entry.alerts, limit: 2))),
                last(entry))
        }
        return table.lines(width: width, style: style)
    }

    private func title(_ entry: RunbookEntry) -> Table.Cell {
        let title = SafeText.line(entry.title)
        return entry.flags.isEmpty ? Table.Cell(title) : Table.Cell("FLAGGED " + title, .bad)
    }

    private func last(_ entry: RunbookEntry) -> Table.Cell {
        guard let last = entry.last else { return Table.Cell("-", .faint) }
        let word = last.resolution?.rawValue ?? last.state.word
        return Table.Cell("\(time.ago(last.at)): \(word)", last.resolution?.tone ?? .plain)
    }
}

import Runner

/// The JSON form of a list of runs.
struct HistoryDocument: Encodable, Sendable {
    var format = 1
    let runs: [RunHeader]
}

/// The human form of a list of runs.
struct HistoryView: Sendable {
    let runs: [RunSummary]
    let time: ShownTime
    let style: Style

    /// The table.
    func lines(width: Int?) -> [String] {
        var table = Table("STARTED", "RUN", "RUNBOOK", "TARGETS", "STATE", "HELPED", "BY", "TOOK")
        for run in runs {
            let took = run.closed.map { TimeText.length($0.since(run.opened)) } ?? "open"
            table.add(
                Table.Cell(time.full(run.opened)), Table.Cell(run.id.rawValue, .strong),
                Table.Cell(run.runbook.rawValue),
                Table.Cell(CountText.listed(run.targets.map(\.rawValue), limit: 2)),
                Table.Cell(run.state.word, run.state.tone),
                Table.Cell(run.resolution?.rawValue ?? "-", run.resolution?.tone ?? .faint),
                Table.Cell(SafeText.line(run.actor)), Table.Cell(took))
        }
        return table.lines(width: width, style: style)
    }
}

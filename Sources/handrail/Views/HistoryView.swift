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

    /// The table; where room is short, one word says how a run ended.
    func lines(width: Int?) -> [String] {
        let wide = wide
        guard let width, wide.naturalWidth > width else {
            return wide.lines(width: width, style: style)
        }
        return narrow.lines(width: width, style: style)
    }

    private var wide: Table {
        var table = Table("STARTED", "RUN", "RUNBOOK", "TARGETS", "STATE", "HELPED", "BY", "TOOK")
        for run in runs {
            table.add(
                Table.Cell(time.full(run.opened)), Table.Cell(run.id.rawValue, .strong),
                Table.Cell(run.runbook.rawValue), targets(of: run),
                Table.Cell(run.state.word, run.state.tone),
                Table.Cell(run.resolution?.rawValue ?? "-", run.resolution?.tone ?? .faint),
                Table.Cell(SafeText.line(run.actor)), took(run))
        }
        return table
    }

    private var narrow: Table {
        var table = Table(
            Table.Column("RUN", .whole), "STARTED", "RUNBOOK", "TARGETS", "RESULT",
            Table.Column("TOOK", .spare), Table.Column("BY", .spare))
        for run in runs {
            table.add(
                Table.Cell(run.id.rawValue, .strong), Table.Cell(time.ago(run.opened)),
                Table.Cell(run.runbook.rawValue), targets(of: run), Self.result(of: run),
                took(run), Table.Cell(SafeText.line(run.actor)))
        }
        return table
    }

    private func targets(of run: RunSummary) -> Table.Cell {
        Table.Cell(CountText.listed(run.targets.map(\.rawValue), limit: 2))
    }

    private func took(_ run: RunSummary) -> Table.Cell {
        Table.Cell(run.closed.map { TimeText.length($0.since(run.opened)) } ?? "open")
    }

    /// Whether a run helped, for one that went well; else how it stands.
    private static func result(of run: RunSummary) -> Table.Cell {
        guard run.state == .succeeded, let resolution = run.resolution else {
            return Table.Cell(run.state.word, run.state.tone)
        }
        return Table.Cell(resolution.rawValue, resolution.tone)
    }
}

import Runbooks
import Runner

/// The JSON form of a list of runs.
struct HistoryDocument: Encodable, Sendable {
    var format = 1
    let runs: [RunHeader]
    let helped: [HelpedHere]
}

/// What a runbook came to on a target.
struct HelpedHere: Encodable, Sendable {
    let runbook: RunbookID
    let target: TargetName
    private(set) var past = PastUse()
    /// Who started the newest.
    let lastActor: String

    private enum CodingKeys: String, CodingKey {
        case runbook, target, past
        case lastActor = "last_actor"
    }

    /// From runs with the newest first: what was run most often first.
    ///
    /// Of a run over several targets `ends` has how each ended; one that it never started is none
    /// of that target's runs.
    static func of(
        _ runs: [RunSummary], on target: TargetName? = nil,
        ends: [RunID: [TargetName: TargetEnd]] = [:]
    ) -> [HelpedHere] {
        var found: [HelpedHere] = []
        var places: [String: Int] = [:]
        // A rollback is no use of its runbook: it takes one back.
        for run in runs where run.goesOnAs != .rollback {
            for name in run.targets where target == nil || name == target {
                let end = ends[run.id].map { $0[name] }
                if let end, end?.outcome == nil { continue }
                let index = places["\(run.runbook) \(name)", default: found.count]
                if index == found.count {
                    places["\(run.runbook) \(name)"] = index
                    found.append(
                        HelpedHere(runbook: run.runbook, target: name, lastActor: run.actor))
                }
                found[index].past.take(run, end.map { $0?.resolution } ?? run.resolution)
            }
        }
        // `sort` keeps no order among equals.
        return found.enumerated().sorted {
            ($1.element.past.runs, $0.offset) < ($0.element.past.runs, $1.offset)
        }.map(\.element)
    }
}

/// The human form of what helped and what did not.
struct HelpedView: Sendable {
    /// Rows that are shown; the JSON has all.
    private static let mostRows = 15

    let helped: [HelpedHere]
    let time: ShownTime
    let style: Style

    /// A table, one row for each runbook and target.
    func lines(width: Int?) -> [String] {
        guard !helped.isEmpty else { return [] }
        var table = Table(
            Table.Column("RUNBOOK", .whole), "TARGET", "RUNS", "HELPED", "NOT", "UNCLEAR",
            Table.Column("LAST", .spare), Table.Column("BY", .spare))
        for row in helped.prefix(Self.mostRows) {
            table.add(
                Table.Cell(row.runbook.rawValue, .strong), Table.Cell(row.target.rawValue),
                Table.Cell("\(row.past.runs)"), count(row.past.resolved, .good),
                count(row.past.unresolved, .bad), count(row.past.unclear, .warning),
                Table.Cell(row.past.last.map { time.ago($0) } ?? "-"),
                Table.Cell(SafeText.line(row.lastActor)))
        }
        let rest = helped.count - Self.mostRows
        return ["", style.paint("What helped", .strong)]
            + table.lines(width: width, style: style)
            + (rest > 0 ? [style.paint("… and \(rest) more (--json has all)", .faint)] : [])
    }

    private func count(_ number: Int, _ tone: Tone) -> Table.Cell {
        number == 0 ? Table.Cell("-", .faint) : Table.Cell("\(number)", tone)
    }
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
                runbook(of: run), targets(of: run),
                Table.Cell(run.state.word, run.state.tone),
                Self.helped(run),
                Table.Cell(SafeText.line(run.actor)), took(run))
        }
        return table
    }

    private var narrow: Table {
        var table = Table(
            Table.Column("RUN", .whole), "STARTED", "RUNBOOK", "TARGETS",
            Table.Column("RESULT", .whole),
            Table.Column("TOOK", .spare), Table.Column("BY", .spare))
        for run in runs {
            table.add(
                Table.Cell(run.id.rawValue, .strong), Table.Cell(time.ago(run.opened)),
                Table.Cell(run.runbook.rawValue, run.isGlassBroken ? .alarm : .plain),
                targets(of: run), Self.result(of: run),
                took(run), Table.Cell(SafeText.line(run.actor)))
        }
        return table
    }

    /// Whether it helped; a rollback is asked for no more than to undo.
    private static func helped(_ run: RunSummary) -> Table.Cell {
        guard let resolution = run.resolution, run.goesOnAs != .rollback else {
            return Table.Cell("-", .faint)
        }
        return Table.Cell(resolution.rawValue, resolution.tone)
    }

    /// The runbook, and whether the run goes on from another one.
    private func runbook(of run: RunSummary) -> Table.Cell {
        Table.Cell(
            run.runbook.rawValue + (run.goesOnAs.map { " (\($0.rawValue))" } ?? "")
                + (run.isGlassBroken ? " BREAK-GLASS" : ""), run.isGlassBroken ? .alarm : .plain)
    }

    private func targets(of run: RunSummary) -> Table.Cell {
        Table.Cell(CountText.listed(run.targets.map(\.rawValue), limit: 2))
    }

    private func took(_ run: RunSummary) -> Table.Cell {
        Table.Cell(run.closed.map { TimeText.length($0.since(run.opened)) } ?? "open")
    }

    /// Whether a run helped, for one that went well; else how it stands.
    ///
    /// With it, whether it goes on from another one, unless the word says so.
    private static func result(of run: RunSummary) -> Table.Cell {
        let isSaid = [.rollingBack, .rolledBack, .rollbackFailed].contains(run.state)
        let kind = isSaid ? "" : run.goesOnAs.map { " (\($0.rawValue))" } ?? ""
        guard run.state == .succeeded, let resolution = run.resolution else {
            return Table.Cell(run.state.word + kind, run.state.tone)
        }
        return Table.Cell(resolution.rawValue + kind, resolution.tone)
    }
}

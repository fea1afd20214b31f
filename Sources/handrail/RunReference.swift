import Audit
import Foundation
import Runbooks
import Runner

/// A run as people name it: its id, the beginning or the end of one, or `last`.
struct RunReference: Sendable {
    /// How many runs are looked through.
    private static let limit = 20_000
    /// How many ids an error names.
    private static let namedRuns = 5

    let text: String

    init(_ text: String) { self.text = text }

    /// The run that is meant.
    ///
    /// - Throws: `Failure` (invalidInput) when none or several fit, `JournalError`.
    func resolve(in journal: SQLiteJournal) async throws -> RunSummary {
        if text == "last" {
            guard let newest = try await journal.runs(matching: RunFilter(limit: 1)).first else {
                throw none(near: nil)
            }
            return newest
        }
        let runs = try await journal.runs(matching: RunFilter(limit: Self.limit))
        if let exact = runs.first(where: { $0.id.rawValue == text }) { return exact }
        let fitting = text.isEmpty ? [] : runs.filter { fits($0.id) }
        guard fitting.count <= 1 else { throw several(fitting) }
        guard let run = fitting.first else {
            throw none(near: nearestName(to: text, among: runs.prefix(500).map(\.id.rawValue)))
        }
        return run
    }

    private func fits(_ id: RunID) -> Bool {
        id.rawValue.hasPrefix(text) || id.rawValue.hasPrefix("r-" + text)
            || id.rawValue.hasSuffix(text)
    }

    private func none(near: String?) -> Failure {
        Failure(
            .invalidInput, code: "journal.notFound",
            text == "last"
                ? "There is no run in this home yet."
                : "There is no run \(printableExcerpt(text)) in this home.",
            hint: near.map { "did you mean \($0)?" } ?? "'handrail history' lists the runs")
    }

    private func several(_ runs: [RunSummary]) -> Failure {
        let names = CountText.listed(runs.map(\.id.rawValue), limit: Self.namedRuns)
        return Failure(
            .invalidInput, code: "run.ambiguous",
            "\(printableExcerpt(text)) fits \(runs.count) runs: \(names).",
            hint: "give more of the id")
    }
}

/// A run as it is now: its summary, and the fold of its events.
struct FoldedRun: Sendable {
    let summary: RunSummary
    let machine: RunMachine
    let events: [RecordedEvent]
}

extension FoldedRun {
    /// Reads a run's events and folds them.
    init(_ summary: RunSummary, in journal: SQLiteJournal) async throws {
        let events = try await journal.events(of: summary.id, after: 0)
        self.init(
            summary: summary,
            machine: RunMachine(record: try await journal.record(of: summary.id), events: events),
            events: events)
    }
}

extension Session {
    /// The home, when there is one with a journal; nothing is made.
    ///
    /// - Throws: `HomeError`, `JournalError` (corrupt) when its journal is gone.
    func existingHome() async throws -> OpenedHome? {
        guard Home.isUsed(at: homePath) else { return nil }
        return try await openHome()
    }

    /// The home with the runs, and the run that is meant; to be read, unless said.
    ///
    /// Who writes checks the trail by itself (`OpenedHome.refuseWhenTrailDiffers`).
    func openRun(
        _ text: String, toWrite: Bool = false
    ) async throws -> (OpenedHome, FoldedRun) {
        guard let home = try await toWrite ? existingHome() : homeToRead() else {
            throw Failure(
                .invalidInput, code: "journal.notFound",
                "There is no run in the home \(SafeText.line(homePath)) yet.",
                hint: "another home is named with --home or HANDRAIL_HOME")
        }
        let summary = try await RunReference(text).resolve(in: home.journal)
        return (home, try await FoldedRun(summary, in: home.journal))
    }
}

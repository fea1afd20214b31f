import Audit
import Foundation
import Runbooks
import Runner

/// Frees space in a home: outputs of old runs, and what killed commands left (docs/backup.md,
/// "Prune").
///
/// Works where no space is left at all: what can be removed is, and what can't be recorded before
/// that is recorded after it.
struct HomePrune: Sendable {
    /// What is removed, or would be.
    struct Report: Sendable {
        /// Outputs of runs that were closed before it.
        let before: Timestamp
        var outputs = 0
        var outputBytes = 0
        /// Paths that killed commands left.
        var leftovers: [String] = []
        var leftoverBytes = 0
        /// Where the trail ends now; nil where nothing was recorded.
        var trail: String?
        /// Why the removal is not in the trail; nil where it is, or where nothing was removed.
        var unrecorded: Failure?

        var isNothing: Bool { outputs == 0 && leftovers.isEmpty }
    }

    let session: Session
    let home: OpenedHome
    let before: Timestamp

    /// What would be removed.
    func look() async throws -> (Report, Set<Digest>) {
        var report = Report(before: before)
        let left = Leftovers(home: home.home.path, folder: session.world.workingFolder())
            .found(now: session.world.now())
        report.leftovers = left.map(\.path)
        report.leftoverBytes = left.reduce(0) { $0 + $1.bytes }
        var digests: Set<Digest> = []
        for digest in try await home.journal.outputsToPrune(closedBefore: before) {
            guard let size = await home.store.size(of: digest) else { continue }
            digests.insert(digest)
            report.outputs += 1
            report.outputBytes += size
        }
        return (report, digests)
    }

    /// Removes what was found, and records it.
    ///
    /// - Throws: `JournalError` where something can't be removed, or be recorded for another reason
    ///   than space.
    func remove(_ found: Report, _ digests: Set<Digest>) async throws -> Report {
        var report = found
        for path in found.leftovers { try FileManager.default.removeItem(atPath: path) }
        guard !digests.isEmpty else { return report }
        var isRecorded = false
        do {
            try await record(found.outputs, found.outputBytes)
            isRecorded = true
            try await home.trail.seal()
        } catch let error as JournalError where error.code == .full {
            session.console.note("no space to record it yet: outputs are removed first")
        }
        (report.outputs, report.outputBytes) = try await home.store.remove(digests)
        do {
            let now = isRecorded ? home : try await recordedAnew(report)
            try await now.sealRecorded("That outputs were pruned")
            report.trail = await now.anchor(telling: session.console)
        } catch {
            report.unrecorded = Failure(error)
        }
        return report
    }

    private func record(_ outputs: Int, _ bytes: Int) async throws {
        try await home.journal.recordPruning(
            outputs: outputs, bytes: bytes, closedBefore: before, at: session.world.now(),
            actor: session.actor)
    }

    /// The same in the journal opened anew: the one that was opened without space takes nothing.
    private func recordedAnew(_ report: Report) async throws -> OpenedHome {
        try await home.journal.close()
        let again = HomePrune(session: session, home: try await session.openHome(), before: before)
        try await again.record(report.outputs, report.outputBytes)
        return again.home
    }
}

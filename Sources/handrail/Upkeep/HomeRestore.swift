import Audit
import Foundation
import Runbooks
import Runner

/// Makes a home beside its place, out of a backup, a trail or both; verifies it there, and puts it
/// in place whole (docs/backup.md).
struct HomeRestore: Sendable {
    /// What a home is made of.
    enum Source: Sendable {
        /// A backup, and a newer trail than its own where one is given.
        case backup(BackupFile, trail: String?)
        /// A trail, by its folder, and what else stands at the place; the place's own without one.
        case trail(String?)
    }

    /// What became of it.
    struct Result: Sendable {
        let home: String
        let origin: HomeRestoration.Origin
        /// When the backup was taken, or the trail's last event recorded.
        let taken: Timestamp
        let runs: Int
        /// Runs that had not ended: they wait for a person.
        let openRuns: [RunID]
        /// Where the trail ends now: `size:hash`; nil without one.
        let trail: String?
        /// How many events a newer trail has that were not taken.
        let missing: Int
        /// What was taken from a trail, and what it never had; nil where nothing was.
        let rebuilt: JournalRebuild.Report?
        /// Where the home is that was there before; nil without one.
        var aside: String?
        /// Whether what was recorded by restoring could be sealed: not without the key.
        let isSealed: Bool
    }

    let session: Session
    /// What vouches for the trail's first key; the home's own, or the backup's, unless given.
    var signers: [TrailPublicKey] = []
    var anchors: [TrailAnchor] = []
    /// Whether a home that is in use may be put aside.
    var replaces = false
    /// Whether events that a newer trail has may be lost.
    var losesNewer = false

    private var place: String { session.homePath }

    /// Restores; `confirm` is asked before the home takes its place, once all is verified.
    ///
    /// - Throws: `Failure`, `JournalError`, `HomeError`; nothing is changed then.
    func restore(
        _ source: Source, confirm: (Result) async throws -> Void
    ) async throws -> Result {
        let standing = try await StandingHome.at(place, session)
        try standing.refuse(unless: replaces || isWayBack(source, standing))
        guard standing.kind == .used else {
            return try await restore(source, standing, confirm: confirm)
        }
        return try await UpkeepLock.held(of: Home(path: place)) {
            try await restore(source, standing, confirm: confirm)
        }
    }

    /// Removes the home that was to be; its journal may be closing yet, and make files there.
    ///
    /// What can't be removed is a folder that nothing ever reads.
    private func remove(_ new: String) async {
        for _ in 0..<100 {
            do {
                try FileManager.default.removeItem(atPath: new)
            } catch {
                guard FileManager.default.fileExists(atPath: new) else { return }
            }
            do { try await session.world.sleep(.milliseconds(20)) } catch { return }
            guard FileManager.default.fileExists(atPath: new) else { return }
        }
    }

    private func restore(
        _ source: Source, _ standing: StandingHome, confirm: (Result) async throws -> Void
    ) async throws -> Result {
        let new = "\(place).new-\(session.newPlanID().rawValue.prefix(16))"
        do {
            var result: Result
            switch source {
            case .backup(let file, let trail):
                result = try await restored(file, trail, in: new, standing)
            case .trail(let trail):
                result = try await rebuilt(trail, in: new, standing)
            }
            try await confirm(result)
            result.aside = try standing.give(place: new, at: session.world.now())
            return result
        } catch {
            await remove(new)
            throw error
        }
    }

    /// Whether a home is to be put aside that is of no use as it is: its journal is lost.
    private func isWayBack(_ source: Source, _ standing: StandingHome) -> Bool {
        if case .trail = source { standing.isJournalLost } else { false }
    }

    // --- out of a backup -------------------------------------------------------------------------

    private func restored(
        _ file: BackupFile, _ newer: String?, in folder: String, _ standing: StandingHome
    ) async throws -> Result {
        let taken = try await file.extract(to: folder)
        let manifest = taken.manifest
        try await check(manifest, in: folder)
        var report: JournalRebuild.Report?
        if let newer {
            try await HomeAssembly(Home(path: folder)).replaceTrail(with: newer)
            // The backup's own end must be in it: it goes on from there, and is no other one.
            let own = manifest.trail.flatMap { TrailAnchor(text: $0.anchor) }
            report = try await rebuild(in: folder, newer, anchors + [own].compactMap(\.self))
        }
        let home = try await opened(folder)
        let missing =
            newer != nil
            ? 0
            : try await NewerTrail(session: session, home: home, standing: standing)
                .missing(losesNewer: losesNewer)
        return try await finish(
            home,
            HomeRestoration(
                .backup, taken: report?.last ?? manifest.created, digest: taken.sha256,
                missing: missing), report)
    }

    private func check(_ manifest: BackupManifest, in folder: String) async throws {
        let home = try await opened(folder)
        let problems = try await home.journal.integrityProblems()
        guard problems.isEmpty else {
            throw damaged("its journal is damaged: \(problems.prefix(2).joined(separator: "; "))")
        }
        if let trail = manifest.trail {
            let journal = home.journal
            let found = try verified(home.home, anchors, what: "its trail") {
                try journal.trailTexts($0)
            }
            guard found.tip?.text == trail.anchor, found.commit == trail.commit else {
                throw damaged("its trail doesn't end where its manifest says")
            }
        }
        try await home.trail.compare()
        try await home.journal.close()
    }

    // --- out of a trail --------------------------------------------------------------------------

    private func rebuilt(
        _ trail: String?, in folder: String, _ standing: StandingHome
    ) async throws -> Result {
        let own = place + "/trail.git"
        guard standing.kind == .used || trail != nil else {
            throw Failure(
                .invalidInput, code: "restore.noTrail", "There is no trail at \(own).",
                hint: "name a copy of it with --trail FOLDER, such as what 'git clone --bare' made")
        }
        try await HomeAssembly(Home(path: folder)).make(
            trail: trail ?? own, rest: standing.kind == .used ? Home(path: place) : nil)
        let report = try await rebuild(in: folder, trail ?? own, anchors)
        return try await finish(
            try await opened(folder),
            HomeRestoration(.trail, taken: report.last ?? session.world.now()), report)
    }

    /// Verifies the new home's trail, and adds to its journal what only the trail tells.
    private func rebuild(
        in folder: String, _ trail: String, _ anchors: [TrailAnchor]
    ) async throws -> JournalRebuild.Report {
        let home = Home(path: folder)
        _ = try verified(home, anchors, what: "the trail \(trail)", journal: nil)
        let made = try Home.open(at: folder)
        let journal = try await SQLiteJournal.rebuilding(
            in: made, trail: session.trailSource, isProvedDead: ProcessLife.isProvedDead)
        let report = try await JournalRebuild(
            of: journal, store: try FileContentStore(in: made),
            from: try TrailReader(path: made.trailPath)
        ).run()
        _ = try verified(home, anchors, what: "the trail \(trail)") {
            try journal.trailTexts($0)
        }
        try await journal.close()
        return report
    }

    // --- both ------------------------------------------------------------------------------------

    /// Records that the home was restored, and hands its open runs to people.
    private func finish(
        _ home: OpenedHome, _ restoration: HomeRestoration, _ report: JournalRebuild.Report?
    ) async throws -> Result {
        let open = try await home.journal.record(
            restoration, at: session.world.now(), actor: session.actor)
        var isSealed = true
        do {
            try await home.trail.confirmKey()
        } catch {
            session.console.warn(error.message, hint: error.hint)
            isSealed = false
        }
        if isSealed { try await home.trail.seal() }
        let result = Result(
            home: place, origin: restoration.origin, taken: restoration.taken,
            runs: try await home.journal.runs(matching: RunFilter(limit: .max)).count,
            openRuns: open, trail: try await home.trail.look()?.tip.anchor,
            missing: restoration.missing, rebuilt: report, isSealed: isSealed)
        // Before its folder gets another name.
        try await home.journal.close()
        return result
    }

    private func opened(_ folder: String) async throws -> OpenedHome {
        var options = session.options
        options.home = folder
        return try await Session(console: session.console, options: options).openHome()
    }

    private func verified(
        _ home: Home, _ anchors: [TrailAnchor], what: String,
        journal: (@Sendable (ClosedRange<Int>) throws -> [String])?
    ) throws -> TrailVerification {
        var verifier = TrailVerifier(path: home.trailPath, signers: try keys(home))
        (verifier.anchors, verifier.journal) = (anchors, journal)
        let found = try verifier.verify()
        guard found.isConsistent else {
            let first = found.findings.first
            throw damaged(
                "\(what) is not what was written: \(first?.message ?? "") "
                    + "(\(first?.kind.rawValue ?? ""))")
        }
        return found
    }

    /// The keys that may sign the trail first: never taken from the trail itself.
    private func keys(_ home: Home) throws -> [TrailPublicKey] {
        if !signers.isEmpty { return signers }
        // The key that this place has known is worth more than what a backup brings along.
        if FileManager.default.fileExists(atPath: place + "/keys"),
            let own = try TrailKeyFile.firstKey(of: Home(path: place))
        {
            return [own]
        }
        if let key = try TrailKeyFile.firstKey(of: home) { return [key] }
        throw Failure(
            .invalidInput, code: "audit.signers",
            "Nobody says which key signs the trail: there are no keys beside it.",
            hint: "give the first key with --signers, as 'ssh-keygen -Y verify' reads it")
    }

    private func damaged(_ why: String) -> Failure {
        Failure(
            .verificationFailed, code: "restore.damaged",
            "It can't be believed: \(why). Nothing was changed.",
            hint: "take another backup, or another copy of the trail")
    }
}

import Audit
import Runbooks
import Runner

/// Whether anybody has a newer trail than the one that is being restored.
struct NewerTrail: Sendable {
    let session: Session
    /// The home that is being made.
    let home: OpenedHome
    let standing: StandingHome

    /// How many events are known that the restored trail lacks; says what was found.
    ///
    /// - Throws: `Failure` (refused) where there are any, unless they may be lost.
    func missing(losesNewer: Bool) async throws -> Int {
        guard let tip = try await home.trail.look()?.tip, let commit = tip.commit else { return 0 }
        let here = try standingMissing(tip, commit)
        let there = here == 0 ? await remoteMissing(commit) : nil
        guard here > 0 || there != nil else { return 0 }
        let which = here > 0 ? standing.path + "/trail.git" : there ?? ""
        let count = here > 0 ? CountText.of(here, "event") : "events"
        guard losesNewer else {
            throw Failure(
                .refused, code: "restore.newer",
                "The trail \(which) has \(count) that the backup lacks: they would be lost here. "
                    + "Nothing was changed.",
                hint: "take them: --trail "
                    + (here > 0 ? which : "FOLDER, a copy of it (git clone --bare \(which))")
                    + "; or leave them: --lose-newer")
        }
        session.console.warn(
            "\(which) has \(count) that are not in what was restored: its trail and this one go "
                + "apart from here.",
            hint: "the next push there is refused; give this home another remote")
        return here
    }

    /// How many events the trail of the home that stands there has more.
    private func standingMissing(_ tip: TrailTip, _ commit: String) throws -> Int {
        guard standing.kind == .used else { return 0 }
        do {
            let commits = try TrailReader(path: standing.path + "/trail.git").commits()
            guard let newest = commits.first else { return 0 }
            if commits.contains(where: { $0.id == commit }) {
                return newest.events.upperBound - tip.sequence
            }
            let own = try TrailReader(path: home.home.trailPath).commits()
            guard !own.contains(where: { $0.id == newest.id }) else { return 0 }
            session.console.warn(
                "The trail that stands in \(standing.path) is another one than the backup's.",
                hint: "it is kept with that home")
        } catch {
            session.console.note(
                "the trail in \(standing.path) can't be compared: \(Failure(error).message)")
        }
        return 0
    }

    /// The remote that has a commit which isn't in the restored trail; nil where none is known.
    private func remoteMissing(_ commit: String) async -> String? {
        do {
            let reader = try TrailReader(path: home.home.trailPath)
            let settings = try TrailSettings.read(in: home.home)
            guard let address = try TrailAddress.of(nil, settings, reader) else { return nil }
            guard let tip = try await address.tip(of: reader.branch, session.world) else {
                return nil
            }
            return try reader.commits().contains { $0.id == tip } ? nil : address.text
        } catch {
            session.console.warn(
                "Whether the trail's remote is ahead can't be told: \(Failure(error).message)",
                hint: "'handrail audit push' tells it later, and changes nothing there")
            return nil
        }
    }
}

extension OpenedHome {
    /// Refuses a plan that was made before the home was restored: it may have been run since the
    /// backup, under a number that this home doesn't know.
    ///
    /// - Throws: `Failure` (refused).
    func refuseOlderThanRestoration(_ plan: Plan) async throws {
        guard let restored = try await journal.lastRestoration(), plan.created <= restored else {
            return
        }
        throw Failure(
            .refused, code: "plan.restored",
            "This plan is older than the home, which was restored at \(TimeText.full(restored, offset: 0)): "
                + "it may have been run meanwhile. Nothing was started.",
            hint: "make a new plan, and look at its targets")
    }
}

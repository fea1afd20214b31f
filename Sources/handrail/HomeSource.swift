import Audit
import Runner

/// A home that is open: its journal, its store and its trail.
struct OpenedHome: Sendable {
    let home: Home
    let journal: SQLiteJournal
    let store: FileContentStore
    let trail: TrailSealer
}

extension OpenedHome {
    /// The trail's head as `size:hash`, to be written down elsewhere; nil while it has none, or
    /// when it can't be told, which the person is.
    func anchor(telling console: Console) async -> String? {
        do {
            return try await trail.look()?.tip.anchor
        } catch {
            console.note("the trail's head can't be told: \(Failure(error).message)")
            return nil
        }
    }
}

extension OpenedHome {
    /// Refuses to record anything in a journal that doesn't agree with its trail: a line that can
    /// never be sealed would stand there, and tell another story than the trail.
    ///
    /// Asked before any transaction that writes.
    /// - Throws: `Failure`.
    func refuseWhenTrailDiffers() async throws {
        do {
            try await trail.compare()
        } catch {
            let failure = Failure(error)
            throw Failure(
                failure.exit, code: failure.code, failure.message + " Nothing was recorded.",
                hint: failure.hint)
        }
    }

    /// Seals what was recorded just now.
    ///
    /// - Parameter what: what is recorded, such as `The flag`.
    /// - Throws: `Failure`, which says that it is recorded: nobody should do it twice.
    func sealRecorded(_ what: String) async throws {
        do {
            try await trail.seal()
        } catch {
            let waits = error.code == .full || error.code == .locked
            let why =
                error.code == .full
                ? "no space is left on the file system of \(home.path)." : error.message
            throw Failure(
                waits ? .waiting : ExitCode(error.code), code: "trail.unsealed",
                "\(what) is recorded, and not sealed in the trail yet: \(why)",
                hint: "Don't do it again: what is recorded next, or the next run, seals it. "
                    + (error.hint ?? ""))
        }
    }

    /// What is wrong between journal and trail; nil while they agree.
    func difference() async -> Failure? {
        do {
            try await trail.compare()
            return nil
        } catch {
            return Failure(error)
        }
    }
}

extension Session {
    /// The home, when there is one, to be read from; warns when its trail says something else.
    ///
    /// - Throws: as `existingHome`.
    func homeToRead() async throws -> OpenedHome? {
        guard let home = try await existingHome() else { return nil }
        if let difference = await home.difference() {
            console.warn(difference.message, hint: difference.hint)
        }
        return home
    }

    /// The home to record something in; made when there is none.
    ///
    /// - Throws: as `openHome`; `Failure` when its trail says something else.
    func homeToRecord() async throws -> OpenedHome {
        let home = try await openHome()
        try await home.refuseWhenTrailDiffers()
        try await noteTrust(in: home)
        return home
    }

    /// Where the home is: `--home`, `$HANDRAIL_HOME`, else the account's own.
    var homePath: String {
        if let path = options.home ?? world.environment["HANDRAIL_HOME"], !path.isEmpty {
            return world.path(path)
        }
        return world.homeFolder + "/.local/share/handrail"
    }

    /// Opens the home, and makes it when there is none.
    ///
    /// - Throws: `HomeError`, `JournalError`.
    func openHome() async throws -> OpenedHome {
        let home = try Home.open(at: homePath)
        let journal = try await SQLiteJournal.open(
            in: home, trail: trailSource, isProvedDead: ProcessLife.isProvedDead)
        let store = try FileContentStore(in: home)
        return OpenedHome(
            home: home, journal: journal, store: store,
            trail: TrailSealer(journal: journal, store: store))
    }

    /// What the trail takes from this process.
    var trailSource: TrailSource {
        TrailSource(
            hostName: world.hostName(), program: "handrail \(HandrailVersion.text)",
            randomBytes: world.randomBytes)
    }
}

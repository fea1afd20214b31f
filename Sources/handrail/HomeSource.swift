import Audit
import Runner

/// A home that is open: its journal and its store.
struct OpenedHome: Sendable {
    let home: Home
    let journal: SQLiteJournal
    let store: FileContentStore
}

extension Session {
    /// Where the home is: `--home`, `$HANDRAIL_HOME`, else the account's own.
    var homePath: String {
        if let path = options.home ?? world.environment["HANDRAIL_HOME"], !path.isEmpty {
            return path
        }
        let account = world.account().homeFolder
        let folder = world.environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? account
        return folder + "/.local/share/handrail"
    }

    /// Opens the home, and makes it when there is none.
    ///
    /// - Throws: `HomeError`, `JournalError`.
    func openHome() async throws -> OpenedHome {
        let home = try Home.open(at: homePath)
        let journal = try await SQLiteJournal.open(in: home, isProvedDead: ProcessLife.isProvedDead)
        return OpenedHome(home: home, journal: journal, store: try FileContentStore(in: home))
    }
}

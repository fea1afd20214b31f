import Audit
import Foundation
import Runner

/// What stands at the place that a home is restored to.
struct StandingHome: Sendable {
    /// The kinds of what can stand there.
    enum Kind: Sendable, Hashable {
        case nothing
        case emptyFolder
        /// A home in use, or anything else that is not to be lost.
        case used
    }

    let path: String
    let kind: Kind
    /// Runs that a living process leads.
    var led: [RunID] = []
    /// Whether its journal is gone or can't be read.
    var isJournalLost = false

    /// Looks at a place.
    ///
    /// - Throws: `Failure` (internalError) where it can't be looked at.
    static func at(_ path: String, _ session: Session) async throws -> StandingHome {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else {
                throw Failure(
                    .internalError, code: "restore.place",
                    "\(path) can't be looked at: \(String(cString: strerror(errno))).",
                    hint: "name another place with --home")
            }
            return StandingHome(path: path, kind: .nothing)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw Failure(
                .invalidInput, code: "restore.place", "\(path) is no folder.",
                hint: "name another place with --home; of a link, where it leads")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        guard !names.isEmpty else {
            return StandingHome(path: path, kind: .emptyFolder)
        }
        var standing = StandingHome(path: path, kind: .used)
        do {
            let open = try await session.existingHome()?.journal
                .runs(matching: RunFilter(isOpen: true, limit: 1000))
            standing.led = (open ?? []).filter(\.isLed).map(\.id)
        } catch let error as JournalError where [.corrupt, .notFound].contains(error.code) {
            standing.isJournalLost = true
        }
        return standing
    }

    /// Refuses a place that is not to be lost.
    ///
    /// - Throws: `Failure` (invalidInput, refused).
    func refuse(unless replaces: Bool) throws {
        guard kind == .used else { return }
        guard replaces else {
            throw Failure(
                .invalidInput, code: "restore.used", "\(path) is in use: nothing was changed.",
                hint: "restore beside it with --home NEW, or put it aside with --replace")
        }
        guard led.isEmpty else {
            throw Failure(
                .refused, code: "restore.led",
                "A process leads \(CountText.listed(led.map(\.rawValue), limit: 3)) in \(path).",
                hint: "end that first: handrail pause RUN, or stop the process (SIGTERM)")
        }
    }

    /// A name that nobody has: the given one, else with a number.
    private static func free(_ path: String) -> String {
        var (name, number) = (path, 1)
        while FileManager.default.fileExists(atPath: name) {
            number += 1
            name = "\(path)-\(number)"
        }
        return name
    }

    /// Gives a new home this place, in one step; what stood there is kept beside it.
    ///
    /// - Returns: where it is kept; nil when nothing was there.
    /// - Throws: `Failure`; the place is as before then.
    func give(place new: String, at now: Timestamp) throws -> String? {
        do {
            guard kind == .used else {
                if kind == .emptyFolder { rmdir(path) }
                try NewName.give(path, to: new)
                return nil
            }
            let aside = Self.free("\(path).aside-\(TimeText.second(now))")
            try NewName.give(aside, to: new)
            try NewName.exchange(path, aside)
            return aside
        } catch {
            throw Failure(
                .internalError, code: "restore.place",
                "\(path) can't be given its new content: \(Failure(JournalError(placing: error)).message)",
                hint: "a mount point can't be moved: restore beside it with --home NEW, and name "
                    + "that one from now on")
        }
    }
}

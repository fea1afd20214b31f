import ArgumentParser
import Audit
import Foundation
import Runbooks
import Runner

/// Which trail is read.
struct TrailOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp("The trail's folder; the home's own unless given.", valueName: "folder"),
        completion: .directory)
    var trail: String?

    /// The folder that is meant, and the home where it is the home's own.
    ///
    /// - Throws: `Failure` (invalidInput) where there is neither.
    func place(_ session: Session) async throws -> (path: String, home: OpenedHome?) {
        if let trail { return (session.world.path(trail), nil) }
        do {
            let home = try await session.homeWithTrail()
            return (home.home.trailPath, home)
        } catch let error where error is JournalError || error is HomeError {
            // The trail tells what ran by itself; that is what it is for once a journal is lost.
            guard let path = session.ownTrail else { throw error }
            let failure = Failure(error)
            session.console.warn(
                failure.message + " The trail is read without the journal.", hint: failure.hint)
            return (path, nil)
        }
    }

    /// The trail, and what of the journal it lacks said on standard error.
    func reader(_ session: Session) async throws -> TrailReader {
        let (path, home) = try await place(session)
        let reader = try TrailReader(path: path)
        if let home {
            do {
                if let (_, rows) = try await home.trail.look(), rows.unsealed > 0 {
                    session.console.note(
                        "\(CountText.of(rows.unsealed, "event")) of the journal not sealed yet, "
                            + "so not shown")
                }
            } catch {
                let failure = Failure(error)
                session.console.warn(
                    failure.message, hint: failure.hint)
            }
        }
        return reader
    }
}

extension Session {
    /// The trail's folder in the home, whatever became of its journal; nil where there is none.
    var ownTrail: String? {
        let path = homePath + "/trail.git"
        return FileManager.default.fileExists(atPath: path + "/HEAD") ? path : nil
    }

    /// The home, where one is used.
    ///
    /// - Throws: `Failure` (invalidInput) where there is none, or it has no trail yet.
    func homeWithTrail(begun: Bool = false) async throws -> OpenedHome {
        guard let home = try await existingHome() else {
            throw Failure(
                .invalidInput, code: "audit.noTrail",
                "There is no home at \(printableExcerpt(homePath)), so there is no trail.",
                hint: "name one with --trail, or the home with --home")
        }
        guard begun else { return home }
        guard try await home.trail.look() != nil else {
            throw Failure(
                .invalidInput, code: "audit.noTrail", "This home has no trail yet.",
                hint: "it is made with the home's first run")
        }
        return home
    }
}

extension TrailReader {
    /// The one run that a text names: an id, a part of one, or `last`.
    ///
    /// - Throws: `Failure` (invalidInput) when none or several fit.
    func run(named text: String, in commits: [Commit]) throws -> String {
        var ids: [String] = []
        var seen: Set<String> = []
        for id in commits.lazy.flatMap({ $0.runs.reversed() }) where seen.insert(id).inserted {
            ids.append(id)
        }
        if text == "last", let id = ids.first { return id }
        if seen.contains(text) { return text }
        let fitting = ids.filter { id in
            !text.isEmpty
                && (id.hasPrefix(text) || id.hasPrefix("r-" + text) || id.hasSuffix(text))
        }
        guard fitting.count <= 1 else {
            throw Failure(
                .invalidInput, code: "run.ambiguous",
                "\(printableExcerpt(text)) fits \(fitting.count) runs: "
                    + CountText.listed(fitting.map(SafeText.line), limit: 5) + ".",
                hint: "give more of the id")
        }
        guard let id = fitting.first else {
            let near = nearestName(to: text, among: Array(ids.prefix(500)))
            throw Failure(
                .invalidInput, code: "audit.notFound",
                "The trail tells of no run \(printableExcerpt(text)).",
                hint: near.map { "did you mean \($0)?" } ?? "'handrail audit log' lists the runs")
        }
        return id
    }
}

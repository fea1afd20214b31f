import CGit2
import Foundation
import Runbooks
import Runner

/// Says who wrote what a library has, by the commits that led to it (docs/changes.md, "Who wrote it").
///
/// Renamed files are not followed: whoever renames one has written it.
package struct GitAuthors: Sendable {
    /// How many commits are looked at; a longer history isn't whole.
    package static let commitsLimit = 100_000

    /// What is asked about.
    package struct Question: Sendable {
        /// The commit of the version, in full.
        package let commit: String
        /// The commit of the version before; nil to ask for all of the history.
        package let since: String?
        /// Files and folders, of which what was written since counts.
        package let changed: [String]
        /// Files that the version before didn't have: all of their history counts.
        package let added: [String]

        package init(commit: String, since: String?, changed: [String], added: [String] = []) {
            (self.commit, self.since) = (commit, since)
            (self.changed, self.added) = (changed, added)
        }
    }

    /// What the commits say.
    package struct Answer: Sendable, Hashable {
        /// As `Authorship.identity` writes them.
        package let identities: Set<String>
        /// The commit after which they wrote; nil where all of the history was looked at.
        package let since: String?
        /// Why there may be more of them; nil where these are all.
        package let missing: String?
    }

    private let library: GitLibrary
    private let limit: Int

    /// Asks the repository of a library's folder; nothing is looked at before it is asked.
    package init(in folder: LibraryFolder, limit: Int = Self.commitsLimit) {
        library = GitLibrary(in: folder, limits: LibraryLimits())
        self.limit = limit
    }

    /// Who wrote files and folders, by their paths in the library.
    ///
    /// - Throws: `notRepository`, `unsafeOwner`, `io`.
    package func authors(of question: Question) async throws(LibraryError) -> Answer {
        try await asked { repository, place in
            let paths = { (texts: [String]) in texts.map { place.isEmpty ? $0 : "\(place)/\($0)" } }
            let base = try question.since.flatMap { try HistoryWalk.known($0, in: repository) }
            var walk = HistoryWalk(
                repository: repository, subject: .files(paths(question.changed)), limit: limit)
            var found = try walk.authors(upTo: question.commit, since: base)
            if base != nil, !question.added.isEmpty {
                var other = HistoryWalk(
                    repository: repository, subject: .files(paths(question.added)), limit: limit)
                let more = try other.authors(upTo: question.commit, since: nil)
                found = (found.identities.union(more.identities), found.isWhole && more.isWhole)
            }
            return Answer(
                identities: found.identities, since: base,
                missing: found.isWhole ? nil : Self.tooLong(limit))
        }
    }

    /// Who gave a part of a file the form that it has in a commit; `part` finds it in its bytes.
    ///
    /// - Throws: as `authors`.
    package func authors(
        ofPart part: @escaping @Sendable ([UInt8]) -> String?, in path: String, upTo commit: String
    ) async throws(LibraryError) -> Answer {
        try await asked { repository, place in
            var walk = HistoryWalk(
                repository: repository,
                subject: .part(place.isEmpty ? path : "\(place)/\(path)", part), limit: limit)
            let found = try walk.authors(upTo: commit, since: nil)
            return Answer(
                identities: found.identities, since: nil,
                missing: found.isWhole ? nil : Self.tooLong(limit))
        }
    }

    private static func tooLong(_ limit: Int) -> String {
        "its history has more than \(limit) commits"
    }

    private func asked(
        _ body: @escaping @Sendable (_ repository: OpaquePointer, _ place: String) throws -> Answer
    ) async throws(LibraryError) -> Answer {
        let library = library
        let result: Result<Answer, LibraryError> = await BlockingQueue.opening.run {
            do {
                return .success(
                    try Git.session {
                        let repository = try library.opened()
                        defer { git_repository_free(repository) }
                        guard git_repository_is_shallow(repository) == 0 else {
                            return Answer(
                                identities: [], since: nil,
                                missing: "the library is a shallow clone, without its older "
                                    + "commits; 'git fetch --unshallow' in it brings them")
                        }
                        let place =
                            try library.folder.isBare ? "" : library.place(in: repository)
                        return try body(repository, place)
                    })
            } catch let error as LibraryError {
                return .failure(error)
            } catch {
                let reason = (error as? GitFailure).map { "\($0.doing): \($0.message)" }
                return .failure(
                    LibraryError(
                        .io,
                        "The history of the library \(library.folder.root) can't be read: "
                            + "\(reason ?? "\(error)").",
                        hint: "Run 'git fsck' in it.", cause: error))
            }
        }
        return try result.get()
    }
}

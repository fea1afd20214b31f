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
    /// How many times as many may have led to a version, with those before the version before.
    private static let knownCommits = 10

    /// What is asked about.
    package struct Question: Sendable {
        /// The commit of the version, in full.
        package let commit: String
        /// The commit of the version before, which counts where it led to that of the version; nil
        /// to ask for all of the history.
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
        /// Authors, committers and co-authors, as `Authorship.identity` writes them.
        package let identities: Set<String>
        /// Those of them that are named as co-authors alone.
        package let coAuthors: Set<String>
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
    /// What came before the version before is passed over only where what came after it accounts
    /// for each file that differs: a merge can bring back what is older than that, and then all of
    /// the history counts.
    /// - Throws: `notRepository`, `unsafeOwner`, `io`.
    package func authors(of question: Question) async throws(LibraryError) -> Answer {
        try await asked(upTo: question.commit) { repository, place, history in
            let paths = { (texts: [String]) in texts.map { place.isEmpty ? $0 : "\(place)/\($0)" } }
            func found(
                _ texts: [String], after base: GitObjectID?
            ) throws -> HistoryWalk.Found {
                var walk = HistoryWalk(
                    repository: repository, history: history, subject: .files(paths(texts)),
                    limit: limit)
                return try walk.authors(after: base)
            }
            let base = question.since.flatMap { GitObjectID(text: $0) }
            if let base, history.commits[base] != nil {
                var later = try found(question.changed, after: base)
                if !question.added.isEmpty { later.add(try found(question.added, after: nil)) }
                let isEnough = later.unexplained.isEmpty && !later.writers.isEmpty
                if isEnough || !later.isWhole { return answer(later, since: question.since) }
            }
            return answer(try found(question.changed + question.added, after: nil), since: nil)
        }
    }

    /// Who gave a part of a file the form that it has in a commit; `part` finds it in its bytes.
    ///
    /// - Throws: as `authors`.
    package func authors(
        ofPart part: @escaping @Sendable ([UInt8]) -> String?, in path: String, upTo commit: String
    ) async throws(LibraryError) -> Answer {
        try await asked(upTo: commit) { repository, place, history in
            var walk = HistoryWalk(
                repository: repository, history: history,
                subject: .part(place.isEmpty ? path : "\(place)/\(path)", part), limit: limit)
            return answer(try walk.authors(after: nil), since: nil)
        }
    }

    private func answer(_ found: HistoryWalk.Found, since: String?) -> Answer {
        guard found.isWhole else { return tooLong }
        return Answer(
            identities: found.writers.authors.union(found.writers.coAuthors),
            coAuthors: found.writers.coAuthors.subtracting(found.writers.authors), since: since,
            missing: found.writers.isEmpty
                ? "no commit of its history made it what it is" : nil)
    }

    private var tooLong: Answer {
        Self.nothing("its history has more than \(limit) commits")
    }

    private static func nothing(_ missing: String) -> Answer {
        Answer(identities: [], coAuthors: [], since: nil, missing: missing)
    }

    /// The history can't be gone through: that is an answer, which closes gate 7, and stops nothing
    /// else.
    private static func broken(_ failure: GitFailure) -> Answer {
        nothing(
            "the library's history can't be read (\(failure.doing): \(failure.message)); 'git fsck' "
                + "in it says what is wrong, and a whole clone, without --filter, has all of it")
    }

    private func asked(
        upTo commit: String,
        _ body:
            @escaping @Sendable (
                _ repository: OpaquePointer, _ place: String, _ history: CommitHistory
            ) throws -> Answer
    ) async throws(LibraryError) -> Answer {
        let library = library
        let result: Result<Answer, LibraryError> = await BlockingQueue.opening.run {
            do {
                return .success(
                    try Git.session {
                        let repository = try library.opened()
                        defer { git_repository_free(repository) }
                        guard git_repository_is_shallow(repository) == 0 else {
                            return Self.nothing(
                                "the library is a shallow clone, without its older commits; "
                                    + "'git fetch --unshallow' in it brings them")
                        }
                        let place =
                            try library.folder.isBare ? "" : library.place(in: repository)
                        return try walked(repository, place, upTo: commit, body)
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

    private func walked(
        _ repository: OpaquePointer, _ place: String, upTo commit: String,
        _ body: (OpaquePointer, String, CommitHistory) throws -> Answer
    ) throws -> Answer {
        do {
            guard
                let history = try CommitHistory(
                    upTo: commit, in: repository,
                    limit: limit * Self.knownCommits)
            else { return tooLong }
            return try body(repository, place, history)
        } catch let failure as GitFailure {
            return Self.broken(failure)
        }
    }
}

import Audit
import Runbooks
import Runner

/// Who wrote what a change is to carry out, by the commits of the library (docs/changes.md, "Who
/// wrote it").
struct VersionAuthors: Sendable {
    let session: Session
    let opened: OpenedLibrary
    /// The home whose changes say what was carried out before; nil where there is none.
    let home: OpenedHome?

    /// Who wrote the version of the runbook that a plan has, since the one before.
    ///
    /// - Throws: `LibraryError`, `JournalError`, `Failure`.
    func authors(of plan: Plan, _ runbook: Runbook) async throws -> Authorship {
        let commit = try commit()
        let before = try await versionBefore(plan)
        let prefix = runbook.folder.isEmpty ? "" : runbook.folder + "/"
        let had = Set(before?.plan.runbook.files.map(\.path) ?? [])
        let own = ["runbook.yaml", "scripts", "files"].map { prefix + $0 }
        let answer = try await git().authors(
            of: GitAuthors.Question(
                commit: commit, since: before?.commit,
                changed: own + runbook.uses.filter { before == nil || had.contains($0) },
                added: runbook.uses.filter { before != nil && !had.contains($0) }))
        return authorship(answer, commit)
    }

    /// Who gave a type's entry in the configuration the form that it has.
    ///
    /// - Throws: `LibraryError`, `Failure`.
    func authors(ofType type: String) async throws -> Authorship {
        let commit = try commit()
        let answer = try await git().authors(
            ofPart: { ChangeTypeEntry.text(of: type, in: $0) }, in: LibraryFolder.rootFile,
            upTo: commit)
        return authorship(answer, commit)
    }

    private func git() throws -> GitAuthors {
        GitAuthors(in: try LibraryFolder.nearest(to: session.libraryPath))
    }

    private func commit() throws -> String {
        guard let commit = opened.commit else {
            throw Failure(
                .usage, code: "usage", "A working tree has no authors: only commits say who wrote.",
                hint: "commit, and leave --working-tree out")
        }
        return commit
    }

    private func authorship(_ answer: GitAuthors.Answer, _ commit: String) -> Authorship {
        let known = session.trustBook?.peopleByGit ?? [:]
        return Authorship(
            answer.identities, coAuthors: answer.coAuthors, commit: commit, since: answer.since,
            missing: answer.missing
        ) { known[$0] != nil }
    }

    /// The newest version of the runbook that people approved, whose authors were known, and that a
    /// change carried out in this environment: another one than the plan has.
    private func versionBefore(_ plan: Plan) async throws -> (plan: Plan, commit: String)? {
        guard let home else { return nil }
        for change in try await home.journal.changes(matching: ChangeFilter()) {
            guard let written = change.carriedOutVersion(like: plan) else { continue }
            // One whose plan is gone says nothing: then more of the history counts.
            guard let before = try? await home.plan(of: change) else { continue }
            guard before.runbook.digest != plan.runbook.digest else { continue }
            return (before, written.commit)
        }
        return nil
    }
}

extension Change {
    /// Who wrote the version that it carried out, where what came later is to be asked for alone: it
    /// is of the plan's library, runbook and environment, people approved it, and it succeeded.
    fileprivate func carriedOutVersion(like other: Plan) -> Authorship? {
        guard let plan = request.plan, plan.libraryID == other.libraryID,
            plan.runbook == other.runbook.id, plan.environment == other.environment.name,
            breakGlass == nil, (quorum ?? 0) > 0,
            runs.contains(where: {
                $0.run.isBound && !$0.run.isUndoing && $0.ended == .succeeded
            }), let written = plan.written, written.missing == nil,
            written.others == 0
        else { return nil }
        return written
    }
}

extension Session {
    /// What trust says; nil in a solo home, and where it can't be used.
    var trustBook: TrustBook? {
        if case .known(let book, _, _) = trustState() { book } else { nil }
    }

    /// Who wrote something, as trust knows them now; nil where nobody asked when it was recorded, and
    /// trust doesn't demand to know.
    func known(_ written: Authorship?, in environment: String?) -> KnownAuthors? {
        if let written { return whoWrote(written, in: environment) }
        return Self.demandsAuthors(trustBook, environment) ? KnownAuthors.notAsked : nil
    }

    /// Who wrote something, as trust knows them now.
    func whoWrote(_ written: Authorship, in environment: String?) -> KnownAuthors {
        let book = trustBook
        return KnownAuthors(
            written, by: book, mustBeKnown: Self.demandsAuthors(book, environment))
    }

    private static func demandsAuthors(_ book: TrustBook?, _ environment: String?) -> Bool {
        guard let book, let environment else { return false }
        return book.floor(of: environment)?.needsKnownAuthors == true
    }
}

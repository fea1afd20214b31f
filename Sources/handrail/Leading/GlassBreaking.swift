import Audit
import Runbooks
import Runner

/// Has two people sign that a run starts without a change.
///
/// The second signs at the same terminal, with a key that is named, or at another one of the same
/// home: then this process waits, and takes nothing before it has checked it itself.
struct GlassBreaking: Sendable {
    let session: Session
    let home: OpenedHome
    /// What the first one typed.
    let reason: String
    /// The protected groups that were named.
    let groups: [String]
    /// The file of the second one's private key; nil where they sign elsewhere.
    let secondKey: String?

    /// Both signatures, recorded.
    ///
    /// - Throws: `Failure` (refused) where one doesn't count or none came in time; `TrustError`;
    ///   `JournalError`.
    func broken(_ prepared: PreparedPlan, run: RunID) async throws -> BrokenGlass {
        guard case .known(let book, let account, let instant) = session.trustState() else {
            throw Failure(
                .refused, code: "breakGlass", "Trust can't be used any more: nothing was started.")
        }
        let signing = ActSigning(session: session, home: home)
        let plan = prepared.plan
        let authors = try await authors(prepared)
        let signed = try await signing.signed(
            .breakGlass,
            arguments: GlassRequest.arguments(
                planDigest: prepared.digest, reason: reason, groups: groups),
            about: ActAbout(plan), run: run, by: book.people(ofAccount: account, at: instant),
            at: instant)
        let first = try await signing.record(signed, about: ActAbout(plan), by: book)
        let request = GlassRequest(
            run: run, plan: plan.planID, planDigest: prepared.digest, reason: reason,
            groups: groups, first: first.signer, statement: first.digest, authors: authors,
            made: session.world.now())
        guard let secondKey else { return try await waited(for: request, prepared) }
        let others = book.people.filter { $0.id != first.signer }
        let second = GlassSigning(session: session, home: home, request: request, plan: plan)
        return try await second.taken(
            try await second.signed(by: others, keyFile: secondKey))
    }

    /// Who wrote what is to run: none of them is the second.
    ///
    /// - Throws: `Failure` (refused) where that can't be said.
    private func authors(_ prepared: PreparedPlan) async throws -> [String] {
        let known = try await GlassAuthors(session: session, opened: prepared.opened)
            .known(of: prepared.plan, prepared.runbook, in: home)
        if let problem = known.problem {
            throw Failure(
                .refused, code: "breakGlass",
                "The second person must not have written it, and \(problem). Nothing was started.")
        }
        session.console.note("The runbook is \(known.words): the second is somebody else.")
        return known.people
    }

    /// Waits until somebody has signed at another terminal.
    private func waited(
        for request: GlassRequest, _ prepared: PreparedPlan
    ) async throws -> BrokenGlass {
        let folder = GlassFolder(of: home.home)
        _ = try await home.store.put(try CanonicalJSON.bytes(of: prepared.plan))
        try folder.put(request)
        let console = session.console
        console.errors([
            console.errorStyle.paint(
                "A second person has to sign, until \(ShownTime(session.world).second(request.expires)):",
                .alarm),
            "  handrail break-glass approve \(request.run) --key THEIR-KEY",
        ])
        do {
            let glass = try await session.interruptible {
                try await self.poll(folder, request, prepared.plan)
            }
            try folder.withdraw(request.run)
            return glass
        } catch {
            try folder.withdraw(request.run)
            throw error
        }
    }

    private func poll(
        _ folder: GlassFolder, _ request: GlassRequest, _ plan: Plan
    ) async throws -> BrokenGlass {
        let signing = GlassSigning(session: session, home: home, request: request, plan: plan)
        while session.world.now() < request.expires {
            if let signed = try folder.takeAnswer(to: request.run) {
                do {
                    return try await signing.taken(signed)
                } catch let failure as Failure {
                    session.console.warn("It doesn't count: " + failure.message, hint: failure.hint)
                } catch let error as TrustError {
                    session.console.warn("It doesn't count: " + error.message, hint: error.hint)
                } catch let error as JournalError {
                    guard error.code == .repeated else { throw error }
                    session.console.warn("It doesn't count: " + error.message, hint: error.hint)
                }
            }
            try await session.world.sleep(.seconds(1))
        }
        throw Failure(
            .refused, code: "breakGlass",
            "Nobody signed as the second in \(GlassRequest.lifetime.components.seconds / 60) "
                + "minutes: nothing was started.",
            hint: "run it again once somebody is there")
    }
}

/// Who wrote what is to run without a change, for the plan as for the run.
struct GlassAuthors: Sendable {
    let session: Session
    let opened: OpenedLibrary

    /// How far two people are, with what is in the way of every second one.
    ///
    /// - Throws: as `VersionAuthors.authors`; `HomeError`.
    func state(
        _ state: GlassState?, of plan: Plan, _ runbook: Runbook
    ) async throws -> GlassState? {
        guard case .asked(let groups, _)? = state else { return state }
        guard opened.commit != nil else {
            return .asked(
                groups: groups,
                problem: "a working tree has no authors: only commits say who wrote it")
        }
        let home = try await session.existingHome()
        let known = try await known(of: plan, runbook, in: home)
        return .asked(groups: groups, problem: known.problem)
    }

    /// Who wrote it, as trust knows them now.
    ///
    /// - Throws: as `VersionAuthors.authors`.
    func known(
        of plan: Plan, _ runbook: Runbook, in home: OpenedHome?
    ) async throws -> KnownAuthors {
        let written = try await VersionAuthors(session: session, opened: opened, home: home)
            .authors(of: plan, runbook)
        return session.whoWrote(written, in: plan.environment.name)
    }
}

/// The second person's signature under a request.
struct GlassSigning: Sendable {
    let session: Session
    let home: OpenedHome
    let request: GlassRequest
    let plan: Plan

    /// A statement that one of some people signs.
    ///
    /// - Throws: as `ActSigning.sign`.
    func signed(by people: [Person], keyFile: String?) async throws -> SignedStatement {
        try await ActSigning(session: session, home: home, keyFile: keyFile).signed(
            .breakGlassSecond, arguments: request.arguments, about: ActAbout(plan),
            run: request.run,
            by: people, at: session.world.now())
    }

    /// Looks whether it counts.
    ///
    /// - Returns: who signed.
    /// - Throws: `Failure` (refused), `TrustError`.
    func check(_ signed: SignedStatement) async throws -> PersonID {
        let found = try await ActSigning(session: session, home: home).check(
            signed, about: ActAbout(plan), by: try book())
        if let refusal = request.objection(
            to: found.statement, by: found.signer, at: session.world.now())
        {
            throw Failure(.refused, code: "breakGlass", refusal.reason + ".", hint: refusal.hint)
        }
        return found.signer
    }

    /// Takes a signature that counts: it is recorded, and can't be used again.
    ///
    /// - Throws: as `check`; `JournalError` (repeated).
    func taken(_ signed: SignedStatement) async throws -> BrokenGlass {
        _ = try await check(signed)
        let second = try await ActSigning(session: session, home: home).record(
            signed, about: ActAbout(plan), by: try book())
        return request.broken(by: second.signer, at: session.world.now())
    }

    private func book() throws -> TrustBook {
        guard case .known(let book, _, _) = session.trustState() else {
            throw Failure(
                .refused, code: "breakGlass", "Trust can't be used any more: nothing was started.")
        }
        return book
    }
}

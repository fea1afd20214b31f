import ArgumentParser
import Runbooks
import Runner

/// `handrail settle`: says how a step of unknown outcome ended.
struct SettleCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "settle",
        abstract: "Says what a person found where nobody knows how something ended.",
        discussion: """
            A step that may run once only, and that nobody saw end, is never started again by \
            itself. Look at the target, then say what you found. 'done': the target goes on with \
            the next step. 'not-done': the step has failed, and the target ends there.

            After a run that is over, 'well' says that a target on which it ended badly, or not \
            known how, is well: it leaves the inbox, and counts as available for its group.

            Example: handrail settle last --on mbx02 --step wipe --as done --why 'the spool is empty'
            Example: handrail settle r-20261126-0812-k3vq --on mbx02 --as well --why 'mail flows'
            """)

    /// What was found.
    enum Finding: String, ExpressibleByArgument, CaseIterable, Sendable {
        case done
        case notDone = "not-done"
        case well
    }

    @OptionGroup var run: RunIDArgument

    @Option(
        help: ArgumentHelp("The target that was looked at.", valueName: "target"),
        completion: .custom(Completions.targets))
    var on: String

    @Option(
        help: ArgumentHelp(
            "The step whose outcome is unknown; with 'well' none.", valueName: "step"))
    var step: String?

    @Option(name: .customLong("as"), help: ArgumentHelp("What was found there."))
    var finding: Finding

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How you know; recorded.", valueName: "text"))
    var why: String

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Refuses what can't be combined.
    func validate() throws {
        if finding == .well, step != nil {
            throw ValidationError("--as well is said of the target: leave --step out.")
        }
        if finding != .well, step == nil {
            throw ValidationError(
                "--as \(finding.rawValue) needs --step: the step whose outcome is unknown.")
        }
    }

    /// Tells the run, or records it where the run is over.
    func perform(_ session: Session) async throws -> ExitCode {
        guard let step else { return try await settleAfterwards(session) }
        let telling = try await Telling.of(run.run, session, leading)
        let plan = telling.folded.machine.plan
        let target = try PlanNames.place(on, of: plan)
        let named = try PlanNames.step(step, of: plan)
        // Refused before a secret is asked for.
        let asked = PersonCommand.Verb.settle(target, named, isDone: finding == .done, why: "")
        try telling.refuseUnlessPossible(asked)
        let said = try await telling.redactor().scrub(try NoteText.checked(why))
        return try await telling.tell(
            .settle(target, named, isDone: finding == .done, why: said),
            done: [
                finding == .done
                    ? "\(named) was done on \(target): it goes on with the next step."
                    : "\(named) was not done on \(target): it has failed there."
            ])
    }

    /// Records that the target is well, though the run that is over ended badly there.
    private func settleAfterwards(_ session: Session) async throws -> ExitCode {
        let (home, folded) = try await session.openRun(run.run, toWrite: true)
        try await home.refuseWhenTrailDiffers()
        let plan = folded.machine.plan
        let target = try PlanNames.target(on, of: plan)
        let secrets = try await SpokenSecrets(of: plan, session, leading.parameters)
        let said = secrets.redactor.scrub(try NoteText.checked(why))
        try session.permit(.settle, on: ActSubject(plan))
        try await session.noteTrust(in: home)
        let signer = try await ActSigning(session: session, home: home).sign(
            .settle, arguments: ["target": target.rawValue, "as": finding.rawValue, "why": said],
            about: plan, run: folded.summary.id)
        try await home.journal.settle(
            Settlement(
                run: folded.summary.id, target: target, at: session.world.now(),
                actor: signer?.rawValue ?? session.actor, why: said))
        try await home.sealRecorded("That \(target) is well")
        let anchor = await home.anchor(telling: session.console)
        if session.console.isJSON {
            session.console.json(
                SettlementDocument(
                    run: folded.summary.id, target: target, finding: finding.rawValue, why: said,
                    trail: anchor))
        } else {
            session.console.lines(["\(target) is well: it counts as available again."])
        }
        return .success
    }
}

/// The JSON form of what was settled of a run that is over.
struct SettlementDocument: Encodable, Sendable {
    var format = 1
    let run: RunID
    let target: TargetName
    /// What was found there: `well`.
    let finding: String
    let why: String
    let trail: String?
}

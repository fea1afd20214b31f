import ArgumentParser
import Runbooks
import Runner

/// `handrail plan`: a dry run.
struct PlanCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "A dry run: what would be done, and what is there now. Changes nothing.")

    @OptionGroup var subject: SubjectOptions

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Write the plan to a file, for 'handrail run FILE'.", valueName: "file"))
    var output: String?

    @Flag(help: "Look at no target.")
    var noProbe = false

    @Flag(help: "End with 2 when there are changes.")
    var detailedExitcode = false

    @Option(
        help: ArgumentHelp(
            "What the gates would say at this time, such as 2026-11-28T20:00:00+01:00.",
            valueName: "time"))
    var at: String?

    @Flag(
        help: ArgumentHelp(
            "Say what breaking the glass would replace, and which gates bind all the same; nothing "
                + "is started or signed."))
    var breakGlass = false

    @Option(
        help: ArgumentHelp(
            "With --break-glass: a protected group that the run may touch: 'cluster = mb1'.",
            valueName: "group"))
    var protected: [String] = []

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Prepares, looks, and shows.
    func perform(_ session: Session) async throws -> ExitCode {
        let instant = try at.map { try Self.instant($0, now: session.world.now()) }
        let place = try output.map { try PlanPlace(session.world.path($0)) }
        let prepared = try await Preparation(
            session: session, subject: subject, instant: instant, glass: try glass(session)
        ).prepare()
        try prepared.refuseNeedlessGlass()
        if let instant { try checkLife(of: prepared.plan, at: instant) }
        let looking = Looking(session: session, prepared: prepared, noProbe: noProbe)
        let reach = Reach(session: session, options: subject.reach)
        let run = session.newRunID()
        var shown = try await reach.withExecutor(
            for: prepared.plan, files: prepared.files, secrets: prepared.parameters.secrets
        ) { executor, _ in
            await looking.look(with: executor, run: run)
        }
        shown.at = instant
        shown.withoutGlass = prepared.gatesWithoutGlass
        let document = PlanDocument(shown)
        try place?.write(document)
        if session.console.isJSON {
            session.console.json(document)
        } else {
            let console = session.console
            let view = PlanView(
                subject: shown, style: console.style, width: console.width ?? 100)
            console.lines(view.lines + closing(shown))
        }
        try await warnOfRepeats(prepared.plan, session)
        return exit(shown)
    }

    /// How far two people are who might break the glass; nil where nobody asks.
    private func glass(_ session: Session) throws -> GlassState? {
        guard breakGlass else {
            guard protected.isEmpty else {
                throw Failure(
                    .usage, code: "usage", "--protected belongs to --break-glass.",
                    hint: "leave it out, or add that")
            }
            return nil
        }
        try BreakGlassOptions.refuseImpossible(session, subject)
        return .asked(groups: protected)
    }

    /// Says that a run would be one too many, while there is time to do something else.
    private func warnOfRepeats(_ plan: Plan, _ session: Session) async throws {
        guard plan.repeatRule != nil, let home = try await session.existingHome() else { return }
        let counts = try await home.journal.repeats(
            of: plan, leftOut: [], at: session.world.now())
        guard let refusal = JournalError.repeated(plan, counts) else { return }
        session.console.warn("a run would be refused: \(refusal.message)", hint: refusal.hint)
    }

    /// The instant that `--at` names.
    private static func instant(_ text: String, now: Timestamp) throws -> Timestamp {
        let example = "such as 2026-11-28T20:00:00+01:00"
        guard let instant = TimeText.instant(text) else {
            let isBare = TimeText.instant(text + "Z") != nil
            throw Failure(
                .invalidInput, code: "time",
                isBare
                    ? "--at \(printableExcerpt(text)) has no zone: it is another instant elsewhere."
                    : "--at \(printableExcerpt(text)) is no time with date and zone (RFC 3339).",
                hint: isBare ? "add Z for UTC, or an offset, \(example)" : example)
        }
        guard instant >= now else {
            throw Failure(
                .invalidInput, code: "time",
                "--at \(printableExcerpt(text)) is in the past (\(TimeText.ago(instant, now: now))).",
                hint: "'handrail history --since' shows what was; a plan is for what is to come")
        }
        return instant
    }

    /// Refuses an instant at which the plan would have expired.
    private func checkLife(of plan: Plan, at instant: Timestamp) throws {
        guard instant >= plan.expires else { return }
        throw Failure(
            .invalidInput, code: "time",
            "By then the plan will have expired, at \(TimeText.full(plan.expires, offset: 0)).",
            hint: "make the plan in the 35 days before its run")
    }

    private func closing(_ shown: PlanSubject) -> [String] {
        if !shown.gates.isOpen { return ["", "A gate is closed: it can't be run like this."] }
        if let output {
            return [
                "", "Written to \(output): 'handrail run \(output)' makes it again and runs it.",
            ]
        }
        let isNothing =
            !shown.forecast.mayChange && shown.notProbed == nil && exit(shown) == .success
        return isNothing ? ["", "Nothing would change."] : []
    }

    private func exit(_ shown: PlanSubject) -> ExitCode {
        guard shown.gates.isOpen else { return .refused }
        let labels = Set(shown.forecast.targets.flatMap(\.entries).map(\.label))
        if labels.contains(.failed) { return .targetsFailed }
        if labels.contains(.unreachable) { return .unreachable }
        return detailedExitcode && shown.forecast.mayChange ? .changes : .success
    }
}

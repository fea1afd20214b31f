import ArgumentParser
import Runbooks
import Runner

/// `handrail change approve`: shows what is asked for, and signs that it may be done.
struct ChangeApproveCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Shows plan, forecast and what has drifted, and signs with your own key.",
        discussion: """
            The plan is made again: where it isn't the change's any more, nothing is approved. \
            Approving ahead of time is usual; the change's time and windows decide when it starts.

            Example: handrail change approve CHG-42 --key ~/.ssh/id_ed25519
            """)

    @OptionGroup var change: ChangeIDArgument

    @OptionGroup var signing: ChangeSigningOptions

    @Flag(help: "Don't ask: you have looked at it before.")
    var yes = false

    @OptionGroup(title: "Parameters") var parameters: ParameterOptions
    @OptionGroup(title: "Reaching targets") var reach: ReachOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows, asks, signs, records.
    func perform(_ session: Session) async throws -> ExitCode {
        let acting = try await ChangeActing.on(self.change.change, session)
        let (home, change) = (acting.home, acting.change)
        let prepared = try await Preparation(
            session: session, subject: .of(change, parameters, reach)
        ).prepare(change, in: home)
        try session.permit(.changeApprove, on: ActSubject(prepared.plan))
        let seat = try await ApproverSeat(signing, on: change, in: home, session)
        try await acting.refuseVain(try await seat.statement(.approved))
        try await show(change, prepared, home, session)
        try await confirm(change, prepared, session)
        let signed = try await seat.sign(.approved)
        let facts = try await session.approvalFacts(of: change, and: signed, in: home)
        return try await acting.tell(
            [.decide(signed, facts)],
            "The approval of \(change.id)")
    }

    /// What is approved, as it was recorded and as it is now.
    private func show(
        _ change: Change, _ prepared: PreparedPlan, _ home: OpenedHome, _ session: Session
    ) async throws {
        let console = session.console
        guard !console.isJSON else { return }
        let (style, width) = (console.errorStyle, console.errorWidth ?? 100)
        let forecast = try await home.forecast(of: change)
        let subject = PlanSubject(
            plan: prepared.plan, digest: prepared.digest,
            librarySource: prepared.opened.source, gates: prepared.gates,
            forecast: forecast ?? Forecast(targets: []),
            notProbed: forecast == nil ? "nobody looked when it was opened" : nil,
            selected: prepared.selected, alert: nil, change: change.id,
            made: session.world.now())
        console.errors(PlanView(subject: subject, style: style, width: width).lines + [""])
        let shown = ShownChange(
            change: change, leftOut: try await home.leftOut(of: change), trail: nil,
            written: session.known(
                change.request.plan?.written, in: change.request.plan?.environment))
        console.errors(
            ChangeView(
                shown: shown, time: ShownTime(session.world), style: style, width: width
            ).lines
                + ["", "Nothing that the plan names has changed since: its digest is the same."])
    }

    private func confirm(
        _ change: Change, _ prepared: PreparedPlan, _ session: Session
    ) async throws {
        guard !yes else { return }
        guard session.console.isInteractive else {
            throw Failure(
                .usage, code: "confirmation",
                "Nobody can confirm this: standard input is no terminal.",
                hint: "look at it with 'handrail change show \(change.id)' and "
                    + "'handrail plan \(change.id)', then give --yes")
        }
        try await session.confirm(prepared.plan.targets.map(\.name), "approve \(change.id)")
    }
}

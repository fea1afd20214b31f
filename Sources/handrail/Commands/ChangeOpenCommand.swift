import ArgumentParser
import Runbooks
import Runner

/// `handrail change open`: plans, and asks for a change with that plan.
struct ChangeOpenCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Asks for a change: makes the plan, looks at the targets, and keeps both.",
        discussion: """
            What acceptance lacks is asked for on a terminal; elsewhere all that is missing is \
            named at once. 'handrail change submit' hands it in.

            Example: handrail change open drivers.replace --limit 'role = hub' --type driver-update
            """)

    @OptionGroup var subject: SubjectOptions

    @OptionGroup(title: "The change") var fields: ChangeFieldOptions

    @Flag(help: "Record it as it is, though something is missing.")
    var draft = false

    @Flag(help: "Look at no target.")
    var noProbe = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Plans, completes the request, and records it.
    func perform(_ session: Session) async throws -> ExitCode {
        guard !session.options.workingTree else {
            throw Failure(
                .usage, code: "usage", "Changes use commits only, never a working tree.",
                hint: "commit, then open the change")
        }
        let prepared = try await Preparation(
            session: session, subject: subject, isForNewChange: true
        ).prepare()
        try session.permit(.changeOpen, on: ActSubject(prepared.plan))
        let types = prepared.opened.changeRules(for: .normal)
        let intake = ChangeIntake(session: session, options: fields, types: types)
        var request = ChangeRequest(
            title: prepared.plan.runbook.title, type: prepared.runbook.changeType?.text)
        request = try intake.request(from: request)
        try prepared.runbook.refuseOtherType(than: request.type)
        // The plan isn't kept yet; whether it is enough for acceptance is known all the same.
        request.plan = ChangePlan(prepared.plan, digest: prepared.digest)
        if !draft { request = try await intake.completed(request) }
        let home = try await session.homeToRecord()
        let written = try await VersionAuthors(
            session: session, opened: prepared.opened, home: home
        ).authors(of: prepared.plan, prepared.runbook)
        if let missing = written.missing {
            session.console.warn(
                "who wrote \(prepared.plan.runbook.id) can't be said: \(missing)",
                hint: "no approval opens gate 7 of this change")
        }
        let shown = try await look(prepared, session)
        request.plan = try await ChangePlanning(
            home: home, prepared: prepared, shown: shown, written: written
        ).kept()
        let events: [ChangeEvent]
        switch Change.open(request) {
        case .success(let opening): events = opening
        case .failure(let refusals): throw Failure(refusals, nil)
        }
        let signer = try await ActSigning(session: session, home: home).sign(
            .changeOpen, about: prepared.plan)
        let change = try await home.journal.open(
            events, actor: signer?.rawValue ?? session.actor, at: session.world.now())
        try await home.sealRecorded("\(change.id)")
        return try await ChangeActing(session: session, home: home, change: change).show(change)
    }

    private func look(_ prepared: PreparedPlan, _ session: Session) async throws -> PlanSubject {
        let looking = Looking(session: session, prepared: prepared, noProbe: noProbe)
        let run = session.newRunID()
        let shown = try await session.interruptible {
            try await Reach(session: session, options: subject.reach).withExecutor(
                for: prepared.plan, files: prepared.files, secrets: prepared.parameters.secrets
            ) { executor, _ in
                await looking.look(with: executor, run: run)
            }
        }
        if !session.console.isJSON {
            let view = PlanView(
                subject: shown, style: session.console.errorStyle,
                width: session.console.errorWidth ?? 100)
            session.console.errors(view.lines + [""])
        }
        return shown
    }
}

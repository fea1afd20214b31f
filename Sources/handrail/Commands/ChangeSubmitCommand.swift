import ArgumentParser
import Runner

/// `handrail change submit`: hands a draft in.
struct ChangeSubmitCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Hands a draft in; it is taken only when it is complete.",
        discussion: """
            An automatic type is approved by that. What is missing can be given here.

            Example: handrail change submit CHG-42 --impact-recovery none
            """)

    @OptionGroup var change: ChangeIDArgument

    @OptionGroup(title: "What is still missing") var fields: ChangeFieldOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Completes and submits it.
    func perform(_ session: Session) async throws -> ExitCode {
        let acting = try await ChangeActing.on(change.change, session)
        let library = try await session.openLibrary()
        let intake = ChangeIntake(
            session: session, options: fields, types: library.changeRules(for: .normal))
        var request = try intake.request(from: acting.change.request)
        if acting.change.state == .draft, session.console.isInteractive {
            request = try await intake.completed(request)
        }
        if let id = request.plan?.runbook {
            try library.library.runbooks.first { $0.id == id }?.refuseOtherType(than: request.type)
        }
        if let floor = session.floor(of: request.plan?.environment), let type = request.type,
            let objection = floor.objection(toType: type)
        {
            throw Failure(
                .refused, code: "change.type", "\(objection).",
                hint: "give it another type, or ask who keeps trust")
        }
        let amend: [ChangeInput] = request == acting.change.request ? [] : [.amend(request)]
        let least = session.leastQuorum(of: acting.change.request.plan?.environment)
        var rules = library.changeRules(for: request.urgency, least: least)
            .rules(of: request.type)
        if let type = rules?.type, rules?.severity == .automatic {
            rules?.written = try await VersionAuthors(
                session: session, opened: library, home: acting.home
            ).authors(ofType: type)
        }
        return try await acting.tell(
            amend + [.submit(rules)],
            "That \(acting.change.id) is submitted")
    }
}

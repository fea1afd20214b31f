import ArgumentParser
import Runbooks
import Runner

/// `handrail resume`: lets a paused run go on, or leads one on that nobody leads.
struct ResumeCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets a paused run go on; leads it on when nobody does any more.")

    @OptionGroup var run: RunIDArgument

    @OptionGroup(title: "Secrets, given again") var parameters: ParameterOptions
    @OptionGroup(title: "Reaching targets") var reach: ReachOptions
    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Tells the run's leader, or becomes it.
    func perform(_ session: Session) async throws -> ExitCode {
        let home = try await session.openHome()
        let id = try await RunReference(run.run).resolve(in: home.journal).id
        let takeover = try Takeover(
            session: session, home: home, id: id.rawValue, parameters: parameters, reach: reach)
        let machine = try await takeover.machine()
        guard !machine.state.isTerminal else {
            throw JournalError.closed(takeover.id, machine.state)
        }
        let verb: PersonCommand.Verb? = machine.isPauseRequested ? .resume : nil
        return try await takeover.tellOrLead(verb)
    }
}

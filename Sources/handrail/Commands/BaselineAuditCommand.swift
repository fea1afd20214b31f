import ArgumentParser
import Runbooks
import Runner

/// `handrail baseline audit`: runs the audits that are due.
struct BaselineAuditCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Runs the audits that are due: for a timer, as often as it likes.",
        discussion: """
            One run for each baseline and environment. Nothing is written on targets, and nothing \
            is asked. Ends with 14 where something deviates.
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("Baselines; all when none is named.", valueName: "baseline"),
        completion: .custom(Completions.runbooks))
    var baselines: [String] = []

    @Flag(help: "All of their targets, due or not.")
    var now = false

    @OptionGroup(title: "Reaching targets") var reach: ReachOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Runs them one after the other.
    func perform(_ session: Session) async throws -> ExitCode {
        guard !session.options.workingTree else {
            throw Failure(
                .usage, code: "usage", "Runs use commits only, never a working tree.",
                hint: "commit, then audit")
        }
        let opened = try await session.openLibrary()
        let chosen = try opened.baselines(named: baselines)
        let home = try await session.homeToRead()
        let due = try await DueAudits(
            of: chosen, in: opened.library.inventory, home?.journal, at: session.world.now(),
            isForced: now)
        var runs: [RunDocument] = []
        var codes: [ExitCode] = []
        var problem: (any Error)?
        for entry in due.entries where !entry.due.isEmpty {
            do {
                let (run, document) = try await audit(entry, opened, session)
                runs.append(document)
                codes.append(ExitCode(run))
                if run.isAbortRequested || !run.state.isTerminal { break }
            } catch {
                // One that can't be run keeps no other from being run.
                Failure(error).warn(on: session.console, about: entry.baseline.id)
                problem = problem ?? error
            }
        }
        let console = session.console
        if console.isJSON {
            console.json(AuditsDocument(runs: runs))
        } else if runs.isEmpty, problem == nil {
            console.note("Nothing is due.")
        }
        if let problem { codes.append(Failure(problem).exit) }
        return Self.code(codes)
    }

    private func audit(
        _ entry: DueAudits.Entry, _ opened: OpenedLibrary, _ session: Session
    ) async throws -> (RunMachine, RunDocument) {
        let console = session.console
        if !console.isJSON {
            console.note(
                console.errorStyle.paint(
                    "\(entry.baseline.id) in \(entry.environment): "
                        + CountText.of(entry.due.count, "target"), .strong))
        }
        let done = try await BaselineAudit(session: session, reach: reach)
            .run(entry.baseline.id, on: entry.due)
        if !console.isJSON {
            _ = await session.recap(
                done.run, ended: session.world.now(), in: done.home, trail: done.trail,
                picks: opened.library.picks)
        }
        return (done.run, RunDocument(done.run, trail: done.trail))
    }

    /// What could not even be run comes first: a timer's log has to show it.
    private static func code(_ codes: [ExitCode]) -> ExitCode {
        let known = Set(ExitCode.precedence + [.success])
        return codes.first { !known.contains($0) } ?? .worst(of: codes)
    }
}

/// The JSON form of audits that were run.
struct AuditsDocument: Encodable, Sendable {
    var format = 1
    /// In the order in which they were run.
    let runs: [RunDocument]
}

extension Failure {
    /// Says why one of several audits could not be run.
    fileprivate func warn(on console: Console, about baseline: RunbookID) {
        console.warn("\(baseline) was not audited: \(message)", hint: hint)
    }
}

import ArgumentParser
import Foundation
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

    @Option(help: .hidden)
    var at: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Prepares, looks, and shows.
    func perform(_ session: Session) async throws -> ExitCode {
        guard at == nil else {
            throw Failure(
                .invalidInput, code: "notBuilt", "--at is not built yet.",
                hint: "leave it out: the plan is for now")
        }
        let prepared = try await Preparation(session: session, subject: subject).prepare()
        let looking = Looking(session: session, prepared: prepared, noProbe: noProbe)
        let reach = Reach(session: session, options: subject.reach)
        let run = session.newRunID()
        let shown = try await reach.withExecutor(
            for: prepared.plan, files: prepared.files, secrets: prepared.parameters.secrets
        ) { executor, _ in
            await looking.look(with: executor, run: run)
        }
        let document = PlanDocument(shown)
        if let output { try write(document, to: output) }
        if session.console.isJSON {
            session.console.json(document)
        } else {
            let console = session.console
            let view = PlanView(
                subject: shown, style: console.style, width: console.width ?? 100)
            console.lines(view.lines + closing(shown))
        }
        return exit(shown)
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

    private func write(_ document: PlanDocument, to path: String) throws {
        do {
            try Data(try CanonicalJSON.bytes(of: document))
                .write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Failure(
                .invalidInput, code: "file",
                "The plan can't be written to \(printableExcerpt(path)): \(InputFile.reason(error)).",
                hint: "check the path after -o")
        }
    }
}

import ArgumentParser
import CMalloc
import Foundation

/// The command `handrail`: what people type.
@main
struct Handrail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handrail",
        abstract: "Checks, plans and runs runbooks on many servers, and says whether they helped.",
        discussion: """
            handrail alert FILE              the runbooks that fit an alert, filled in
            handrail list                    the runbooks of the library
            handrail show ID                 a runbook, as a person reads it
            handrail plan ID --on TARGET     a dry run: what would be done, and what is there now
            handrail run ID --on TARGET      the same, then does it, and says whether it helped
            """,
        version: "handrail \(HandrailVersion.text)",
        subcommands: [
            // One line each, in the order people meet them.
            AlertCommand.self,
            FindCommand.self,
            PlanCommand.self,
            RunCommand.self,
            ResumeCommand.self,
            PromoteCommand.self,
            WatchCommand.self,
            ListCommand.self,
            ShowCommand.self,
            StatusCommand.self,
            LogsCommand.self,
            HistoryCommand.self,
            AnswerCommand.self,
            ConfirmCommand.self,
            NoteCommand.self,
            EscalateCommand.self,
            FlagCommand.self,
            RetryCommand.self,
            RollbackCommand.self,
            SettleCommand.self,
            PayCommand.self,
            PauseCommand.self,
            AbortCommand.self,
            ChangeCommand.self,
            BreakGlassCommand.self,
            BaselineCommand.self,
            ValidateCommand.self,
            SchemaCommand.self,
            AuditCommand.self,
            TrustCommand.self,
            WhoamiCommand.self,
            InventoryCommand.self,
            InitCommand.self,
            DoctorCommand.self,
            BackupCommand.self,
            RestoreCommand.self,
            PruneCommand.self,
            CompletionsCommand.self,
        ])

    /// Parses the arguments, performs the command, and ends the process with its exit code.
    static func main() async {
        boundMemory()
        let arguments = Array(CommandLine.arguments.dropFirst())
        let code = await perform(arguments, world: .live)
        Foundation.exit(code.rawValue)
    }

    /// Lets the C library give back what bursts of work leave behind.
    ///
    /// With a pool for every thread, and all of each pool kept, a run with 50 targets in flight took
    /// 5 MiB more.
    private static func boundMemory() {
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_TRIM_THRESHOLD, 128 << 10)
        mallopt(M_TOP_PAD, 64 << 10)
    }

    /// Performs one command line.
    ///
    /// - Returns: the process's exit code; everything else was written to the console.
    static func perform(_ arguments: [String], world: World) async -> ExitCode {
        let fallback = Console(world: world, isJSON: arguments.contains("--json"))
        do {
            var command = try await asyncParseAsRoot(words(arguments))
            guard let ours = command as? any HandrailCommand else {
                try command.run()
                return .success
            }
            return try await perform(ours, world: world)
        } catch {
            return CommandLineFailure(error, arguments: arguments).show(on: fallback)
        }
    }

    /// The words to parse: `handrail` alone says what waits for a person.
    private static func words(_ arguments: [String]) -> [String] {
        guard let first = arguments.first else { return ["status"] }
        let ofRoot = ["-h", "--help", "--version", "--help-hidden", "--experimental-dump-help"]
        let isOption = first.hasPrefix("--") && !first.hasPrefix("---")
        if isOption, !ofRoot.contains(first) { return ["status"] + arguments }
        return DashedText.parsable(arguments)
    }

    private static func perform(
        _ command: any HandrailCommand, world: World
    ) async throws -> ExitCode {
        let console = Console(
            world: world, isJSON: command.global.json, color: command.global.color)
        do {
            return try await command.perform(Session(console: console, options: command.global))
        } catch {
            let failure = Failure(error)
            failure.show(on: console)
            return failure.exit
        }
    }
}

/// The command's own version.
enum HandrailVersion {
    /// Semantic versioning 2.0.0.
    static let text = "0.1.0"
}

/// A subcommand: its options, and what it does with them.
protocol HandrailCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }

    /// Does the command's work.
    ///
    /// - Returns: the exit code.
    /// - Throws: `Failure`, or an error that `Failure.init` knows a row for.
    func perform(_ session: Session) async throws -> ExitCode
}

/// What every command is given: where to write, and the options that all have.
struct Session: Sendable {
    let console: Console
    let options: GlobalOptions

    var world: World { console.world }
}

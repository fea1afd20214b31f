import ArgumentParser
import Runbooks

/// What the argument parser ended with: help that was asked for, or a mistake in the words.
struct CommandLineFailure {
    private let error: any Error
    private let arguments: [String]

    init(_ error: any Error, arguments: [String]) {
        self.error = error
        self.arguments = arguments
    }

    /// Shows help on standard output, a mistake on standard error (or as JSON).
    ///
    /// - Returns: success for help, else usage (64).
    func show(on console: Console) -> ExitCode {
        let status = Handrail.exitCode(for: error)
        guard !status.isSuccess else {
            console.text(Handrail.fullMessage(for: error))
            return .success
        }
        let failure = Failure(
            .usage, code: "usage", advice ?? Handrail.message(for: error), hint: hint)
        failure.show(on: console)
        return .usage
    }

    /// Words for habits from other tools.
    private var advice: String? {
        for word in arguments where ["--check", "--dry-run", "--diff", "-n"].contains(word) {
            return "There is no \(word): a dry run is a command of its own."
        }
        if let word = unknownCommand {
            return "There is no command \(printableExcerpt(word))."
        }
        return nil
    }

    private var hint: String? {
        if arguments.contains(where: { ["--check", "--dry-run", "--diff", "-n"].contains($0) }) {
            return "use handrail plan"
        }
        if unknownCommand == "inbox" { return "'handrail' alone shows the inbox" }
        if let word = unknownCommand {
            let near = nearestName(to: word, among: Self.commandNames)
            return near.map { "did you mean 'handrail \($0)'?" }
                ?? "'handrail --help' lists the commands"
        }
        let command = arguments.first { Self.commandNames.contains($0) }
        if Handrail.message(for: error).contains("Missing expected argument '<runbook>'") {
            return "'handrail list' names the runbooks, 'handrail find WORDS' looks for one"
        }
        let parts = ["audit": Self.auditNames, "change": Self.changeNames]
        let part = command.flatMap { parts[$0] }.flatMap { arguments.first(where: $0.contains) }
        let words = ["handrail", command, part, "--help"].compactMap(\.self)
        return "'\(words.joined(separator: " "))' shows the options"
    }

    private var unknownCommand: String? {
        guard let first = arguments.first, !first.hasPrefix("-"),
            !Self.commandNames.contains(first), first != "help"
        else { return nil }
        return first
    }

    private static var auditNames: [String] {
        AuditCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    private static var changeNames: [String] {
        ChangeCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    // WHY NOT a key path: swiftc 6.3.1 crashes on one through an existential metatype.
    private static var commandNames: [String] {
        Handrail.configuration.subcommands.compactMap { $0.configuration.commandName }
    }
}

import ArgumentParser

/// `handrail completions`: what makes a shell complete handrail's words.
struct CompletionsCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Writes a shell's completion script: commands, runbooks, targets, runs.",
        discussion: """
            Example: handrail completions bash > ~/.local/share/bash-completion/completions/handrail

            zsh:  handrail completions zsh > a folder of $fpath, as _handrail
            fish: handrail completions fish > ~/.config/fish/completions/handrail.fish
            """)

    @ArgumentParser.Argument(help: ArgumentHelp("bash, zsh or fish.", valueName: "shell"))
    var shell: ShellName

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// The shells that there are scripts for.
    enum ShellName: String, ExpressibleByArgument, CaseIterable, Sendable {
        case bash, zsh, fish
    }

    /// Writes the script to standard output.
    func perform(_ session: Session) async throws -> ExitCode {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        let script = Handrail.completionScript(for: kind)
        if session.console.isJSON {
            session.console.json(ScriptDocument(shell: shell.rawValue, script: script))
        } else {
            session.console.text(script)
        }
        return .success
    }

    /// The JSON form of a script.
    struct ScriptDocument: Encodable, Sendable {
        var format = 1
        let shell: String
        let script: String
    }
}

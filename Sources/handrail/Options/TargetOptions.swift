import ArgumentParser
import Runner

/// Which targets: `--on`, `--limit`, `--exclude`.
struct TargetOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp("Exactly one target, by its name or an alias.", valueName: "target"),
        completion: .custom(Completions.targets))
    var on: [String] = []

    @Option(
        help: ArgumentHelp(
            "Names, patterns or groups (a,b*,c), an expression ('role = hub and site = eu'), "
                + "@FILE, - or @run:RUN/failed. Several mean and.", valueName: "targets"),
        completion: .custom(Completions.limits))
    var limit: [String] = []

    @Option(
        help: ArgumentHelp("Targets to leave out, as in --limit.", valueName: "targets"),
        completion: .custom(Completions.limits))
    var exclude: [String] = []
}

extension TargetOptions {
    /// Nobody named any.
    static var none: TargetOptions {
        var options = TargetOptions()
        (options.on, options.limit, options.exclude) = ([], [], [])
        return options
    }
}

/// Values of parameters: `--set`, `--params`.
struct ParameterOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "A parameter. A secret only as name=@FILE: a command line can be read by others.",
            valueName: "name=value"), completion: .custom(Completions.parameters))
    var set: [String] = []

    @Option(
        help: ArgumentHelp(
            "Parameters as YAML or JSON, from a file or from standard input (-).",
            valueName: "@file|-"))
    var params: String?
}

/// How targets are reached.
struct ReachOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "ssh's configuration (ssh -F); else $HANDRAIL_SSH_CONFIG, else your own.",
            valueName: "file"), completion: .file())
    var sshConfig: String?
}

/// What plan and run have in common.
struct SubjectOptions: ParsableArguments, Sendable {
    @Argument(
        help: ArgumentHelp(
            "The runbook's id, a change such as CHG-42, or a plan file.", valueName: "runbook"),
        completion: .custom(Completions.runbooks))
    var subject: String

    @OptionGroup(title: "Targets") var targets: TargetOptions
    @OptionGroup(title: "Parameters") var parameters: ParameterOptions
    @OptionGroup(title: "Reaching targets") var reach: ReachOptions

    @Option(
        help: ArgumentHelp(
            "The alert that this answers: its name, or a file with it (@FILE, FILE.json, a path, "
                + "or -), which then says target and parameters. Its symptom is asked for.",
            valueName: "alert|file"), completion: .file())
    var alert: String?
}

/// The run that a command is about.
struct RunIDArgument: ParsableArguments, Sendable {
    @Argument(
        help: ArgumentHelp("The run: its id, a part of it, or 'last'.", valueName: "run"),
        completion: .custom(Completions.runs))
    var run: String
}

extension SubjectOptions {
    /// A change, with what its plan leaves to be given again.
    static func of(
        _ change: Change, _ parameters: ParameterOptions, _ reach: ReachOptions
    ) -> SubjectOptions {
        // WHY NOT parse: what completes asynchronously can't be parsed by itself (ArgumentParser).
        var subject = SubjectOptions()
        subject.subject = change.id.rawValue
        subject.targets = .none
        subject.parameters = parameters
        subject.reach = reach
        subject.alert = nil
        return subject
    }
}

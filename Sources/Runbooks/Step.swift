/// What a step does to its target, which decides dry run, retry and recovery (docs/semantics.md).
package enum Effect: String, Sendable, Codable, CaseIterable {
    case read, idempotent, once, irreversible
}

/// An argument of a script: text, or a reference `$name` to a value that is known later.
package enum Argument: Sendable, Hashable {
    case text(String)
    /// `$parameter`, `$target_name`, `$target.label` or `$step.output`, without the dollar sign.
    case reference(Expression.Name)
}

/// A script with everything it is given.
package struct ScriptCall: Sendable, Hashable, Codable {
    /// Where the program text is.
    package enum Program: Sendable, Hashable {
        /// A path relative to the runbook's folder (`scripts/x`), or `lib/x` named by `uses`.
        case file(String)
        /// Text written in the document itself.
        case inline(String)
    }

    /// The text that runs; no value is ever spliced into it.
    package var program: Program
    /// The interpreter and its options (`["sh"]`, `["python3"]`); the text's `#!` line when unset.
    package var interpreter: [String]
    /// The arguments after the program's name, in order; never secrets.
    package var arguments: [Argument]
    /// Environment variables, by name; keys of `with`.
    package var environment: [String: Argument]
    /// What the script reads on standard input.
    package var standardInput: Argument?

    private enum CodingKeys: String, CodingKey {
        case program, interpreter
        case arguments = "args"
        case environment = "with"
        case standardInput = "stdin"
    }

    package init(
        program: Program, interpreter: [String] = ["sh"], arguments: [Argument] = [],
        environment: [String: Argument] = [:], standardInput: Argument? = nil
    ) {
        self.program = program
        self.interpreter = interpreter
        self.arguments = arguments
        self.environment = environment
        self.standardInput = standardInput
    }
}

/// A file's wanted state.
package struct FileAction: Sendable, Hashable, Codable {
    /// Where the wanted bytes come from.
    package enum Content: Sendable, Hashable {
        /// A file of the runbook (`files/x`), copied byte for byte.
        case file(String)
        /// A template of the runbook (`files/x`), with its `{{ name }}` values.
        case template(String, values: [String: Argument])
        /// The file must not exist.
        case absent
    }

    /// The absolute path on the target.
    package var path: Argument
    /// The bytes the file should have, or that it should not exist.
    package var content: Content
    /// Permission bits, such as 0o644; kept as they are when unset.
    package var mode: Int?
    /// The owning account's name on the target; kept as it is when unset.
    package var owner: String?
    /// The owning group's name on the target; kept as it is when unset.
    package var group: String?
    /// A script that is given the new file's path and must exit 0 before it is moved in place.
    package var check: ScriptCall?

    package init(
        path: Argument, content: Content, mode: Int? = nil, owner: String? = nil,
        group: String? = nil, check: ScriptCall? = nil
    ) {
        self.path = path
        self.content = content
        self.mode = mode
        self.owner = owner
        self.group = group
        self.check = check
    }
}

/// A service's wanted state, under systemd or runit.
package struct ServiceAction: Sendable, Hashable, Codable {
    /// What the service should be; the last two are acts that are done once.
    package enum State: String, Sendable, Codable, CaseIterable {
        case running, stopped, restarted, reloaded
    }

    /// The service's name, as the target's own service manager knows it.
    package var name: Argument
    /// What it should be, or the act to be done.
    package var state: State

    package init(name: Argument, state: State) {
        self.name = name
        self.state = state
    }
}

/// A Debian package's wanted version.
package struct PackageAction: Sendable, Hashable, Codable {
    /// What should be installed.
    package enum Version: Sendable, Hashable {
        /// Any version.
        case present
        case absent
        case exactly(Argument)
        /// In `undo` only: what was installed before the step.
        case previous
    }

    /// The package's name, as apt knows it.
    package var name: Argument
    /// Which version should be installed, if any.
    package var version: Version

    package init(name: Argument, version: Version) {
        self.name = name
        self.version = version
    }
}

/// A restart of the target; the step ends once it is back, with another boot.
package struct RebootAction: Sendable, Hashable, Codable {
    /// The longest time until the target answers again.
    @InMilliseconds package var upTo: Duration

    private enum CodingKeys: String, CodingKey {
        case upTo = "up_to_ms"
    }

    package init(upTo: Duration) { self.upTo = upTo }
}

/// A wait until a script exits 0, or for a fixed time.
package struct WaitAction: Sendable, Hashable, Codable {
    /// The script that ends the wait by exiting 0; nil waits for a fixed time.
    package var until: ScriptCall?
    /// The pause between two attempts of `until`.
    @InMilliseconds package var every: Duration
    /// The longest wait; also the length of a wait without `until`.
    @InMilliseconds package var upTo: Duration

    private enum CodingKeys: String, CodingKey {
        case until
        case every = "every_ms"
        case upTo = "up_to_ms"
    }

    package init(until: ScriptCall?, every: Duration, upTo: Duration) {
        self.until = until
        self.every = every
        self.upTo = upTo
    }
}

/// A check: the script exits 0, and goes on doing so for a while.
package struct AssertAction: Sendable, Hashable, Codable {
    /// The look, which must not change anything: 0 holds, anything else doesn't.
    package var script: ScriptCall
    /// How long it must go on holding; zero for a single look.
    @InMilliseconds package var staysOKFor: Duration

    private enum CodingKeys: String, CodingKey {
        case script
        case staysOKFor = "stays_ok_for_ms"
    }

    package init(script: ScriptCall, staysOKFor: Duration = .zero) {
        self.script = script
        self.staysOKFor = staysOKFor
    }
}

/// Evidence to fetch from the target before it is gone.
package struct CollectAction: Sendable, Hashable, Codable {
    /// Scripts of the runbook, or command lines run by `sh`.
    package var commands: [String]
    /// Absolute paths.
    package var files: [String]
    /// The greatest sum of what is fetched, in bytes.
    package var limitBytes: Int

    private enum CodingKeys: String, CodingKey {
        case commands
        case files
        case limitBytes = "limit_bytes"
    }

    package init(commands: [String], files: [String], limitBytes: Int) {
        self.commands = commands
        self.files = files
        self.limitBytes = limitBytes
    }
}

/// The end of a target's sequence, decided by the runbook.
package struct StopAction: Sendable, Hashable, Codable {
    /// Whether the runbook helped.
    package enum Resolution: String, Sendable, Codable, CaseIterable { case resolved, unresolved }

    /// What the run's resolution becomes by this target.
    package var resolution: Resolution
    /// Who takes over, such as `tier-3`.
    package var escalate: String?
    /// What the operator is told.
    package var say: String

    package init(resolution: Resolution, escalate: String?, say: String) {
        self.resolution = resolution
        self.escalate = escalate
        self.say = say
    }
}

/// What a step does; a step has exactly one.
package enum Action: Sendable, Hashable {
    case run(ScriptCall)
    case file(FileAction)
    case service(ServiceAction)
    case package(PackageAction)
    case reboot(RebootAction)
    case wait(WaitAction)
    case assert(AssertAction)
    case collect(CollectAction)
    case http(HTTPAction)
    case manual(PersonAction)
    case ask(PersonAction)
    case stop(StopAction)

    /// The key that names this kind of step in a document.
    package var keyword: String {
        switch self {
        case .run: "run"
        case .file: "file"
        case .service: "service"
        case .package: "package"
        case .reboot: "reboot"
        case .wait: "wait"
        case .assert: "assert"
        case .collect: "collect"
        case .http: "http"
        case .manual: "manual"
        case .ask: "ask"
        case .stop: "stop"
        }
    }

    /// Whether the controller asks for it over HTTP, and nothing is done on the target.
    package var isRequest: Bool { if case .http = self { true } else { false } }
}

/// What gives back what a step took (out of service … back into service).
package struct Release: Sendable, Hashable, Codable {
    /// What happens when the target stops before `after` has ended.
    package enum IfStopped: String, Sendable, Codable, CaseIterable { case pay, keep }

    /// The script that gives it back, on the same target.
    package var script: ScriptCall
    /// The step after whose end the release is paid.
    package var after: StepID
    /// Give back at once (`pay`), or leave it owed until a person has looked (`keep`).
    package var ifStopped: IfStopped

    private enum CodingKeys: String, CodingKey {
        case script
        case after
        case ifStopped = "if_stopped"
    }

    package init(script: ScriptCall, after: StepID, ifStopped: IfStopped = .pay) {
        self.script = script
        self.after = after
        self.ifStopped = ifStopped
    }
}

/// An output that a step writes as `name=value` to `$HANDRAIL_OUTPUT`.
package struct OutputDeclaration: Sendable, Hashable, Codable {
    /// The name before `=`; later steps refer to it as `$step.name`.
    package let name: ParameterName
    /// How the text after `=` is read; one that can't be fails the step.
    package let kind: Parameter.Kind
    /// What the value must meet beyond its kind, as for parameters.
    package let constraints: Parameter.Constraints

    package init(
        name: ParameterName, kind: Parameter.Kind,
        constraints: Parameter.Constraints = Parameter.Constraints()
    ) {
        self.name = name
        self.kind = kind
        self.constraints = constraints
    }
}

/// How often a step is tried, and how long between two attempts.
package struct Retry: Sendable, Hashable, Codable {
    /// The total number of attempts, from 1.
    package var attempts: Int
    /// The pause between two attempts, in milliseconds.
    package var pauseMilliseconds: Int

    private enum CodingKeys: String, CodingKey {
        case attempts
        case pauseMilliseconds = "pause_ms"
    }

    package init(attempts: Int, pauseMilliseconds: Int) {
        self.attempts = attempts
        self.pauseMilliseconds = pauseMilliseconds
    }
}

/// What a step with `for_each` goes through, one item after the other.
package enum ItemList: Sendable, Hashable {
    /// The most items of one list.
    package static let limit = 100

    case texts([String])
    /// `$parameter` or `$target.label`, without the dollar sign; a plan has labels only.
    case reference(Expression.Name)
}

/// One step of a runbook: one action, one token.
package struct Step: Sendable, Hashable, Codable {
    /// Where a step runs.
    package enum Place: String, Sendable, Codable, CaseIterable { case target, controller }
    /// What a failure means for the target's sequence.
    package enum OnFailed: String, Sendable, Codable, CaseIterable { case stop, `continue` }
    /// Whether a dry run may look at the target for this step.
    package enum Probe: String, Sendable, Codable, CaseIterable { case auto, never }

    /// For what a step is done once, where that isn't each target.
    package enum Scope: String, Sendable, Codable, CaseIterable { case wave, run }

    /// What a step's script does to the ground it stands on.
    package enum Expected: String, Sendable, Codable, CaseIterable { case reboot }

    /// Unique in the runbook, and no parameter's name.
    package var id: StepID
    /// One line for plans and for people who watch.
    package var title: String
    /// What it does to its target; decides dry run, retry and recovery.
    package var effect: Effect
    /// The one thing it does.
    package var action: Action
    /// False: the step is skipped.
    package var when: Expression?
    /// The guard: 0 satisfied, 1 needed, 77 can't look.
    package var unless: ScriptCall?
    /// What must hold after the action; each is an attempt's last part.
    package var verify: [AssertAction]
    /// What undoes the step; nil when nothing was written, empty when another step's undo does it.
    package var undo: [Action]?
    /// Gives back what the step took, owed from the step's start; nil when it takes nothing.
    package var release: Release?
    /// The longest time for one attempt: of the guard, the action, or a check.
    @InMilliseconds package var timeout: Duration
    /// How often it is tried; once only for effects `once` and `irreversible`.
    package var retry: Retry
    /// Every output it must write; one that is missing or undeclared fails the step.
    package var outputs: [OutputDeclaration]
    /// On the target itself, or on the machine that leads the run.
    package var place: Place
    /// Whether the target's sequence goes on after a failure.
    package var onFailed: OnFailed
    /// What the operator is told when the step fails.
    package var ifFails: String?
    /// A longer explanation, shown on request.
    package var help: String?
    /// With `never`, a dry run doesn't look at targets for this step, and says so.
    package var probe: Probe
    /// Whether a pause may hold a target after this step.
    package var isSafeStop: Bool
    /// Whether it outlives connection and controller, whatever its effect and timeout.
    package var isDetached: Bool {
        get { detach == true }
        set { detach = newValue ? true : nil }
    }
    private var detach: Bool?
    /// Whether its script restarts the target: the step ends once that is back, with another boot.
    package var expectsReboot: Bool {
        get { expects == .reboot }
        set { expects = newValue ? .reboot : nil }
    }
    private var expects: Expected?
    /// Whether it asks for one of the runbook's facts: what it writes is its one output.
    package var isFact: Bool {
        get { fact == true }
        set { fact = newValue ? true : nil }
    }
    private var fact: Bool?
    /// The list for whose items it runs, one by one; nil for a step that runs once.
    package var forEach: ItemList?
    /// What makes it an item of a baseline; nil for every other step.
    package var audit: ItemAudit?
    /// For what it is done once; nil for each target.
    package var scope: Scope?
    /// Where the document says it; nil in a plan, which has no documents.
    package var position: SourcePosition?

    private enum CodingKeys: String, CodingKey {
        case id, title, effect, action, when, unless, verify, undo, release
        case timeout = "timeout_ms"
        case retry, outputs, place
        case onFailed = "on_failed"
        case ifFails = "if_fails"
        case help, probe
        case isSafeStop = "safe_stop"
        case detach, expects, fact
        case forEach = "for_each"
        case audit
        case scope = "per"
    }

    package init(
        id: StepID, title: String, effect: Effect, action: Action, position: SourcePosition? = nil
    ) {
        self.id = id
        self.title = title
        self.effect = effect
        self.action = action
        self.position = position
        self.when = nil
        self.unless = nil
        self.verify = []
        self.undo = nil
        self.release = nil
        self.timeout = .seconds(60)
        self.retry = Retry(
            attempts: effect == .read || effect == .idempotent ? 2 : 1, pauseMilliseconds: 1000)
        self.outputs = []
        self.place = .target
        self.onFailed = .stop
        self.ifFails = nil
        self.help = nil
        self.probe = .auto
        self.isSafeStop = false
        self.detach = nil
        self.expects = nil
        self.fact = nil
        self.forEach = nil
        self.audit = nil
        self.scope = nil
    }
}

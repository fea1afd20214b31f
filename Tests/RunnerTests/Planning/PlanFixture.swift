import Runbooks
import Runner
import Testing

/// A small library with one runbook, and what is needed to plan it.
struct PlanFixture {
    var steps: [Step] = []
    var verify: [AssertAction] = []
    var parameters: [Parameter] = []
    var symptoms: [Symptom] = []
    var rule = TargetRule()
    var kind = RunbookKind.resolution
    var rollout = Rollout()
    var waves: WaveRule?
    var uses: [String] = []
    var rules: [ValueRule] = []
    var facts: [Fact] = []
    var entries: [String: LibraryTree.Entry] = [
        "runbooks/web/restart/runbook.yaml": file("handrail: 1\n"),
        "runbooks/web/restart/README.md": file("# Restart\n"),
        "runbooks/web/restart/scripts/look": file("exit 0\n"),
    ]
    var targets: [Target] = []
    /// Targets of the inventory that aren't selected.
    var others: [Target] = []
    var protect: [ProtectRule] = []
    var environments = [
        EnvironmentRule(name: "lab", content: .off, change: .off, isProduction: false),
        EnvironmentRule(name: "live", content: .required, change: .required, isProduction: true),
    ]
    var values: [ParameterName: Value] = [:]
    var alert: String?
    var hostKeys: [TargetName: [String]] = [:]
    var created = Timestamp(milliseconds: 1_800_000_000_000)

    init(targets names: [String] = ["web1"], steps: [Step] = []) throws {
        targets = try names.map { try PlanFixture.target($0) }
        self.steps = steps
    }

    static func file(_ text: String, kind: LibraryTree.Kind = .file) -> LibraryTree.Entry {
        LibraryTree.Entry(kind: kind, bytes: Array(text.utf8))
    }

    static func target(
        _ name: String, environment: String = "lab", labels: [String: [String]] = [:]
    ) throws -> Target {
        Target(
            name: try #require(TargetName(rawValue: name)), address: "192.0.2.1",
            environment: environment, labels: labels)
    }

    static func name(_ text: String) -> Argument {
        .reference(Expression.Name(parts: text.split(separator: ".").map(String.init)))
    }

    /// A script written in the document, with arguments.
    static func script(_ arguments: Argument...) -> ScriptCall {
        ScriptCall(program: .inline("exit 0"), arguments: arguments)
    }

    static func step(
        _ id: String, _ effect: Effect, _ action: Action,
        _ change: (inout Step) throws -> Void = { _ in }
    ) throws -> Step {
        var step = Step(
            id: try #require(StepID(rawValue: id)), title: id, effect: effect, action: action)
        try change(&step)
        return step
    }

    static func parse(_ text: String) throws -> Expression {
        try Expression.parse(text).get()
    }

    static func output(_ name: String, _ kind: Parameter.Kind = .string) throws
        -> OutputDeclaration
    {
        OutputDeclaration(name: try #require(ParameterName(rawValue: name)), kind: kind)
    }

    func runbook() throws -> Runbook {
        var runbook = Runbook(
            id: try #require(RunbookID(rawValue: "web.restart")), title: "Restart", kind: kind,
            owner: "web", symptoms: symptoms, targets: rule, parameters: parameters, steps: steps,
            verify: verify, rollout: rollout, waves: waves, uses: uses,
            folder: "runbooks/web/restart")
        (runbook.facts, runbook.values) = (facts, rules)
        return runbook
    }

    func builder() throws -> PlanBuilder {
        let runbook = try runbook()
        let library = Library(
            configuration: Configuration(
                libraryID: "house", environments: environments, protect: protect),
            inventory: Inventory(targets: targets + others), runbooks: [runbook],
            tree: LibraryTree(source: "main@1", entries: entries))
        return PlanBuilder(
            library: library, runbook: runbook, targets: targets, parameters: values,
            alert: alert, hostKeys: hostKeys,
            planID: try #require(PlanID(rawValue: String(repeating: "0a", count: 16))),
            created: created)
    }

    func plan() throws -> Plan { try builder().plan().get() }

    /// The code of the error that planning ends with; nil when there is a plan.
    func refusal() throws -> PlanError.Code? {
        guard case .failure(let error) = try builder().plan() else { return nil }
        return error.code
    }
}

extension ParameterName {
    /// A name that a test writes down.
    static func named(_ text: String) throws -> ParameterName {
        try #require(ParameterName(rawValue: text))
    }
}

extension StepID {
    /// An id that a test writes down.
    static func named(_ text: String) throws -> StepID { try #require(StepID(rawValue: text)) }
}

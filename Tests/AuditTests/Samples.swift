import Audit
import Runbooks
import Runner

/// Small values that journal tests are made of.
enum Samples {
    /// An instant so many milliseconds after a fixed one.
    static func time(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_795_000_000_000 + milliseconds)
    }

    /// A lease of its own for each number; the pid is the number.
    static func lease(_ number: Int) -> Lease {
        Lease(
            pid: Int32(number), processStart: "\(number)00@pid:[1]", bootID: "boot",
            nonce: "nonce-\(number)")
    }

    /// A machine's name, and names for events from the system's random source.
    static let source = TrailSource(
        hostName: "ctl.example", program: "handrail test",
        randomBytes: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } })

    static func run(_ text: String) throws -> RunID { try named(text) }
    static func target(_ text: String) throws -> TargetName { try named(text) }
    static func step(_ text: String) throws -> StepID { try named(text) }
    static func runbook(_ text: String) throws -> RunbookID { try named(text) }

    /// A plan's id made of one hexadecimal digit.
    static func plan(_ digit: Character) throws -> PlanID {
        try named(String(repeating: digit, count: 32))
    }

    /// A digest made of one hexadecimal digit.
    static func digest(_ digit: Character) throws -> Digest {
        try named(String(repeating: digit, count: 64))
    }

    /// A step that runs once.
    static func onceStep(_ id: String) throws -> Step {
        Step(
            id: try step(id), title: id, effect: .once,
            action: .run(ScriptCall(program: .inline("true"))))
    }

    /// A run's facts, as a planner would make them.
    static func record(
        _ id: String, number: Int = 1, plan digit: Character = "a",
        runbook: String = "web.restart", targets: [String] = ["web1", "web2"],
        steps: [Step] = [], opened: Timestamp = time(0), planDigest: Digest? = nil,
        repeatRule: RepeatRule? = nil, leftOut: [LeftOutTarget]? = nil,
        descent: RunDescent? = nil
    ) throws -> RunRecord {
        let plan = Plan(
            planID: try plan(digit), libraryID: "lab",
            runbook: PlannedRunbook(
                id: try self.runbook(runbook), title: "The web server doesn't answer",
                kind: .resolution, digest: try digest("b"), files: []),
            environment: EnvironmentRule(
                name: "lab", content: .off, change: .off, isProduction: false),
            parameters: [],
            targets: try targets.map { name in
                PlannedTarget(
                    name: try target(name), address: "127.0.0.1", port: 22, user: nil,
                    becomeUser: nil, hostKeys: [], labels: [:])
            },
            steps: steps, verify: [], rollback: [], symptom: nil,
            rollout: Rollout(), onFailure: nil, repeatRule: repeatRule,
            created: opened, expires: opened.adding(.seconds(3600)))
        return RunRecord(
            id: try run(id), number: number, plan: plan, planDigest: try planDigest ?? digest("c"),
            forecastDigest: nil, actor: "ann", ticket: "T-1", alert: nil,
            librarySource: "main@3f2c1d9, clean", opened: opened, leftOut: leftOut,
            descent: descent)
    }

    private static func named<Name: CheckedName>(_ text: String) throws -> Name {
        guard let name = Name(rawValue: text) else { throw BadSample(text: text) }
        return name
    }
}

/// A test's own text that is no name.
struct BadSample: Error {
    let text: String
}

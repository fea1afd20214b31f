import Audit
import Foundation
import Runbooks
import Runner
import Testing

/// Runs that tests write into a journal, as if somebody had run them.
struct PastRun {
    /// A fixed instant: 2026-11-23T07:00:00Z.
    static let start = Timestamp(milliseconds: 1_795_417_200_000)

    let record: RunRecord

    /// A run with a question, a manual step and a changing step, on some targets; each number has
    /// a plan of its own.
    init(
        _ id: String = "r-20261123-0700-k3f9", runbook: String = "web.restart",
        targets: [String] = ["web1", "web2"], steps: [Step]? = nil, number: Int = 1,
        leftOut: [LeftOutTarget]? = nil, parameters: [PlannedParameter] = [],
        planDigest: Digest? = nil, planHolds: Duration = .seconds(3600),
        _ change: (inout Plan) throws -> Void = { _ in }
    ) throws {
        var plan = Plan(
            planID: try name(String(repeating: Array("0abcdef")[number], count: 32)),
            libraryID: "lab",
            runbook: PlannedRunbook(
                id: try name(runbook), title: "The web server doesn't answer",
                kind: .resolution, digest: try name(String(repeating: "b", count: 64)),
                files: []),
            environment: EnvironmentRule(
                name: "lab", content: .off, change: .off, isProduction: false),
            parameters: parameters,
            targets: try targets.map { target in
                PlannedTarget(
                    name: try name(target), address: "127.0.0.1", port: 1, user: nil,
                    becomeUser: nil, hostKeys: [], labels: [:])
            },
            steps: try steps ?? Self.steps(), verify: [], rollback: [], symptom: nil,
            rollout: Rollout(), onFailure: nil, created: Self.start,
            expires: Self.start.adding(planHolds))
        try change(&plan)
        record = RunRecord(
            id: try name(id), number: number, plan: plan,
            planDigest: try planDigest ?? name(String(repeating: "c", count: 64)),
            forecastDigest: nil,
            actor: "ann", ticket: "T-1", alert: nil, librarySource: "main@3f2c1d9, clean",
            opened: Self.start, leftOut: leftOut)
    }

    /// An `ask` once a run, then a changing step.
    static func steps() throws -> [Step] {
        let ask = PersonAction(
            text: "Can users log in?",
            choices: [
                PersonAction.Choice(id: "yes", label: "They can"),
                PersonAction.Choice(id: "no", label: "They can't"),
            ], deadline: .seconds(86_400 * 3650), perTarget: false)
        var restart = Step(
            id: try name("restart"), title: "Restart it", effect: .once,
            action: .service(ServiceAction(name: .text("web"), state: .restarted)))
        restart.ifFails = "Look at its log."
        return [
            Step(id: try name("users"), title: "Ask", effect: .read, action: .ask(ask)), restart,
        ]
    }

    /// A lease of a process of another boot: provably dead.
    static let deadLease = Lease(
        pid: 1, processStart: "1@pid:[1]", bootID: "00000000-0000-0000-0000-000000000000",
        nonce: "dead")

    /// Writes the run and its events; nobody leads it afterwards.
    func write(to journal: SQLiteJournal, _ events: [RunEvent] = []) async throws {
        try await journal.open(record, lease: Self.deadLease, leaseUntil: Self.start)
        for (index, event) in events.enumerated() {
            _ = try await journal.append(
                [event], to: record.id, at: Self.start.adding(.seconds(index)),
                lease: Self.deadLease)
        }
    }

    /// The events of a run whose restart failed alike on all targets.
    func failedEvents() throws -> [RunEvent] {
        let restart: StepID = try name("restart")
        var events: [RunEvent] = [.stateChanged(.running, reason: "started")]
        for target in record.plan.targets.map(\.name) {
            let key = AttemptKey(target: target, part: .action(restart), number: 1)
            events += [
                .targetStarted(target), .attemptStarted(key),
                .attemptEnded(key, Self.attempt(3, "", "port 80 in use\u{1b}[2J\n")),
                .stepEnded(target, restart, .failed, reason: "exit 3 \"port 80 in use\""),
                .targetEnded(target, .failed),
            ]
        }
        return events + [.closed(.failed, .unresolved)]
    }

    /// An attempt's record.
    static func attempt(_ status: Int32, _ output: String, _ errors: String) -> AttemptRecord {
        func record(_ text: String) -> OutputRecord {
            OutputRecord(
                text: printable(text.utf8, keepNewlines: true), totalBytes: text.utf8.count,
                droppedBytes: 0, stored: nil)
        }
        return AttemptRecord(
            ending: .exited(status), stdout: record(output), stderr: record(errors),
            durationMilliseconds: 400)
    }
}

/// A checked name, or a failed test.
func name<Name: CheckedName>(_ text: String) throws -> Name {
    try #require(Name(rawValue: text), "\(text)")
}

import Runbooks
import Runner
import Testing

@testable import handrail

/// A baseline on four servers in two roles, audited once with deviations of every kind.
struct BaselineScene {
    /// The documents, as a library has them.
    private static let files = [
        "handrail.yaml": "handrail: 1\nid: lab\nenvironments: { lab: { content: off } }\n",
        "inventory/all.yaml": """
        handrail: 1
        targets:
          mbx01: { labels: { role: [mailbox, hub] } }
          mbx02: { labels: { role: mailbox } }
          hub01: { labels: { role: hub } }
          hub02: { labels: { role: hub } }
          old01: { labels: { role: hub } }
        """,
        "runbooks/mend/runbook.yaml": """
        handrail: 1
        id: drivers.disable
        title: Take a driver out
        kind: resolution
        owner: leads
        targets: { pick: many, max: 9 }
        parameters: { module: string }
        steps: [{ id: out, effect: read, run: { sh: "true", args: [$module] } }]
        """,
        "runbooks/mend/README.md": "x",
        "runbooks/mail/README.md": "x",
        "runbooks/mail/exceptions.yaml": """
        handrail: 1
        exceptions:
          - item: clock
            target: hub01
            until: 2026-11-25
            why: A new source comes
            who: jdoe
          - { item: limits, target: hub02, until: 2027-11-25, why: Not needed, who: ann }
          - { item: up, target: mbx02, until: 2026-01-31, why: Long ago, who: ann }
        """,
        "runbooks/mail/runbook.yaml": """
        handrail: 1
        id: baseline.mail
        title: Mail servers are set up as agreed
        kind: baseline
        owner: leads
        every: 8h
        exceptions: exceptions.yaml
        items:
          - id: driver
            title: The old driver isn't loaded
            severity: critical
            expect: { sh: lsmod, equals: "no" }
            fix: { runbook: drivers.disable, set: { module: storctl_old } }
          - { id: clock, severity: major, expect: { sh: offset, below: 100 } }
          - { id: limits, severity: minor, file: { path: /etc/limits, absent: true } }
          - id: up
            severity: critical
            for_each: [dovecot]
            service: { name: $item, state: running }
        """,
    ]

    let library: Library
    let baseline: Runbook
    /// The audit, as it ended.
    private(set) var machine: RunMachine
    private(set) var events: [RunEvent] = []

    /// Reads the documents, and audits four of the five targets.
    init() throws {
        let checked = Library.read(
            LibraryTree(
                source: "main@3f2c1d9",
                entries: Self.files.mapValues {
                    LibraryTree.Entry(kind: .file, bytes: Array($0.utf8))
                }))
        library = try #require(checked.value, "\(checked.diagnostics)")
        baseline = try #require(library.runbooks.first { $0.kind == .baseline })
        let targets = library.inventory.targets.filter { $0.name.rawValue != "old01" }
        let plan = try PlanBuilder(
            library: library, runbook: baseline, targets: targets, parameters: [:], hostKeys: [:],
            planID: try name(String(repeating: "a", count: 32)), created: PastRun.start
        ).plan().get()
        machine = RunMachine(
            record: RunRecord(
                id: try name("r-20261123-0700-k3f9"), number: 1, plan: plan,
                planDigest: try .sha256(ofCanonical: plan), forecastDigest: nil, actor: "ann",
                ticket: nil, alert: nil, librarySource: "main@3f2c1d9, clean",
                opened: PastRun.start))
        feed(.led)
    }

    /// Leads the audit to its end.
    private mutating func feed(_ input: RunInput) {
        var queue = [input]
        while !queue.isEmpty {
            let decision = machine.decide(queue.removeFirst(), at: PastRun.start)
            events += decision.events
            for effect in decision.effects {
                switch effect {
                case .perform(let request):
                    queue.append(.attemptEnded(request.key, Self.answer(to: request)))
                case .timer(let timer, _): queue.append(.timer(timer))
                default: break
                }
            }
        }
    }

    private static func answer(to request: AttemptRequest) -> AttemptRecord {
        let key = "\(request.target.name) \(request.key.part.step?.rawValue ?? "")"
        switch key {
        case "mbx01 driver", "mbx02 driver": return PastRun.attempt(0, "yes\n", "")
        case "hub01 clock": return PastRun.attempt(0, "250\n", "")
        case "mbx02 clock": return PastRun.attempt(0, "110\n", "")
        case "mbx01 clock": return PastRun.attempt(2, "", "chronyc: can't connect\n")
        case _ where key.hasPrefix("hub02"):
            var lost = PastRun.attempt(0, "", "")
            lost.ending = .unreachable("the connection was refused")
            return lost
        case "mbx02 up[dovecot]":
            var stopped = PastRun.attempt(1, "", "")
            stopped.seen = SeenState(expected: "running", actual: "stopped")
            return stopped
        case _ where key.hasSuffix("clock"): return PastRun.attempt(0, "5\n", "")
        case _ where key.hasSuffix("driver"): return PastRun.attempt(0, "no\n", "")
        default: return PastRun.attempt(0, "", "")
        }
    }

    /// What past audits saw: all of it complied but the clock of mbx02, and hub02 long ago.
    func history() throws -> AuditHistory {
        var history = AuditHistory()
        let now = AuditHistory.Run(id: machine.record.id, opened: PastRun.start)
        history.take(
            now,
            on: Dictionary(
                uniqueKeysWithValues: machine.targets.map { ($0.key, $0.value.outcome) }))
        for case .audited(let target, let item, let result) in events {
            history.take(result, of: item, on: target, in: now)
        }
        let before = AuditHistory.Run(
            id: try name("r-20261120-0700-k3f9"),
            opened: PastRun.start.adding(.seconds(-3 * 86_400)))
        history.take(
            before,
            on: Dictionary(
                uniqueKeysWithValues: machine.targets.keys.map { ($0, Optional(Outcome.ok)) }))
        for name in machine.targets.keys {
            for item in machine.sequence(of: name) {
                let isOld = name.rawValue == "mbx02" && item.id.rawValue == "clock"
                let isMended = name.rawValue == "hub01" && item.id.rawValue == "driver"
                let result = AuditResult(
                    isOld || isMended ? .deviates : .complies, item.audit?.severity ?? .minor,
                    expected: "below 100", actual: isOld ? "105" : nil)
                history.take(result, of: item.id, on: name, in: before)
            }
        }
        return history
    }

    /// The report, an hour after the audit.
    func report() throws -> BaselineReport {
        BaselineReport(
            of: baseline, in: library.inventory, try history(),
            at: PastRun.start.adding(.seconds(3600)))
    }
}

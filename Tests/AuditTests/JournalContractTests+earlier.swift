import Audit
import Runbooks
import Runner
import Testing

/// What gate 2 asks of journals.
extension JournalContractTests {
    @Test(arguments: Kind.allCases)
    func theRunsOfAVersionInAnEnvironmentAreFound(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let web1 = try Samples.target("web1")
            for (index, change) in Self.changes.enumerated() {
                let digit = Character(String(index, radix: 16))
                let record = try Self.record("r-\(index)", plan: digit, at: index, change)
                try await journal.open(
                    record, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
                guard index != 5 else { continue }
                _ = try await journal.append(
                    [.targetEnded(web1, .changed), .closed(.succeeded, .resolved)],
                    to: record.id, at: Samples.time(Int64(100 + index)), lease: Samples.lease(1))
            }
            let plan = try Self.record("r-x", plan: "f", at: 9) { _ in }.plan
            let found = try await journal.earlierRuns(of: plan, in: "lab")
            #expect(found.map(\.id.rawValue) == ["r-5", "r-3", "r-0"])
            let labels = try ["web1", "web2"].map { try Samples.target($0) }
            #expect(
                found.last
                    == EarlierRun(
                        id: try Samples.run("r-0"), plan: try Samples.plan("0"),
                        digest: plan.runbook.digest, state: .succeeded, resolution: .resolved,
                        opened: Samples.time(0), ended: Samples.time(100),
                        outcomes: [web1: .changed],
                        labels: Dictionary(
                            uniqueKeysWithValues: labels.map { ($0, ["role": ["web"]]) })))
            // Of another version no more than that it ran.
            #expect(found[1].digest == (try Samples.digest("e")))
            #expect(found[1].outcomes.isEmpty && found[1].labels.isEmpty)
            #expect(found[0].ended == nil && found[0].state == .pending)
            #expect(
                try await journal.earlierRuns(of: plan, in: "live").map(\.id.rawValue) == ["r-2"])
        }
    }

    /// What each of the runs has that differs: runbook, environment, version, library.
    private static var changes: [(inout Plan) throws -> Void] {
        [
            { _ in },
            { $0.runbook.id = try Samples.runbook("disk.full") },
            {
                $0.environment = EnvironmentRule(
                    name: "live", content: .off, change: .off, isProduction: true)
            },
            { $0.runbook.digest = try Samples.digest("e") },
            { $0.libraryID = "another" },
            { _ in },
        ]
    }

    private static func record(
        _ id: String, plan digit: Character, at index: Int, _ change: (inout Plan) throws -> Void
    ) throws -> RunRecord {
        let draft = try Samples.record(id, plan: digit)
        var plan = draft.plan
        for index in plan.targets.indices { plan.targets[index].labels = ["role": ["web"]] }
        try change(&plan)
        return RunRecord(
            id: draft.id, number: 1, plan: plan, planDigest: draft.planDigest,
            forecastDigest: nil, actor: "ann", ticket: nil, alert: nil, librarySource: "main@1",
            opened: Samples.time(Int64(index)))
    }
}

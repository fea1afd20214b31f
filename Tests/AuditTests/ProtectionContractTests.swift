import Audit
import Foundation
import Runbooks
import Runner
import Testing

/// Protected groups over all runs: what every journal keeps.
struct ProtectionContractTests {
    typealias Kind = JournalContractTests.Kind
    typealias TestedJournal = JournalContractTests.TestedJournal

    private func withJournal(
        _ kind: Kind, _ body: (TestedJournal) async throws -> Void
    ) async throws {
        let isDead: @Sendable (Lease) -> Bool = { $0.pid >= 666 }
        switch kind {
        case .memory: try await body(MemoryJournal(isProvedDead: isDead))
        case .sqlite:
            try await withTemporaryFolder { folder in
                let home = try Home.open(at: folder + "/home")
                try await body(
                    try await SQLiteJournal.open(
                        in: home, trail: Samples.source, isProvedDead: isDead))
            }
        }
    }

    private static let targets = ["web1", "web2", "web3"]

    private func open(
        _ id: String, _ plan: Character, lease: Int = 1, in journal: TestedJournal
    ) async throws -> RunID {
        let record = try Samples.record(
            id, plan: plan, targets: Self.targets, steps: [try Samples.onceStep("restart")])
        try await journal.open(
            record, lease: Samples.lease(lease), leaseUntil: Samples.time(1000))
        return record.id
    }

    /// The targets that wait, of those asked for; at most one of three may be unavailable.
    private func waiting(
        _ names: [String], _ run: RunID, lease: Int = 1, max: Int = 1, in journal: TestedJournal
    ) async throws -> [String] {
        let group = ProtectedGroup(
            marks: [ProtectedGroup.Mark(label: "cluster", value: "w")], maxUnavailable: max,
            members: try Self.targets.map { try Samples.target($0) })
        return try await journal.admit(
            try names.map { try Samples.target($0) }, to: run, within: [group],
            at: Samples.time(5), lease: Samples.lease(lease)
        ).keys.map(\.rawValue).sorted()
    }

    private func end(
        _ name: String, _ outcome: Outcome, _ run: RunID, lease: Int = 1,
        in journal: TestedJournal
    ) async throws {
        let target = try Samples.target(name)
        _ = try await journal.append(
            [.targetStarted(target), .targetEnded(target, outcome)], to: run,
            at: Samples.time(6), lease: Samples.lease(lease))
    }

    @Test(arguments: Kind.allCases)
    func noMoreAreTakenAwayThanAllowedAlsoInOneRequest(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let one = try await open("r-1", "a", in: journal)
            let two = try await open("r-2", "b", lease: 2, in: journal)
            #expect(try await waiting(Self.targets, one, in: journal) == ["web2", "web3"])
            #expect(try await waiting(["web1"], one, in: journal) == [])
            #expect(try await waiting(["web2"], two, lease: 2, in: journal) == ["web2"])
            #expect(try await waiting(["web2"], two, lease: 2, max: 2, in: journal) == [])
            try await end("web1", .changed, one, in: journal)
            #expect(try await waiting(["web3"], one, in: journal) == ["web3"])
            try await end("web2", .changed, two, lease: 2, in: journal)
            #expect(try await waiting(["web3"], one, in: journal) == [])
        }
    }

    @Test(arguments: Kind.allCases)
    func whatFailedStaysUnavailableUntilALaterRunEndsWellThere(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let one = try await open("r-1", "a", in: journal)
            #expect(try await waiting(["web1"], one, in: journal) == [])
            try await end("web1", .failed, one, in: journal)
            let web1 = try Samples.target("web1")
            #expect(
                try await journal.standings(of: nil) == [
                    Standing(target: web1, outcome: .failed, run: one)
                ])
            _ = try await journal.append(
                [.closed(.failed, .unresolved)], to: one, at: Samples.time(7),
                lease: Samples.lease(1))
            let two = try await open("r-2", "b", lease: 2, in: journal)
            #expect(try await waiting(["web2"], two, lease: 2, in: journal) == ["web2"])
            // It can be mended: nobody is taken away by that.
            #expect(try await waiting(["web1"], two, lease: 2, in: journal) == [])
            #expect(try await waiting(["web2"], two, lease: 2, in: journal) == ["web2"])
            try await end("web1", .ok, two, lease: 2, in: journal)
            #expect(try await journal.standings(of: nil) == [])
            #expect(try await waiting(["web2"], two, lease: 2, in: journal) == [])
        }
    }

    @Test(arguments: Kind.allCases)
    func whoIsVouchedForIsAvailableUnlessALaterRunEndedBadlyThere(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let one = try await open("r-1", "a", in: journal)
            let two = try await open("r-2", "b", lease: 2, in: journal)
            let web1 = try Samples.target("web1")
            #expect(try await waiting(["web1"], one, in: journal) == [])
            try await end("web1", .failed, one, in: journal)
            #expect(try await waiting(["web2"], two, lease: 2, in: journal) == ["web2"])
            // Another run left it so: what is said of that one changes nothing.
            for (run, stands) in [(two, true), (one, false)] {
                _ = try await journal.append(
                    [.vouched(web1, run, reason: "answered 0")], to: two, at: Samples.time(7),
                    lease: Samples.lease(2))
                #expect(try await journal.standings(of: [web1]).isEmpty == !stands)
            }
            #expect(try await waiting(["web2"], two, lease: 2, in: journal) == [])
        }
    }

    /// Nobody was admitted to it: the run only reads there.
    @Test(arguments: Kind.allCases)
    func whoReadsSaysOnlyWhetherATargetIsReached(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let reader = try await open("r-1", "a", in: journal)
            let web1 = try Samples.target("web1")
            for (outcome, stands) in [
                (Outcome.failed, false), (.unreachable, true), (.failed, true), (.ok, false),
            ] {
                try await end("web1", outcome, reader, in: journal)
                #expect(try await journal.standings(of: [web1]).isEmpty == !stands, "\(outcome)")
            }
            #expect(try await journal.standings(of: [try Samples.target("web2")]) == [])
        }
    }

    @Test(arguments: Kind.allCases)
    func whatADeadLeaderDidNotStartTakesNobodyAway(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let dead = try await open("r-1", "a", lease: 666, in: journal)
            let two = try await open("r-2", "b", lease: 2, in: journal)
            #expect(try await waiting(["web1"], dead, lease: 666, in: journal) == [])
            #expect(try await waiting(["web2"], two, lease: 2, in: journal) == [])
        }
    }

    /// Two processes have a connection each; the file decides.
    @Test func ofTwoConnectionsOneIsAdmittedToAGroup() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.open(at: folder + "/home")
            var journals: [SQLiteJournal] = []
            for _ in 0..<2 {
                journals.append(
                    try await SQLiteJournal.open(
                        in: home, trail: Samples.source, isProvedDead: { _ in false }))
            }
            let runs = [
                try await open("r-1", "a", lease: 1, in: journals[0]),
                try await open("r-2", "b", lease: 2, in: journals[1]),
            ]
            for _ in 0..<50 {
                let admitted = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for number in 0..<2 {
                        group.addTask { [journals] in
                            try await waiting(
                                [Self.targets[number]], runs[number], lease: number + 1,
                                in: journals[number]
                            ).isEmpty ? number : nil
                        }
                    }
                    return try await group.reduce(into: [Int]()) { $0 += $1.map { [$0] } ?? [] }
                }
                #expect(admitted.count == 1)
                for number in admitted {
                    try await end(
                        Self.targets[number], .changed, runs[number], lease: number + 1,
                        in: journals[number])
                }
            }
        }
    }
}

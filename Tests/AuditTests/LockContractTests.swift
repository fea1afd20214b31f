import Audit
import Foundation
import Runbooks
import Runner
import Testing

/// One changing run a target: what every journal keeps.
struct LockContractTests {
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

    private func open(
        _ id: String, _ plan: Character, number: Int = 1, lease: Int = 1,
        after parent: RunID? = nil,
        in journal: TestedJournal
    ) async throws -> RunID {
        let record = try Samples.record(
            id, number: number, plan: plan, targets: ["web1", "web2", "web3"],
            steps: [try Samples.onceStep("restart")],
            descent: parent.map { RunDescent(kind: .retry, parent: $0, starts: []) })
        try await journal.open(
            record, lease: Samples.lease(lease), leaseUntil: Samples.time(1000))
        return record.id
    }

    /// What a run is told when it asks for targets: the runs in the way.
    private func admit(
        _ targets: [String], to run: RunID, lease: Int = 1, at: Int64 = 10,
        in journal: TestedJournal
    ) async throws -> [String: String] {
        let deferred = try await journal.admit(
            try targets.map { try Samples.target($0) }, to: run, within: [],
            at: Samples.time(at), lease: Samples.lease(lease))
        return Dictionary(
            uniqueKeysWithValues: deferred.map { name, deferral in
                switch deferral {
                case .locked(let lock): (name.rawValue, lock.run.rawValue)
                case .protected(let refusal): (name.rawValue, refusal.group.name)
                }
            })
    }

    private func append(
        _ events: [RunEvent], to run: RunID, lease: Int = 1, in journal: TestedJournal
    ) async throws {
        _ = try await journal.append(
            events, to: run, at: Samples.time(20), lease: Samples.lease(lease))
    }

    private func held(_ journal: TestedJournal) async throws -> [String] {
        try await journal.locks(on: nil).map { "\($0.target) \($0.run)" }
    }

    @Test(arguments: Kind.allCases)
    func aTargetIsOneRunsAloneUntilItHasEndedThere(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let one = try await open("r-1", "a", in: journal)
            let two = try await open("r-2", "b", lease: 2, in: journal)
            let web1 = try Samples.target("web1")
            #expect(try await admit(["web1", "web2"], to: one, in: journal) == [:])
            // Again by the same run: a crash came between, or the answer was lost.
            #expect(try await admit(["web1"], to: one, at: 15, in: journal) == [:])
            #expect(
                try await admit(["web3", "web1"], to: two, lease: 2, in: journal)
                    == ["web1": "r-1"])
            #expect(try await held(journal) == ["web1 r-1", "web2 r-1", "web3 r-2"])
            #expect(try await journal.locks(on: [web1]).map(\.since) == [Samples.time(10)])
            let key = AttemptKey(
                target: web1, part: .action(try Samples.step("restart")), number: 1)
            try await append([.targetStarted(web1), .attemptStarted(key)], to: one, in: journal)
            let lock = try #require(try await journal.locks(on: [web1]).first)
            #expect(lock.step == key.part.step)
            #expect(lock.actor == "ann")
            #expect(lock.isLed && lock.kept == nil)
            try await append([.targetEnded(web1, .changed)], to: one, in: journal)
            #expect(try await admit(["web1"], to: two, lease: 2, in: journal) == [:])
            #expect(try await held(journal) == ["web1 r-2", "web2 r-1", "web3 r-2"])
        }
    }

    @Test(arguments: Kind.allCases)
    func whatIsKeptIsFreeOnceItIsSettledOrTheRunIsOver(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let one = try await open("r-1", "a", in: journal)
            let two = try await open("r-2", "b", lease: 2, in: journal)
            let (web1, web2) = (try Samples.target("web1"), try Samples.target("web2"))
            _ = try await admit(["web1", "web2"], to: one, in: journal)
            try await append([.targetStarted(web1), .targetStarted(web2)], to: one, in: journal)
            try await append(
                [
                    .targetEnded(web1, .failed), .lockKept(web1, reason: "drain is owed there"),
                    .targetEnded(web2, .unknown), .lockKept(web2, reason: "unknown"),
                ], to: one, in: journal)
            #expect(
                try await admit(["web1", "web2"], to: two, lease: 2, in: journal)
                    == ["web1": "r-1", "web2": "r-1"])
            #expect(try await journal.locks(on: [web1]).first?.kept == "drain is owed there")
            try await append([.unlocked(web1)], to: one, in: journal)
            #expect(try await held(journal) == ["web2 r-1"])
            try await append(
                [.unlocked(web2), .closed(.failed, .unresolved)], to: one, in: journal)
            #expect(try await held(journal) == [])
        }
    }

    /// Something of it may still run there.
    @Test(arguments: Kind.allCases)
    func whatNobodyKnowsIsKeptWhenTheRunIsOver(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let one = try await open("r-1", "a", in: journal)
            let (web1, web2) = (try Samples.target("web1"), try Samples.target("web2"))
            _ = try await admit(["web1", "web2"], to: one, in: journal)
            try await append([.targetStarted(web1), .targetStarted(web2)], to: one, in: journal)
            try await append(
                [
                    .targetEnded(web1, .unknown), .lockKept(web1, reason: "unknown"),
                    .targetEnded(web2, .aborted), .closed(.aborted, .unclear),
                ], to: one, in: journal)
            #expect(try await held(journal) == ["web1 r-1"])
            let two = try await open("r-2", "b", lease: 2, in: journal)
            #expect(
                try await admit(["web1", "web2"], to: two, lease: 2, in: journal)
                    == ["web1": "r-1"])
            let lock = try #require(try await journal.locks(on: [web1]).first)
            #expect(lock.isOver && lock.next.contains("handrail settle r-1 --on web1 --as well"))
            // A retry that fails there may have begun nothing, beside what lives there still.
            let failed = try await open("r-4", "a", number: 3, lease: 4, after: one, in: journal)
            #expect(try await admit(["web1"], to: failed, lease: 4, in: journal) == [:])
            try await append(
                [
                    .targetStarted(web1), .targetEnded(web1, .failed),
                    .closed(.failed, .unresolved),
                ], to: failed, lease: 4, in: journal)
            #expect(
                try await admit(["web1"], to: two, lease: 2, in: journal) == ["web1": "r-1"])
            // One that ends well does away with it.
            let child = try await open("r-3", "a", number: 2, lease: 3, after: one, in: journal)
            #expect(try await admit(["web1"], to: child, lease: 3, in: journal) == [:])
            try await append(
                [.targetStarted(web1), .targetEnded(web1, .changed)], to: child, lease: 3,
                in: journal)
            #expect(try await held(journal) == ["web2 r-2"])
            #expect(try await admit(["web1"], to: two, lease: 2, in: journal) == [:])
        }
    }

    /// Retry and rollback are runs of the same plan.
    @Test(arguments: Kind.allCases)
    func whatARunKeepsIsNotInTheWayOfAnotherOfItsPlan(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let one = try await open("r-1", "a", in: journal)
            let child = try await open(
                "r-2", "a", number: 2, lease: 2, after: one, in: journal)
            let web1 = try Samples.target("web1")
            _ = try await admit(["web1"], to: one, in: journal)
            try await append([.targetStarted(web1)], to: one, in: journal)
            #expect(
                try await admit(["web1"], to: child, lease: 2, in: journal) == ["web1": "r-1"])
            try await append(
                [.targetEnded(web1, .failed), .lockKept(web1, reason: "owed")], to: one,
                in: journal)
            #expect(try await admit(["web1"], to: child, lease: 2, in: journal) == [:])
            #expect(try await held(journal) == ["web1 r-1", "web1 r-2"])
            // What the child gives back is not its parent's.
            try await append([.closed(.succeeded, .resolved)], to: child, lease: 2, in: journal)
            #expect(try await held(journal) == ["web1 r-1"])
            // A person has it paid: the parent is at work there again.
            try await append(
                [.commanded(PersonCommand(verb: .pay(web1), actor: "ann"), inboxID: 0)], to: one,
                in: journal)
            let other = try await open(
                "r-3", "a", number: 3, lease: 3, after: one, in: journal)
            #expect(
                try await admit(["web1"], to: other, lease: 3, in: journal) == ["web1": "r-1"])
        }
    }

    /// A leader dies between asking and starting: nothing was done there.
    @Test(arguments: Kind.allCases)
    func whatADeadLeaderDidNotStartIsNobodys(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let dead = try await open("r-1", "a", lease: 666, in: journal)
            let two = try await open("r-2", "b", lease: 2, in: journal)
            let (web1, web2) = (try Samples.target("web1"), try Samples.target("web2"))
            _ = try await admit(["web1", "web2"], to: dead, lease: 666, in: journal)
            try await append([.targetStarted(web2)], to: dead, lease: 666, in: journal)
            #expect(
                try await admit(["web1", "web2"], to: two, lease: 2, in: journal)
                    == ["web2": "r-1"])
            #expect(try await held(journal) == ["web1 r-2", "web2 r-1"])
            let lock = try #require(try await journal.locks(on: [web2]).first)
            #expect(!lock.isLed)
            #expect(lock.next.contains("'handrail resume r-1'"))
            // Its next leader goes on there, and waits where another run has begun.
            #expect(
                try await journal.takeOver(
                    dead, lease: Samples.lease(3), now: Samples.time(30),
                    until: Samples.time(1000)))
            #expect(
                try await admit(["web1", "web2"], to: dead, lease: 3, in: journal)
                    == ["web1": "r-2"])
            try await append([.targetEnded(web2, .ok)], to: dead, lease: 3, in: journal)
            #expect(try await admit(["web2"], to: two, lease: 2, in: journal) == [:])
            _ = web1
        }
    }

    @Test(arguments: Kind.allCases)
    func whoLeavesTakesWhatWasNotStartedAlong(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await open("r-1", "a", in: journal)
            _ = try await admit(["web1", "web2", "web3"], to: run, in: journal)
            let (web1, web2) = (try Samples.target("web1"), try Samples.target("web2"))
            try await append([.targetStarted(web1)], to: run, in: journal)
            try await journal.dismiss([web1, web2], of: run, lease: Samples.lease(1))
            #expect(try await held(journal) == ["web1 r-1", "web3 r-1"])
            try await journal.release(Samples.lease(1), of: run)
            #expect(try await held(journal) == ["web1 r-1"])
            #expect(
                try await journal.takeOver(
                    run, lease: Samples.lease(2), now: Samples.time(30), until: Samples.time(99)))
            #expect(try await admit(["web2"], to: run, lease: 2, in: journal) == [:])
            #expect(
                try await journal.takeOver(
                    run, lease: Samples.lease(3), now: Samples.time(99), until: Samples.time(999)))
            #expect(try await held(journal) == ["web1 r-1"])
        }
    }

    @Test(arguments: Kind.allCases)
    func onlyALeaderIsAdmittedAndNobodyOnceARunIsOver(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await open("r-1", "a", in: journal)
            await expect(.leaseLost) {
                _ = try await admit(["web1"], to: run, lease: 2, in: journal)
            }
            await expect(.leaseLost) {
                try await journal.dismiss([], of: run, lease: Samples.lease(2))
            }
            try await append([.closed(.failed, .unclear)], to: run, in: journal)
            await expect(.closed) { _ = try await admit(["web1"], to: run, in: journal) }
            await expect(.notFound) {
                _ = try await admit(["web1"], to: try Samples.run("r-none"), in: journal)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func ofManyThatAskAtOnceOneIsAdmitted(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            var runs: [RunID] = []
            for (number, plan) in "12345678".enumerated() {
                runs.append(try await open("r-\(plan)", plan, lease: number + 1, in: journal))
            }
            let targets = ["web1", "web2", "web3"]
            for round in 0..<20 {
                let admitted = try await withThrowingTaskGroup(of: [String].self) { group in
                    for (number, run) in runs.enumerated() {
                        group.addTask {
                            let deferred = try await admit(
                                round.isMultiple(of: 2) ? targets : targets.reversed(), to: run,
                                lease: number + 1, in: journal)
                            return targets.filter { deferred[$0] == nil }.map { "\($0) \(run)" }
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(Set(admitted.map { $0.prefix(4) }).count == 3)
                #expect(admitted.count == 3)
                #expect(try await held(journal) == admitted.sorted())
                let names = try targets.map { try Samples.target($0) }
                for (number, run) in runs.enumerated() {
                    try await journal.dismiss(names, of: run, lease: Samples.lease(number + 1))
                }
            }
        }
    }

    /// Two processes have a connection each; the file decides.
    @Test func twoConnectionsNeverHoldOneTarget() async throws {
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
            let web1 = try Samples.target("web1")
            for _ in 0..<100 {
                let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for number in 0..<2 {
                        group.addTask { [journals] in
                            let lease = Samples.lease(number + 1)
                            let deferred = try await journals[number].admit(
                                [web1], to: runs[number], within: [], at: Samples.time(1),
                                lease: lease)
                            guard deferred.isEmpty else { return nil }
                            let others = try await journals[number].locks(on: [web1])
                            #expect(others.map(\.run) == [runs[number]])
                            return number
                        }
                    }
                    return try await group.reduce(into: [Int]()) { $0 += $1.map { [$0] } ?? [] }
                }
                #expect(winners.count == 1)
                let number = winners[0]
                _ = try await journals[number].append(
                    [.targetStarted(web1), .targetEnded(web1, .ok)], to: runs[number],
                    at: Samples.time(2), lease: Samples.lease(number + 1))
            }
        }
    }
}

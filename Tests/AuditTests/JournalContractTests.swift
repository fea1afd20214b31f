import Audit
import Foundation
import Runbooks
import Runner
import Testing

/// The rules that every journal keeps: each runs against the real one and its twin.
struct JournalContractTests {
    /// The journals under test.
    enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case memory, sqlite
        var testDescription: String { rawValue }
    }

    typealias TestedJournal = any Journal & RunCatalog

    /// Runs a body on an empty journal in which the leader with pid 666 is dead.
    func withJournal(
        _ kind: Kind, _ body: (TestedJournal) async throws -> Void
    ) async throws {
        let isDead: @Sendable (Lease) -> Bool = { $0.pid == 666 }
        switch kind {
        case .memory:
            try await body(MemoryJournal(isProvedDead: isDead))
        case .sqlite:
            try await withTemporaryFolder { folder in
                let home = try Home.open(at: folder + "/home")
                try await body(
                    try await SQLiteJournal.open(
                        in: home, trail: Samples.source, isProvedDead: isDead))
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func aRunIsReadBackAsItWasOpened(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let record = try Samples.record("r-1", targets: ["web2", "web1", "db.eu_1"])
            try await journal.open(
                record, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            #expect(try await journal.record(of: record.id) == record)
            #expect(try await journal.events(of: record.id, after: 0) == [])
        }
    }

    @Test(arguments: Kind.allCases)
    func sequencesAreGapFreeWithinEachRun(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let one = try await opened("r-1", in: journal)
            let two = try await opened("r-2", plan: "d", in: journal)
            var last: [Int] = []
            for run in [one, two, one] {
                last.append(
                    try await journal.append(
                        [
                            .stateChanged(.running, reason: "go"),
                            .targetStarted(try Samples.target("web1")),
                        ], to: run, at: Samples.time(5), lease: Samples.lease(1)))
            }
            #expect(last == [2, 2, 4])
            let events = try await journal.events(of: one, after: 1)
            #expect(events.map(\.sequence) == [2, 3, 4])
            #expect(events.allSatisfy { $0.at == Samples.time(5) })
            #expect(events[1].event == .stateChanged(.running, reason: "go"))
            #expect(
                try await journal.append(
                    [], to: one, at: Samples.time(6), lease: Samples.lease(1)) == 4)
        }
    }

    @Test(arguments: Kind.allCases)
    func onlyTheLeaderAppendsRenewsAndReleases(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await opened("r-1", in: journal)
            let other = Samples.lease(2)
            await expect(.leaseLost) {
                _ = try await journal.append(
                    [.stateChanged(.running, reason: "")], to: run, at: Samples.time(1),
                    lease: other)
            }
            await expect(.leaseLost) {
                try await journal.renew(other, of: run, until: Samples.time(9))
            }
            await expect(.leaseLost) { try await journal.release(other, of: run) }
            #expect(try await journal.events(of: run, after: 0) == [])
            try await journal.renew(Samples.lease(1), of: run, until: Samples.time(9))
        }
    }

    @Test(arguments: Kind.allCases)
    func anUnknownRunIsNotFound(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try Samples.run("r-none")
            let lease = Samples.lease(1)
            let now = Samples.time(0)
            await expect(.notFound) { _ = try await journal.record(of: run) }
            await expect(.notFound) { _ = try await journal.events(of: run, after: 0) }
            await expect(.notFound) { _ = try await journal.inbox(of: run, after: 0) }
            await expect(.notFound) {
                _ = try await journal.append([], to: run, at: now, lease: lease)
            }
            await expect(.notFound) {
                _ = try await journal.takeOver(run, lease: lease, now: now, until: now)
            }
            await expect(.notFound) { try await journal.renew(lease, of: run, until: now) }
            await expect(.notFound) { try await journal.release(lease, of: run) }
            await expect(.notFound) {
                try await journal.post(
                    PersonCommand(verb: .abort, actor: "ann"), to: run, at: now)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func aRunIDAndAPlansNumberAreTakenOnce(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            _ = try await opened("r-1", in: journal)
            for record in [
                try Samples.record("r-1", number: 2), try Samples.record("r-2", number: 1),
            ] {
                await expect(.locked) {
                    try await journal.open(
                        record, lease: Samples.lease(1), leaseUntil: Samples.time(1))
                }
            }
            #expect(try await journal.nextRunNumber(for: try Samples.plan("a")) == 2)
            #expect(try await journal.nextRunNumber(for: try Samples.plan("e")) == 1)
        }
    }

    @Test(arguments: Kind.allCases)
    func aRunIsTakenOverOnlyFromNobodyTheDeadAndTheLate(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await opened("r-1", lease: 1, until: 1000, in: journal)
            func takes(_ number: Int, at now: Int64) async throws -> Bool {
                try await journal.takeOver(
                    run, lease: Samples.lease(number), now: Samples.time(now),
                    until: Samples.time(now + 1000))
            }
            #expect(try await takes(2, at: 999) == false)
            #expect(try await takes(2, at: 1000) == true)
            #expect(try await takes(2, at: 1001) == true)
            await expect(.leaseLost) {
                _ = try await journal.append(
                    [], to: run, at: Samples.time(1), lease: Samples.lease(1))
            }
            try await journal.release(Samples.lease(2), of: run)
            try await journal.release(Samples.lease(2), of: run)
            #expect(try await takes(666, at: 1) == true)
            #expect(try await takes(3, at: 2) == true)
            #expect(try await takes(4, at: 3) == false)
        }
    }

    @Test(arguments: Kind.allCases)
    func commandsWaitUntilTheirEffectIsRecorded(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await opened("r-1", in: journal)
            let other = try await opened("r-2", plan: "d", in: journal)
            let commands = [
                PersonCommand(verb: .pause, actor: "ann"),
                PersonCommand(verb: .note("half\nway \u{1B}[31m"), actor: "bob"),
                PersonCommand(verb: .abort, actor: "ann"),
            ]
            for command in commands {
                try await journal.post(command, to: run, at: Samples.time(1))
            }
            let waiting = try await journal.inbox(of: run, after: 0)
            #expect(waiting.map(\.1) == commands)
            let ids = waiting.map(\.id)
            #expect(ids == ids.sorted() && Set(ids).count == 3)
            #expect(try await journal.inbox(of: run, after: ids[0]).map(\.id) == [ids[1], ids[2]])
            #expect(try await journal.inbox(of: other, after: 0).isEmpty)
            _ = try await journal.append(
                [
                    .commanded(commands[0], inboxID: ids[0]),
                    .refused(inboxID: ids[2], reason: "no"),
                ], to: run, at: Samples.time(2), lease: Samples.lease(1))
            #expect(try await journal.inbox(of: run, after: 0).map(\.id) == [ids[1]])
        }
    }

    @Test(arguments: Kind.allCases)
    func anInboxTakesSoManyCommands(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await opened("r-1", in: journal)
            let note = PersonCommand(verb: .note("x"), actor: "ann")
            for _ in 0..<JournalLimit.waitingCommands {
                try await journal.post(note, to: run, at: Samples.time(1))
            }
            await expect(.full) { try await journal.post(note, to: run, at: Samples.time(1)) }
        }
    }

    @Test(arguments: Kind.allCases)
    func nothingFollowsTheEndOfARun(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await opened("r-1", in: journal)
            _ = try await journal.append(
                [.closed(.failed, .unclear)], to: run, at: Samples.time(7),
                lease: Samples.lease(1))
            await expect(.closed) {
                _ = try await journal.append(
                    [.stateChanged(.running, reason: "")], to: run, at: Samples.time(8),
                    lease: Samples.lease(1))
            }
            await expect(.closed) {
                try await journal.post(
                    PersonCommand(verb: .abort, actor: "ann"), to: run, at: Samples.time(8))
            }
            await expect(.closed) {
                _ = try await journal.takeOver(
                    run, lease: Samples.lease(2), now: Samples.time(9), until: Samples.time(10))
            }
            try await journal.release(Samples.lease(1), of: run)
            #expect(try await journal.events(of: run, after: 0).count == 1)
        }
    }

    @Test(arguments: Kind.allCases)
    func theSummaryFollowsTheEvents(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await opened("r-1", in: journal)
            let record = try await journal.record(of: run)
            func summary() async throws -> RunSummary? {
                let runs: [RunSummary] = try await journal.runs(matching: RunFilter())
                return runs.first
            }
            func expected(
                _ state: RunState, _ resolution: RunResolution? = nil, closed: Timestamp? = nil
            ) -> RunSummary {
                RunSummary(
                    id: run, runbook: record.plan.runbook.id, title: record.plan.runbook.title,
                    environment: "lab", actor: "ann", ticket: "T-1", state: state,
                    resolution: resolution, targets: record.plan.targets.map(\.name),
                    opened: record.opened, closed: closed, isLed: closed == nil)
            }
            #expect(try await summary() == expected(.pending))
            _ = try await journal.append(
                [.stateChanged(.running, reason: "go"), .stateChanged(.paused, reason: "")],
                to: run, at: Samples.time(1), lease: Samples.lease(1))
            #expect(try await summary() == expected(.paused))
            _ = try await journal.append(
                [.closed(.succeeded, .resolved)], to: run, at: Samples.time(2),
                lease: Samples.lease(1))
            #expect(
                try await summary()
                    == expected(.succeeded, .resolved, closed: Samples.time(2)))
        }
    }

    @Test(arguments: Kind.allCases)
    func aRunIsLedByTheLivingOnly(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            _ = try await opened("r-1", in: journal)
            _ = try await opened("r-2", plan: "b", lease: 666, in: journal)
            let third = try await opened("r-3", plan: "c", in: journal)
            try await journal.release(Samples.lease(1), of: third)
            let led = try await journal.runs(matching: RunFilter()).map(\.isLed)
            #expect(led == [false, false, true])
        }
    }

    @Test(arguments: Kind.allCases)
    func theCatalogueFiltersAndShowsTheNewestFirst(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let runs: [(String, String, [String], Int64)] = [
                ("r-1", "web.restart", ["web1"], 10), ("r-2", "disk.full", ["web1", "db1"], 30),
                ("r-3", "disk.full", ["db2"], 20), ("r-4", "web.restart", ["web2"], 30),
            ]
            for (index, run) in runs.enumerated() {
                let record = try Samples.record(
                    run.0, plan: Array("abcd")[index], runbook: run.1, targets: run.2,
                    opened: Samples.time(run.3))
                try await journal.open(
                    record, lease: Samples.lease(1), leaseUntil: Samples.time(99))
            }
            _ = try await journal.append(
                [.closed(.aborted, .unclear)], to: try Samples.run("r-1"), at: Samples.time(40),
                lease: Samples.lease(1))
            let cases: [(RunFilter, [String])] = [
                (RunFilter(), ["r-4", "r-2", "r-3", "r-1"]), (RunFilter(limit: 2), ["r-4", "r-2"]),
                (RunFilter(limit: 0), []), (RunFilter(isOpen: true), ["r-4", "r-2", "r-3"]),
                (RunFilter(isOpen: false), ["r-1"]),
                (RunFilter(target: try Samples.target("web1")), ["r-2", "r-1"]),
                (RunFilter(runbook: try Samples.runbook("disk.full")), ["r-2", "r-3"]),
                (RunFilter(since: Samples.time(30)), ["r-4", "r-2"]),
                (
                    RunFilter(
                        isOpen: true, target: try Samples.target("web1"),
                        runbook: try Samples.runbook("disk.full"), since: Samples.time(1)),
                    ["r-2"]
                ), (RunFilter(target: try Samples.target("none")), []),
            ]
            for (filter, expected) in cases {
                let found = try await journal.runs(matching: filter).map(\.id.rawValue)
                #expect(found == expected, "\(filter)")
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func oneOfTwoLeadersWinsARace(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let run = try await opened("r-1", until: 0, in: journal)
            for round in 1...200 {
                let now = Samples.time(Int64(round) * 10)
                let winners = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
                    for number in [2 * round, 2 * round + 1] {
                        group.addTask {
                            let won = try await journal.takeOver(
                                run, lease: Samples.lease(number), now: now,
                                until: now.adding(.milliseconds(10)))
                            return (number, won)
                        }
                    }
                    var winners: [Int] = []
                    for try await (number, won) in group where won { winners.append(number) }
                    return winners
                }
                #expect(winners.count == 1)
                let last = try await journal.append(
                    [.stateChanged(.running, reason: "round")], to: run, at: now,
                    lease: Samples.lease(winners.first ?? 0))
                #expect(last == round)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func aRunThatWouldBeOneTooManyIsRefusedAndNamesTheOthers(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let rule = RepeatRule(atMost: 2, withinMilliseconds: 3_600_000)
            func open(
                _ id: String, _ plan: Character, at: Int64, on targets: [String] = ["web1"],
                leftOut: [LeftOutTarget]? = nil
            ) async throws -> RunID {
                let record = try Samples.record(
                    id, plan: plan, targets: targets, opened: Samples.time(at), repeatRule: rule,
                    leftOut: leftOut)
                try await journal.open(
                    record, lease: Samples.lease(1), leaseUntil: Samples.time(at + 1000))
                return record.id
            }
            func end(_ run: RunID, _ outcome: Outcome) async throws {
                _ = try await journal.append(
                    [
                        .targetEnded(try Samples.target("web1"), outcome),
                        .closed(.succeeded, .unresolved),
                    ], to: run, at: Samples.time(5), lease: Samples.lease(1))
            }
            try await end(try await open("r-1", "1", at: 0), .changed)
            // Nothing was to be done: it doesn't count.
            try await end(try await open("r-2", "2", at: 10), .satisfied)
            _ = try await open("r-3", "3", at: 20)
            let error = await #expect(throws: JournalError.self) {
                _ = try await open("r-4", "4", at: 30)
            }
            #expect(error?.code == .repeated)
            #expect(error?.message.contains("2 of 2 times within 1h on web1") == true)
            #expect(error?.message.contains("r-3 by ann, r-1 by ann") == true)
            #expect(error?.hint?.contains("handrail escalate r-3 --to …") == true)
            // Another target, the same one left out, and an hour later: none is one too many.
            _ = try await open("r-5", "5", at: 30, on: ["web2"])
            _ = try await open(
                "r-6", "6", at: 30, on: ["web1", "web3"],
                leftOut: [LeftOutTarget(target: try Samples.target("web1"), reason: "seen")])
            _ = try await open("r-7", "7", at: 3_600_010)
        }
    }

    @Test(arguments: Kind.allCases)
    func aRuleForTheRunbookCountsEveryTarget(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let rule = RepeatRule(atMost: 1, withinMilliseconds: 3_600_000, per: .runbook)
            for (id, plan, target) in [("r-1", "1" as Character, "web1"), ("r-2", "2", "web2")] {
                let record = try Samples.record(
                    id, plan: plan, targets: [target], repeatRule: rule)
                let open = {
                    try await journal.open(
                        record, lease: Samples.lease(1), leaseUntil: Samples.time(1))
                }
                if id == "r-1" { try await open() } else { await expect(.repeated, open) }
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func ofTwoRunsOpenedAtOnceOnlyOnePasses(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let rule = RepeatRule(atMost: 1, withinMilliseconds: 3_600_000)
            let passed = await withTaskGroup(of: Bool.self) { group in
                for (number, plan) in "12345678".enumerated() {
                    group.addTask {
                        do {
                            let record = try Samples.record(
                                "r-\(number)", plan: plan, targets: ["web1"], repeatRule: rule)
                            try await journal.open(
                                record, lease: Samples.lease(number),
                                leaseUntil: Samples.time(1000))
                            return true
                        } catch let error as JournalError where error.code == .repeated {
                            return false
                        } catch {
                            Issue.record(error)
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(passed == 1)
        }
    }

    /// What was done is undone however often it was done; and that is no use of the runbook.
    @Test(arguments: Kind.allCases)
    func aChildRunNamesItsParentAndARollbackCountsAgainstNothing(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let rule = RepeatRule(atMost: 2, withinMilliseconds: 3_600_000)
            func open(_ id: String, _ number: Int, _ kind: RunDescent.Kind?) async throws {
                let descent = try kind.map {
                    RunDescent(kind: $0, parent: try Samples.run("r-\(number - 1)"), starts: [])
                }
                let record = try Samples.record(
                    id, number: number, targets: ["web1"], opened: Samples.time(Int64(number)),
                    repeatRule: rule, descent: descent)
                try await journal.open(
                    record, lease: Samples.lease(number), leaseUntil: Samples.time(1000))
                _ = try await journal.append(
                    [
                        .targetEnded(
                            try Samples.target("web1"), kind == .rollback ? .changed : .failed),
                        .closed(.failed, .unclear),
                    ], to: record.id, at: Samples.time(20), lease: Samples.lease(number))
            }
            try await open("r-1", 1, nil)
            try await open("r-2", 2, .retry)
            try await open("r-3", 3, .rollback)
            await expect(.repeated) { try await open("r-4", 4, .retry) }
            try await open("r-4", 4, .rollback)
            let runs = try await journal.runs(matching: RunFilter()).reversed()
            #expect(runs.map(\.goesOnAs) == [nil, .retry, .rollback, .rollback])
            #expect(runs.map { $0.parent?.rawValue } == [nil, "r-1", "r-2", "r-3"])
            #expect(try await journal.targetsEndedWell(try Samples.plan("a")).isEmpty)
        }
    }

    /// Opens a run of a plan; its lease is of the leader with this number.
    func opened(
        _ id: String, number: Int = 1, plan: Character = "a", lease: Int = 1,
        until: Int64 = 1000, in journal: TestedJournal
    ) async throws -> RunID {
        let record = try Samples.record(id, number: number, plan: plan)
        try await journal.open(
            record, lease: Samples.lease(lease), leaseUntil: Samples.time(until))
        return record.id
    }
}

/// Expects a journal's refusal with one code.
func expect(
    _ code: JournalError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    let error = await #expect(throws: JournalError.self, sourceLocation: sourceLocation) {
        try await body()
    }
    #expect(error?.code == code, sourceLocation: sourceLocation)
}

/// Runs a body with a new folder, and removes it afterwards.
func withTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.path + "/handrail-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    defer { remove(folder) }
    return try await body(folder)
}

/// Removes a folder with all that is in it.
///
/// A connection that nobody uses any more is closed on its own thread, and takes its files along:
/// removing one of them twice fails.
func remove(_ folder: String) {
    for _ in 0..<100 {
        do {
            return try FileManager.default.removeItem(atPath: folder)
        } catch {
            usleep(10_000)
        }
    }
    Issue.record("\(folder) can't be removed")
}

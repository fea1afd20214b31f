import Audit
import Runbooks
import Runner
import Testing

/// `answer`, `confirm`, `note`, `pay`, `pause`, `abort`: what people tell runs.
struct TellingTests {
    private func asking(_ bench: Workbench) async throws -> (SQLiteJournal, PastRun) {
        let (journal, _) = try await bench.journal()
        let past = try PastRun()
        try await past.write(
            to: journal,
            [
                .stateChanged(.running, reason: "started"), .targetStarted(try name("web1")),
                .asked(try name("users"), nil, until: PastRun.start.adding(.seconds(3600))),
            ])
        return (journal, past)
    }

    private func events(_ journal: SQLiteJournal, _ past: PastRun) async throws -> [RunEvent] {
        try await journal.events(of: past.record.id, after: 3).map(\.event)
    }

    @Test func aRunThatNobodyLeadsIsAborted() async throws {
        let bench = try Workbench()
        let (journal, past) = try await asking(bench)
        let result = try bench.handrail("abort", "last")
        #expect(result.status == 8, "\(result.errors)")
        // This very command led it to its end: there is nothing to follow.
        #expect(result.errors.contains("is being aborted"))
        #expect(!(result.errors + result.output).contains("handrail watch"), "\(result.errors)")
        let events = try await events(journal, past)
        #expect(events.last == .closed(.aborted, .unclear))
        let isStarted = events.contains { if case .attemptStarted = $0 { true } else { false } }
        #expect(!isStarted)
    }

    @Test func aNoteIsRecordedWithItsAttachment() async throws {
        let bench = try Workbench()
        let (journal, past) = try await asking(bench)
        try bench.write("../seen.txt", "queue 0\n")
        let result = try bench.handrail("note", "last", "looked", "--attach", "seen.txt")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "Noted.\n")
        let digest = FileContentStore.digest(of: Array("queue 0\n".utf8))
        let note = "looked [attached: seen.txt, 8 bytes, sha256 \(digest)]"
        let command = try #require(try await events(journal, past).first)
        guard case .commanded(let told, _) = command else {
            Issue.record("\(command)")
            return
        }
        #expect(told.verb == .note(note))
        let (_, store) = try await bench.journal()
        #expect(try await store.get(digest) == Array("queue 0\n".utf8))
    }

    @Test func wrongStepsChoicesAndTargetsAreRefusedWithTheNearest() async throws {
        let bench = try Workbench()
        let (journal, past) = try await asking(bench)
        for (arguments, hint) in [
            (["answer", "last", "user", "yes"], "users"),
            (["answer", "last", "users", "yse"], "did you mean yes?"),
            (["answer", "last", "users", "yes", "--on", "web1"], "leave out --on"),
            (["confirm", "last", "users", "--note", "x"], "use 'handrail answer'"),
            (["pay", "last", "--on", "web1"], "nothing is owed on 'web1'"),
            (["pay", "last", "--on", "wbe1"], "did you mean web1?"),
        ] {
            let result = try bench.handrail(arguments)
            #expect(result.status == 3, "\(arguments)")
            #expect(result.errors.contains(hint), "\(arguments): \(result.errors)")
        }
        #expect(try await events(journal, past).isEmpty)
    }

    @Test func aLivingLeaderTakesTheAnswer() async throws {
        let bench = try Workbench()
        let (journal, store) = try await bench.journal()
        let past = try PastRun(targets: ["web1"])
        let lease = try ProcessLife.lease(nonce: "1")
        let clock = ContinuousClock()
        try await journal.open(
            past.record, lease: lease, leaseUntil: PastRun.start.adding(.seconds(3600)))
        let loop = RunLoop(
            executor: SayingExecutor(), journal: journal, trail: MemoryTrail(), store: store,
            lease: lease, secrets: [:],
            now: { PastRun.start }, sleep: { try await clock.sleep(for: $0) },
            observe: { _, _ in })
        async let led = loop.lead(RunMachine(record: past.record))
        // The question is there once its event is; the command would refuse before.
        while try await !journal.events(of: past.record.id, after: 0).contains(where: {
            if case .asked = $0.event { true } else { false }
        }) { await Task.yield() }
        let result = try await bench.handrailAside(
            ["answer", "last", "users", "yes", "--json"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.json()["reply"] as? String == "taken")
        #expect(try await led.state == .succeeded)
    }

    @Test func statusSaysWhatWasAskedForAndHasNotComeAbout() async throws {
        let bench = try Workbench()
        let (journal, _) = try await bench.journal()
        let past = try PastRun(targets: ["web1"])
        let key = AttemptKey(
            target: try name("web1"), part: .action(try name("restart")), number: 1)
        try await past.write(
            to: journal,
            [
                .stateChanged(.running, reason: "started"), .targetStarted(key.target),
                .attemptStarted(key),
                .commanded(PersonCommand(verb: .pause, actor: "bob"), inboxID: 0),
            ])
        let pausing = try bench.handrail("status", "last")
        #expect(
            pausing.output.contains("State    running, pausing since 07:00:03 (bob)\n"),
            "\(pausing.output)")
        _ = try await journal.append(
            [.commanded(PersonCommand(verb: .abort, actor: "ann"), inboxID: 0)], to: past.record.id,
            at: PastRun.start.adding(.seconds(9)), lease: PastRun.deadLease)
        let aborting = try bench.handrail("status", "last")
        #expect(
            aborting.output.contains("State    running, aborting since 07:00:09 (ann)\n"),
            "\(aborting.output)")
        #expect(aborting.output.contains("ago, bob: pause\n"), "\(aborting.output)")
    }

    @Test func aRunThatHasEndedIsToldNothing() async throws {
        let bench = try Workbench()
        try await PastRun().write(to: bench.journal().0, [.closed(.succeeded, .resolved)])
        for arguments in [["abort", "last"], ["note", "last", "x"], ["pause", "last"]] {
            let result = try bench.handrail(arguments)
            #expect(result.status == 3)
            #expect(result.errors.contains("has ended"))
        }
    }
}

/// An executor whose every attempt succeeds.
private struct SayingExecutor: Executor {
    func perform(_ request: AttemptRequest) async -> AttemptReport {
        AttemptReport(ending: .exited(0), changed: true)
    }
    func cancel(_ target: TargetName) async {}
    func close(_ target: TargetName) async {}
    func shutDown() async {}
}

import Audit
import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

/// A journal that was made of a trail answers as the one did that the trail was sealed from.
struct JournalRebuildTests {
    /// A journal for which every leader is dead, so that a lease says nothing.
    private static func opened(_ home: Home, isAnew: Bool = false) async throws -> SQLiteJournal {
        guard isAnew else {
            return try await SQLiteJournal.open(
                in: home, trail: Samples.source, isProvedDead: { _ in true })
        }
        return try await SQLiteJournal.rebuilding(
            in: home, trail: Samples.source, isProvedDead: { _ in true })
    }

    /// Another home with the trail of one, and with its outputs unless said.
    private static func rebuilt(
        _ home: Home, withOutputs: Bool = true
    ) async throws -> (SQLiteJournal, JournalRebuild.Report) {
        let folder = home.path + "-\(UUID().uuidString)"
        try await HomeAssembly(Home(path: folder)).make(
            trail: home.trailPath, rest: withOutputs ? home : nil)
        let other = try Home.open(at: folder)
        let journal = try await opened(other, isAnew: true)
        let report = try await JournalRebuild(
            of: journal, store: try FileContentStore(in: other),
            from: try TrailReader(path: other.trailPath)
        ).run()
        return (journal, report)
    }

    @Test(arguments: UInt64(0)..<16) func aRebuiltJournalAnswersTheSame(
        _ seed: UInt64
    ) async throws {
        try await withHome { home in
            let journal = try await Self.opened(home)
            var past = RandomPast(seed: seed)
            try await past.write(to: journal, home)
            try await TrailSealer(journal: journal, store: try FileContentStore(in: home)).seal()
            let (other, report) = try await Self.rebuilt(home)
            #expect(report.withoutPlan == [] && report.older == [])
            #expect(report.runs == past.records.count)
            let (was, now) = (
                try await past.answers(of: journal), try await past.answers(of: other)
            )
            #expect(was.count == now.count)
            for (was, now) in zip(was, now) { #expect(was == now, "seed \(seed)") }
        }
    }

    /// A signed act that is played again is refused, also by a journal that was lost meanwhile.
    @Test(arguments: [true, false]) func aNonceThatWasUsedStaysUsed(_ withOutputs: Bool)
        async throws
    {
        try await withHome { home in
            let journal = try await Self.opened(home)
            let store = try FileContentStore(in: home)
            let statement = ActStatement(
                .pay, plan: try Samples.plan("a"), time: Samples.time(1),
                nonce: try #require(ActNonce(rawValue: String(repeating: "7", count: 32))))
            let signed = SignedStatement(
                statement: try SignedStatement.text(of: statement), signature: "signature")
            let act = SignedAct(
                statement: statement, signer: try #require(PersonID(rawValue: "anna")),
                key: KeyFingerprint(ofBlob: [1]),
                digest: try await store.put(try CanonicalJSON.bytes(of: signed)),
                at: Samples.time(60))
            try await journal.record(act)
            try await TrailSealer(journal: journal, store: store).seal()
            let (other, report) = try await Self.rebuilt(home, withOutputs: withOutputs)
            #expect(report.lostNonces == 0)
            do {
                try await other.record(act)
                Issue.record("a signature was used twice")
            } catch {
                let refusal = try #require(error as? JournalError)
                #expect(refusal.code == .repeated)
                #expect(refusal.message.contains("by anna"), "\(refusal.message)")
            }
        }
    }

    /// Who is unavailable, and of whom a person or the target itself says that it is well.
    @Test func whoIsUnavailableIsKnownAfterwardsToo() async throws {
        try await withHome { home in
            let journal = try await Self.opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            let names = try ["web1", "web2"].map { try Samples.target($0) }
            let lease = Samples.lease(1)
            _ = try await journal.admit(
                names, to: run.id, within: [], at: Samples.time(1), lease: lease)
            _ = try await journal.append(
                names.flatMap { [.targetStarted($0), .targetEnded($0, .failed)] }
                    + [.closed(.failed, .unresolved)], to: run.id, at: Samples.time(2),
                lease: lease)
            try await journal.settle(
                Settlement(
                    run: run.id, target: names[0], at: Samples.time(3), actor: "ann",
                    why: "mail flows"))
            try await TrailSealer(journal: journal, store: try FileContentStore(in: home)).seal()
            let (other, _) = try await Self.rebuilt(home)
            for asked in [journal, other] {
                #expect(try await asked.standings(of: nil).map(\.target) == [names[1]])
                #expect(try await asked.settlements(of: run.id).map(\.why) == ["mail flows"])
            }
        }
    }

    /// A home that goes on: what the backup had stays, what the trail has more is added.
    @Test func whatATrailHasMoreIsAddedToAnOlderJournal() async throws {
        try await withHome { home in
            let journal = try await Self.opened(home)
            let store = try FileContentStore(in: home)
            let sealer = TrailSealer(journal: journal, store: store)
            var past = RandomPast(seed: 3)
            try await past.write(to: journal, home)
            try await sealer.seal()
            let copy = Home(path: home.path + "-older")
            let backup = home.path + ".tar"
            _ = try await HomeBackup(journal: journal, withKeys: true)
                .write(to: backup, at: Samples.time(0))
            _ = try await BackupFile(path: backup).extract(to: copy.path)
            try await past.write(to: journal, home, isMore: true)
            try await sealer.seal()
            try await HomeAssembly(copy).replaceTrail(with: home.trailPath)
            let older = try await Self.opened(try Home.open(at: copy.path))
            _ = try await JournalRebuild(
                of: older, store: store, from: try TrailReader(path: copy.trailPath)
            ).run()
            #expect(try await past.answers(of: older) == past.answers(of: journal))
            try await TrailSealer(journal: older, store: store).compare()
        }
    }

    @Test func aJournalOfAnotherHomeIsNeverMixedWithATrail() async throws {
        try await withHome { home in
            let journal = try await Self.opened(home)
            let store = try FileContentStore(in: home)
            try await journal.raise(
                RaisedFlag(
                    runbook: try Samples.runbook("a.b"), at: Samples.time(0), actor: "ann", why: "x"
                ))
            let second = try Home.open(at: home.path + "-second")
            let other = try await Self.opened(second)
            try await other.raise(
                RaisedFlag(
                    runbook: try Samples.runbook("a.b"), at: Samples.time(0), actor: "ann", why: "x"
                ))
            try await TrailSealer(journal: other, store: try FileContentStore(in: second)).seal()
            await expect(.corrupt) {
                _ = try await JournalRebuild(
                    of: journal, store: store, from: try TrailReader(path: second.trailPath)
                ).run()
            }
        }
    }

    /// What the trail never had is counted, and nothing is made up for it.
    @Test func whatIsLostIsSaid() async throws {
        try await withHome { home in
            let journal = try await Self.opened(home)
            let store = try FileContentStore(in: home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            let (target, step) = (try Samples.target("web1"), try Samples.step("one"))
            let key = AttemptKey(target: target, part: .action(step), number: 1)
            let long = try await store.put(Array(repeating: 65, count: 5000))
            let short = OutputRecord(text: "hello\n", totalBytes: 6, droppedBytes: 0, stored: nil)
            _ = try await journal.append(
                [
                    .targetStarted(target), .attemptStarted(key),
                    .attemptEnded(
                        key,
                        AttemptRecord(
                            ending: .exited(0), stdout: short,
                            stderr: OutputRecord(
                                text: "A", totalBytes: 5000, droppedBytes: 0, stored: long))),
                    .outputsTaken(target, step, ["a": "1"]),
                ], to: run.id, at: Samples.time(1), lease: Samples.lease(1))
            try await TrailSealer(journal: journal, store: store).seal()
            let (other, report) = try await Self.rebuilt(home)
            #expect(report.lostTexts == 1 && report.lostValues == 1)
            // The plan of this run is no plan: the text that the test gave in its place.
            #expect(report.withoutPlan == [run.id])
            let events = try await other.events(of: run.id, after: 0).map(\.event)
            guard case .attemptEnded(_, let record) = events[2] else {
                Issue.record("\(events)")
                return
            }
            #expect(record.stdout.text.contains("lost with the journal: 6 bytes"))
            #expect(record.stderr.stored == long)
            #expect(events[3] == .outputsTaken(target, step, [:]))
            let made = try await other.record(of: run.id)
            #expect(made.plan.steps.map(\.id.rawValue) == ["plan-lost"])
            let bare = try await Self.rebuilt(home, withOutputs: false)
            #expect(bare.1.lostTexts == 2)
        }
    }

    @Test func openRunsWaitForAPersonAndNobodyLeadsThem() async throws {
        try await withHome { home in
            let journal = try await Self.opened(home)
            let run = try await started("r-1", in: journal)
            let closed = try await started("r-2", plan: "b", in: journal)
            try await journal.post(
                PersonCommand(verb: .abort, actor: "ann"), to: run, at: Samples.time(1))
            _ = try await journal.append(
                [.closed(.succeeded, .resolved)], to: closed, at: Samples.time(2),
                lease: Samples.lease(1))
            #expect(try await journal.lastRestoration() == nil)
            let open = try await journal.record(
                HomeRestoration(.backup, taken: Samples.time(0)), at: Samples.time(9), actor: "ann")
            #expect(open == [run])
            #expect(try await journal.lastRestoration() == Samples.time(9))
            let summary = try #require(
                try await journal.runs(matching: RunFilter(isOpen: true)).first)
            #expect(summary.state == .needsPerson && !summary.isLed)
            #expect(try await journal.inbox(of: run, after: 0).isEmpty)
            await expect(.leaseLost) {
                _ = try await journal.append(
                    [.stateChanged(.running, reason: "")], to: run, at: Samples.time(10),
                    lease: Samples.lease(1))
            }
            let events = try await journal.events(of: run, after: 0).map(\.event)
            #expect(events.contains { if case .restored = $0 { true } else { false } })
            try await TrailSealer(journal: journal, store: try FileContentStore(in: home)).seal()
        }
    }
}

/// Runs, flags and escalations as a seed makes them.
struct RandomPast {
    private var numbers: SeededNumbers
    private(set) var records: [RunRecord] = []
    private var time: Int64 = 0
    private var escalations = 0

    init(seed: UInt64) { numbers = SeededNumbers(seed: seed &+ 1000) }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &numbers) }

    private mutating func now() -> Timestamp {
        time += Int64(below(50_000))
        return Samples.time(time)
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    /// Writes a past into a journal, and more of it after that.
    mutating func write(to journal: SQLiteJournal, _ home: Home, isMore: Bool = false) async throws
    {
        let store = try FileContentStore(in: home)
        var open = isMore ? try await journal.runs(matching: RunFilter(isOpen: true)).map(\.id) : []
        for _ in 0..<(12 + below(20)) {
            switch below(9) {
            case 8: try await settle(journal)
            case 0, 1:
                open.append(try await begin(in: journal, store))
            case 2: try await flag(journal)
            case 3: try await escalate(journal, store)
            default:
                guard !open.isEmpty else { continue }
                let place = below(open.count)
                let isClosed = try await goOn(open[place], in: journal, store)
                if isClosed { open.remove(at: place) }
            }
        }
    }

    private mutating func begin(
        in journal: SQLiteJournal, _ store: FileContentStore
    ) async throws -> RunID {
        let digit: Character = pick(["a", "b", "c"])
        let runbook = ["a": "web.restart", "b": "disk.full", "c": "mail.queue"][digit] ?? ""
        let draft = try Samples.record(
            "r-\(records.count)", plan: digit, runbook: runbook,
            targets: ["web1", "web2", "web3"], steps: [try Samples.onceStep("one")])
        // Each of a plan of its own: two runs of one are never open at once.
        var plan = draft.plan
        let digits = String(records.count, radix: 16)
        plan.planID = try #require(
            PlanID(rawValue: String(repeating: "\(digit)", count: 32 - digits.count) + digits))
        let digest = try await store.put(try CanonicalJSON.bytes(of: plan))
        let number = try await journal.nextRunNumber(for: plan.planID)
        let left = LeftOutTarget(target: try Samples.target("web3"), reason: "down")
        let record = RunRecord(
            id: draft.id, number: number, plan: plan, planDigest: digest,
            forecastDigest: nil, actor: pick(["ann", "bob"]), ticket: pick(["T-1", nil]),
            alert: pick(["Slow", nil]), librarySource: "main@3f2c1d9, clean", opened: now(),
            leftOut: pick([[left], nil]))
        try await journal.open(record, lease: Samples.lease(1), leaseUntil: Samples.time(0))
        records.append(record)
        return record.id
    }

    private mutating func goOn(
        _ run: RunID, in journal: SQLiteJournal, _ store: FileContentStore
    ) async throws -> Bool {
        var events: [RunEvent] = []
        for _ in 0...below(6) { events.append(try await event(store)) }
        let isClosed = below(3) == 0
        if isClosed {
            events.append(
                .closed(
                    pick([.succeeded, .failed, .aborted]), pick([.resolved, .unresolved, .unclear]))
            )
        }
        _ = try await journal.append(events, to: run, at: now(), lease: Samples.lease(1))
        return isClosed
    }

    private mutating func event(_ store: FileContentStore) async throws -> RunEvent {
        let target = try Samples.target(pick(["web1", "web2"]))
        let (step, outcome) = (try Samples.step("one"), pick(Outcome.allCases))
        let part: Part = pick([
            .symptom, .guarding(step), .action(step), .check(step, 1), .verify(0), .release(step),
            .undo(step, 2),
        ])
        let key = AttemptKey(target: target, part: part, number: 1 + below(3))
        switch below(14) {
        case 0: return .targetStarted(target)
        case 1: return .attemptStarted(key)
        case 2: return .attemptEnded(key, try await attempt(store))
        case 3, 4: return .stepEnded(target, step, outcome, reason: pick(["why", nil]))
        case 5, 6: return .targetEnded(target, outcome)
        case 7: return .symptomAsked(target, isPresent: pick([true, false, nil]))
        case 8: return .stopped(target, step, pick([.resolved, .unresolved]))
        case 9: return .stateChanged(pick([.running, .paused, .needsPerson]), reason: "so")
        case 10: return .verifyEnded(target, below(3), outcome, reason: nil)
        case 11: return .asked(step, pick([target, nil]), until: Samples.time(5))
        case 12:
            return .answered(
                step, pick([target, nil]), choice: "yes", note: pick(["n", nil]), actor: "bob")
        default:
            return pick([
                .owed(target, step), .paid(target, step), .notOwed(target, step),
                .leftOwed(target, step, reason: "kept"), .sessionOpened(target, "proof"),
                .thresholdReached(failures: 2, limit: 1),
                .wave(.started(below(3))), .wave(.ended(0)), .wave(.passed(1)),
                .wave(.soaking(2, until: Samples.time(5))),
                .wave(.healthTold(1, pick(HealthVerdict.allCases), reason: "r", isLast: true)),
                .wave(.stopped(0, reason: "so")), .wave(.promoted(0, actor: "ann")),
                .wave(.leftOut(target)),
                .commanded(PersonCommand(verb: .promote, actor: "ann"), inboxID: 0),
                .vouched(target, pick(records).id, reason: "answered 0"),
                .commanded(PersonCommand(verb: .note("it is slow"), actor: "ann"), inboxID: 0),
                .commanded(
                    PersonCommand(verb: .paidByHand(target, note: "done"), actor: "ann"), inboxID: 0
                ),
            ])
        }
    }

    /// An attempt whose outputs are all in the store.
    private mutating func attempt(_ store: FileContentStore) async throws -> AttemptRecord {
        let bytes = [UInt8](repeating: 66, count: 2100 + below(900))
        let output = OutputRecord(
            text: String(repeating: "B", count: 1024), totalBytes: bytes.count, droppedBytes: 0,
            stored: try await store.put(bytes))
        let none = OutputRecord(text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
        let endings: [Ending] = [
            .exited(Int32(below(200))), .timedOut, .cancelled, .unreachable("u"), .notStarted("n"),
            .unknown("k"), .heldBack("h"),
        ]
        return AttemptRecord(
            ending: pick(endings), stdout: output, stderr: none, changed: pick([true, false, nil]),
            collected: pick([[], [AttemptRecord.File(name: "/x", output: output)]]),
            durationMilliseconds: Int64(below(5000)))
    }

    /// Somebody says that a target is well that an ended run left in doubt.
    private mutating func settle(_ journal: SQLiteJournal) async throws {
        guard let standing = try await journal.standings(of: nil).first else { return }
        let ended = try await journal.runs(matching: RunFilter(isOpen: false, limit: 500))
        guard ended.contains(where: { $0.id == standing.run }) else { return }
        try await journal.settle(
            Settlement(
                run: standing.run, target: standing.target, at: now(), actor: "ann",
                why: "mail flows"))
    }

    private mutating func flag(_ journal: SQLiteJournal) async throws {
        let runbook = try Samples.runbook(pick(["web.restart", "disk.full"]))
        if below(3) > 0 {
            try await journal.raise(
                RaisedFlag(runbook: runbook, at: now(), actor: "ann", why: "careful"))
        } else {
            _ = try await journal.clearFlags(of: runbook, at: now(), actor: "bob", why: "mended")
        }
    }

    private mutating func escalate(
        _ journal: SQLiteJournal, _ store: FileContentStore
    ) async throws {
        let open = try await journal.escalations(isOpen: true)
        if let first = open.first, below(2) == 0 {
            return try await journal.end(
                first.id, Escalation.End(at: now(), actor: "bob", note: "done"))
        }
        escalations += 1
        guard let id = EscalationID(rawValue: "e-\(escalations)") else { return }
        let pack = try await store.put(Array("pack \(escalations)".utf8))
        try await journal.record(
            Escalation(
                id: id, run: records.isEmpty ? nil : pick([pick(records).id, nil]), at: now(),
                actor: "ann", to: "tier-3", note: "slow", ticket: pick(["I-1", nil]), alert: nil,
                evidence: pack, pack: pack))
    }

    /// What a journal says to every question that it is asked.
    func answers(of journal: SQLiteJournal) async throws -> [String] {
        var answers: [String] = []
        for isOpen in [nil, true, false] {
            for target in [nil, try Samples.target("web2")] {
                let filter = RunFilter(isOpen: isOpen, target: target, limit: 500)
                answers += try await journal.runs(matching: filter).map { "\($0)" }
            }
        }
        answers.append("\(try await journal.unknownOutcomes())")
        answers.append("\(try await journal.escalations())")
        answers.append("\(try await journal.flags())")
        let ended = try await journal.runs(matching: RunFilter(isOpen: false, limit: 500))
        for (run, ends) in try await journal.ends(of: ended).sorted(by: { $0.key < $1.key }) {
            answers.append("\(run) \(ends.sorted { $0.key < $1.key })")
        }
        for record in records {
            answers.append("\(try await journal.nextRunNumber(for: record.plan.planID))")
            answers.append("\(try await journal.targetsEndedWell(record.plan.planID).sorted())")
            answers.append("\(try await journal.record(of: record.id) == record)")
            answers.append("\(try await journal.settlements(of: record.id))")
            let plan = try Samples.record(
                "r-x", plan: "f", runbook: record.plan.runbook.id.rawValue,
                repeatRule: RepeatRule(
                    atMost: 2, withinMilliseconds: 10_000_000, per: .target, then: .escalate)
            ).plan
            let counts = try await journal.repeats(
                of: plan, leftOut: [], at: Samples.time(time + 1))
            answers.append("\(counts)")
            let earlier = try await journal.earlierRuns(of: plan, in: "lab")
            answers += earlier.map { run in
                "\(run.id) \(run.plan) \(run.number) \(run.digest) \(run.state) "
                    + "\(String(describing: run.resolution)) \(run.opened) "
                    + "\(String(describing: run.ended)) "
                    + "\(run.outcomes.sorted { $0.key < $1.key }) \(run.labels.count)"
            }
            answers += try await journal.events(of: record.id, after: 0).map { "\($0)" }
        }
        return answers
    }
}

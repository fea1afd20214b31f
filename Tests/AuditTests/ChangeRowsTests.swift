import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import Testing

/// Changes in the journal: their lines of the trail, their evidence, and what their runs do.
struct ChangeRowsTests {
    private static let id = ChangeID(number: 1)

    /// A signed approval, as long as one can be.
    private static func approval(_ digit: Character) throws -> ChangeEvent {
        .decided(
            SignedApproval(
                statement: ChangeApproval(
                    decision: .approved, library: "lab", origin: "home",
                    change: try #require(id), environment: "lab",
                    planDigest: try Samples.digest("c"), forecastDigest: nil, approver: "ann",
                    role: "board", issued: Samples.time(1), expires: Samples.time(1_000_000),
                    nonce: String(repeating: digit, count: 32)),
                signature: String(repeating: "S\n", count: 1000)))
    }

    private static func request(
        plan: Digest? = nil, outline: Digest? = nil
    ) throws -> ChangeRequest {
        let long = String(repeating: "\"", count: 599)
        return ChangeRequest(
            title: "The fixed driver", why: long, type: "driver", urgency: .high,
            implementer: "ivo", wanted: Interval(Samples.time(10), Samples.time(90)),
            expectedMilliseconds: 60_000,
            impact: .init(service: long, capacity: long, security: long, recovery: "none"),
            rollback: long, ticket: "RFC-1",
            plan: try Samples.changePlan(digest: plan, outline: outline))
    }

    /// One event of every kind.
    private static func events(_ request: ChangeRequest) throws -> [ChangeEvent] {
        let run = try Samples.run("r-9")
        return [
            .opened(request), .amended(request),
            .accepted(
                ChangeRules(
                    type: "driver", severity: .minor, windows: ["w"], approvers: ["board"],
                    quorum: 1, reviewWithinMilliseconds: 604_800_000)),
            .moved(.submitted, reason: "complete"),
            .assessed(.init(note: "fits", severity: .major)), .moved(.assessed, reason: "so"),
            try approval("a"), .revoked(try Samples.digest("d"), why: "no"), try approval("b"),
            .moved(.approved, reason: "ann"),
            .scheduled([try #require(Interval(Samples.time(10), Samples.time(90)))]),
            .moved(.scheduled, reason: "by may"), .held(why: "wait"), .released(why: "go"),
            .runOpened(
                Change.Run(
                    run: run, planDigest: try Samples.digest("c"), starter: "ivo",
                    parent: try Samples.run("r-8"), leftOut: 2)),
            .runEnded(run, .failed), .reviewOpened(owner: "ivo", due: Samples.time(900)),
            .brokeGlass(.init(run: run, signers: ["ann", "bob"], reason: "down")),
            .closing(.init(isComplete: false, note: "n", followedBy: ChangeID(number: 7))),
        ]
    }

    @Test func eachEventIsALineOfTheTrailInTheSameCommit() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let events = try Self.events(try Self.request())
            _ = try await journal.open(events, actor: "rea", at: Samples.time(0))
            let lines = try await trailLines(home)
            #expect(
                try kinds(lines) == [
                    "trail.created", "change.opened", "change.amended", "change.accepted",
                    "change.state", "change.assessed", "change.state", "change.decided",
                    "change.revoked", "change.decided", "change.state", "change.scheduled",
                    "change.state", "change.hold", "change.hold", "change.run", "change.run",
                    "change.review", "change.review", "change.closing",
                ])
            try expectChain(lines)
            for line in lines.dropFirst() {
                let record = try TrailRecord(line: Array(line.text.utf8))
                #expect(record.about["change"] == "CHG-1" && record.details["cut"] == nil)
            }
        }
    }

    @Test func planFilesAndForecastAreEvidenceFromTheOpeningOn() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let store = try FileContentStore(in: home)
            let file = try await store.put(Array("script".utf8))
            var plan = try Samples.record("r-1").plan
            plan.runbook.files = [.init(path: "scripts/x", sha256: file, sizeBytes: 6)]
            let digest = try await store.put(try CanonicalJSON.bytes(of: plan))
            let outline = try await store.put(Array("{\"outline\":1}".utf8))
            let change = try await journal.open(
                [.opened(try Self.request(plan: digest, outline: outline))], actor: "rea",
                at: Samples.time(0))
            _ = try await journal.append(
                [try Self.approval("a"), .moved(.approved, reason: "approved by ann")],
                to: change.id, after: 1, actor: "ann", at: Samples.time(1))
            try await TrailSealer(journal: journal, store: store).seal()
            let evidence = try git(home, ["ls-tree", "-r", "--name-only", "HEAD", "evidence"])
            for digest in [digest, outline, file] { #expect(evidence.contains(digest.rawValue)) }
            let story = try git(home, ["log", "-1", "--format=%B"])
            #expect(story.contains("CHG-1 change.decided by ann: verb approved, as board"))
            #expect(story.contains("CHG-1 change.state by ann: state approved, reason approved by"))
            let key = try #require(try TrailKeyFile.key(of: home)).publicKey
            var verifier = TrailVerifier(path: home.trailPath, signers: [key])
            verifier.journal = { try journal.trailTexts($0) }
            let found = try verifier.verify()
            #expect(found.findings.isEmpty, "\(found.findings)")
        }
    }

    @Test func aJournalThatWasMadeOfTheTrailHasTheSameChanges() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let store = try FileContentStore(in: home)
            let digest = try await store.put(
                try CanonicalJSON.bytes(of: try Samples.record("r-1").plan))
            let request = try Self.request(plan: digest)
            _ = try await journal.open(
                try Self.events(request), actor: "rea", at: Samples.time(0))
            let second = try await journal.open(
                [.opened(request)], actor: "bob", at: Samples.time(3))
            _ = try await journal.append(
                [.moved(.cancelled, reason: "no")], to: second.id, after: 1, actor: "ann",
                at: Samples.time(4))
            try await TrailSealer(journal: journal, store: store).seal()
            let other = try await Self.rebuilt(home)
            for change in try await journal.changes(matching: ChangeFilter()) {
                #expect(try await other.change(change.id) == change)
                #expect(
                    try await other.events(of: change.id)
                        == (try await journal.events(of: change.id)))
            }
            #expect(try await other.changes(matching: ChangeFilter(isOpen: false)).count == 1)
            let third = try await other.open([.opened(request)], actor: "rea", at: Samples.time(9))
            #expect(third.id.number == 3)
        }
    }

    private static func rebuilt(_ home: Home) async throws -> SQLiteJournal {
        let folder = home.path + "-again"
        try await HomeAssembly(Home(path: folder)).make(trail: home.trailPath, rest: home)
        let other = try Home.open(at: folder)
        let journal = try await SQLiteJournal.rebuilding(
            in: other, trail: Samples.source, isProvedDead: { _ in true })
        _ = try await JournalRebuild(
            of: journal, store: try FileContentStore(in: other),
            from: try TrailReader(path: other.trailPath)
        ).run()
        return journal
    }

    @Test(arguments: [
        "DELETE FROM changes", "DELETE FROM change_events",
        "UPDATE change_events SET actor = 'x'",
    ])
    func rowsCantBeRewritten(_ sql: String) async throws {
        try await withHome { home in
            let journal = try await opened(home)
            _ = try await journal.open(
                [.opened(try Self.request())], actor: "rea", at: Samples.time(0))
            await #expect(throws: DatabaseError.self) {
                try await DatabaseQueue(path: home.journalPath).write { try $0.execute(sql: sql) }
            }
        }
    }

    @Test func ofProcessesThatChangeItAtOnceOneWins() async throws {
        try await withHome { home in
            let first = try await opened(home)
            let change = try await first.open(
                [.opened(try Self.request())], actor: "rea", at: Samples.time(0))
            let won = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<4 {
                    // A connection of its own each, as processes have.
                    let journal = try await opened(home)
                    group.addTask {
                        do {
                            _ = try await journal.append(
                                [.held(why: "w")], to: change.id, after: 1, actor: "p\(number)",
                                at: Samples.time(1))
                            return true
                        } catch let error as JournalError where error.code == .locked {
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(won == 1)
            #expect(try await first.events(of: change.id).count == 2)
        }
    }

    // --- runs -----------------------------------------------------------------------------------

    /// A run's facts that name a change, in an environment that is bound by it or not.
    private static func run(
        _ id: String, _ change: ChangeID, number: Int = 1, isBound: Bool = true,
        descent: RunDescent? = nil
    ) throws -> RunRecord {
        let draft = try Samples.record(id)
        var plan = draft.plan
        plan.environment = EnvironmentRule(
            name: "lab", content: .off, change: isBound ? .required : .advisory,
            isProduction: false)
        return RunRecord(
            id: draft.id, number: number, plan: plan, planDigest: draft.planDigest,
            forecastDigest: nil, actor: "ivo", ticket: nil, alert: nil,
            librarySource: draft.librarySource, opened: Samples.time(20), descent: descent,
            change: change)
    }

    private static let approved: [ChangeEvent] = [
        .accepted(
            ChangeRules(type: "driver", severity: .automatic, approvers: [], quorum: 0)),
        .moved(.approved, reason: "automatic"),
    ]

    @Test func aRunAndItsChangeStartAndEndInTheSameCommit() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            var change = try await journal.open(
                [.opened(try Self.request())] + Self.approved, actor: "rea", at: Samples.time(0))
            let run = try Self.run("r-1", change.id)
            try await journal.open(
                run, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            change = try await journal.change(change.id)
            #expect(change.state == .implementing && change.openRun == run.id)
            #expect(try await journal.record(of: run.id).change == change.id)
            _ = try await journal.append(
                [.closed(.failed, .unclear)], to: run.id, at: Samples.time(30),
                lease: Samples.lease(1))
            change = try await journal.change(change.id)
            #expect(change.state == .review && change.openRun == nil)
            #expect(change.runs.first?.ended == .failed)
            let texts = try await trailLines(home).map(\.text)
            let opening = texts.first { $0.contains("\"kind\":\"run.opened\"") }
            #expect(opening?.contains("\"change\":\"CHG-1\"") == true)
        }
    }

    @Test func aRunThatItsChangeRefusesIsNotOpened() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let change = try await journal.open(
                [.opened(try Self.request())], actor: "rea", at: Samples.time(0))
            let run = try Self.run("r-1", change.id)
            let error = await #expect(throws: JournalError.self) {
                try await journal.open(
                    run, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            }
            #expect(error?.code == .locked)
            #expect(
                error?.message
                    == "The run was not opened: CHG-1 is draft, and can't be carried out now.")
            await expect(.notFound) { _ = try await journal.record(of: run.id) }
            #expect(try await journal.change(change.id) == change)
            let free = try Self.run("r-2", change.id, isBound: false)
            try await journal.open(
                free, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            #expect(try await journal.change(change.id).state == .draft)
            #expect(try await journal.change(change.id).openRun == free.id)
        }
    }

    @Test func aRunOfAChangeThatIsNotThereIsNotOpened() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try Self.run("r-1", try #require(ChangeID(number: 9)))
            await expect(.notFound) {
                try await journal.open(
                    run, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            }
        }
    }

    /// What two people started without a change has one from its first instant on, in a journal
    /// that was made of the trail, too.
    @Test func aRunByBrokenGlassOpensItsReview() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let store = try FileContentStore(in: home)
            let draft = try Samples.record("r-1", steps: [try Samples.onceStep("one")])
            let digest = try await store.put(try CanonicalJSON.bytes(of: draft.plan))
            let glass = BrokenGlass(
                first: "anna", second: "bob", reason: String(repeating: "\"", count: 599),
                groups: ["cluster = mb1"], at: Samples.time(15))
            let run = RunRecord(
                id: draft.id, number: 1, plan: draft.plan, planDigest: digest,
                forecastDigest: nil, actor: "anna", ticket: "T-1", alert: nil,
                librarySource: "main@1", opened: Samples.time(20), gating: Gating(waits: false),
                brokenGlass: glass)
            try await journal.open(run, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            let change = try await journal.change(try #require(Self.id))
            #expect(change.state == .review && change.requester == "engine")
            #expect(change.review?.owner == "anna")
            #expect(change.review?.due == Samples.time(20).adding(.seconds(7 * 86_400)))
            #expect(
                change.breakGlass
                    == Change.BreakGlass(
                        run: run.id, signers: ["anna", "bob"], reason: glass.reason))
            #expect(change.request.plan?.planID == draft.plan.planID)
            try await TrailSealer(journal: journal, store: store).seal()
            let other = try await Self.rebuilt(home)
            #expect(try await other.change(change.id) == change)
            #expect(try await other.record(of: run.id).brokenGlass == glass)
            #expect(try await other.record(of: run.id).gating == run.gating)
            for asked in [journal, other] {
                #expect(try await asked.runs(matching: RunFilter()).map(\.isGlassBroken) == [true])
            }
        }
    }
}

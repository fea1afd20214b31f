import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import TestSupport
import Testing

/// Escalations and flags: rows that only end, each with its line of the trail and its evidence.
struct OperatorRowsTests {
    private func escalation(
        _ id: String = "e-1", run: RunID? = nil, evidence: Digest, pack: Digest? = nil
    ) throws -> Escalation {
        Escalation(
            id: try #require(EscalationID(rawValue: id)), run: run, at: Samples.time(50),
            actor: "anna", to: "tier-3", note: "still slow", ticket: "INC-1", alert: "Slow",
            evidence: evidence, pack: pack ?? evidence)
    }

    @Test func anEscalationIsReadBackAndSealedWithItsEvidence() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let store = try FileContentStore(in: home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            let outline = try await store.put(Array("{\"outline\":1}".utf8))
            let whole = try await store.put(Array("{\"whole\":1}".utf8))
            let given = try escalation(run: run.id, evidence: outline, pack: whole)
            try await journal.record(given)
            #expect(try await journal.escalations(of: run.id) == [given])
            #expect(try await journal.escalations(isOpen: false) == [])
            let sealer = TrailSealer(journal: journal, store: store)
            try await sealer.seal()
            let evidence = try git(home, ["ls-tree", "-r", "--name-only", "HEAD", "evidence"])
            #expect(evidence.contains(outline.rawValue))
            #expect(!evidence.contains(whole.rawValue))
            let story = try git(home, ["log", "-1", "--format=%B"])
            #expect(story.contains("escalated by anna: to tier-3, note still slow"))
            let key = try #require(try TrailKeyFile.key(of: home)).publicKey
            let found = try TrailVerifier(path: home.trailPath, signers: [key]).verify()
            #expect(found.findings.isEmpty, "\(found.findings)")
        }
    }

    @Test func anEscalationWithoutARunIsOneToo() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let store = try FileContentStore(in: home)
            let outline = try await store.put(Array("{}".utf8))
            try await journal.record(try escalation(evidence: outline))
            try await TrailSealer(journal: journal, store: store).seal()
            let evidence = try git(home, ["ls-tree", "-r", "--name-only", "HEAD", "evidence"])
            #expect(evidence.contains(outline.rawValue))
            #expect(try await journal.escalations().map(\.run) == [nil])
        }
    }

    @Test func aPackThatTheStoreLostIsAGapAndNoSilence() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let lost = Digest.sha256(of: Array("lost".utf8))
            try await journal.record(try escalation(evidence: lost))
            try await TrailSealer(journal: journal, store: try FileContentStore(in: home)).seal()
            #expect(
                try kinds(try await trailLines(home)) == [
                    "trail.created", "escalated", "trail.gap",
                ])
        }
    }

    @Test func anEscalationEndsOnce() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let given = try escalation(evidence: .sha256(of: []))
            try await journal.record(given)
            let end = Escalation.End(at: Samples.time(60), actor: "carl", note: "driver replaced")
            try await journal.end(given.id, end)
            #expect(try await journal.escalations().first?.end == end)
            #expect(try await journal.escalations(isOpen: true) == [])
            await expect(.closed) { try await journal.end(given.id, end) }
            let other = try #require(EscalationID(rawValue: "e-none"))
            await expect(.notFound) { try await journal.end(other, end) }
            let last = try TrailRecord(line: Array(try await trailLines(home)[2].text.utf8))
            #expect(last.kind == "escalation.ended")
        }
    }

    @Test func aFlagStandsUntilItIsTakenBack() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let runbook = try #require(RunbookID(rawValue: "web.restart"))
            let flag = RaisedFlag(
                runbook: runbook, at: Samples.time(5), actor: "anna", why: "it drops mail")
            try await journal.raise(flag)
            #expect(try await journal.flags() == [flag])
            let count = try await journal.clearFlags(
                of: runbook, at: Samples.time(9), actor: "lea", why: "mended")
            #expect(count == 1)
            #expect(try await journal.flags() == [])
            let again = try await journal.clearFlags(
                of: runbook, at: Samples.time(9), actor: "lea", why: "mended")
            #expect(again == 0)
            #expect(
                try kinds(try await trailLines(home)) == [
                    "trail.created", "flagged", "flag.cleared",
                ])
        }
    }

    @Test func ofProcessesThatOpenTheSameFixAtOnceOnlyOnePasses() async throws {
        try await withHome { home in
            let rule = RepeatRule(atMost: 1, withinMilliseconds: 3_600_000)
            let passed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for (number, plan) in "1234".enumerated() {
                    // A connection of its own each, as processes have.
                    let journal = try await opened(home)
                    group.addTask {
                        let record = try Samples.record(
                            "r-\(number)", plan: plan, targets: ["web1"], repeatRule: rule)
                        do {
                            try await journal.open(
                                record, lease: Samples.lease(number),
                                leaseUntil: Samples.time(1000))
                            return true
                        } catch let error as JournalError where error.code == .repeated {
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(passed == 1)
            #expect(try await opened(home).runs(matching: RunFilter()).count == 1)
        }
    }

    @Test(arguments: [
        "DELETE FROM escalations", "UPDATE escalations SET note = 'x'",
        "UPDATE escalations SET ended = 1, actor = 'x'", "DELETE FROM flags",
        "UPDATE flags SET why = 'x'", "UPDATE flags SET cleared = 1, why = 'x'",
    ])
    func rowsCantBeRewritten(_ sql: String) async throws {
        try await withHome { home in
            let journal = try await opened(home)
            try await journal.record(try escalation(evidence: .sha256(of: [])))
            try await journal.raise(
                RaisedFlag(
                    runbook: try #require(RunbookID(rawValue: "web.restart")),
                    at: Samples.time(5), actor: "anna", why: "it drops mail"))
            await #expect(throws: DatabaseError.self) {
                try await DatabaseQueue(path: home.journalPath).write { try $0.execute(sql: sql) }
            }
        }
    }
}

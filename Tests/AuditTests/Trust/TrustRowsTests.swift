import Audit
import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

/// What the journal remembers of trust, each with its line of the trail and its evidence.
struct TrustRowsTests {
    private func change(_ after: Digest?, way: TrustChange.Way = .found) -> TrustChange {
        TrustChange(
            before: nil, after: after, at: Samples.time(50), actor: "anna", way: way,
            what: "changed by hand")
    }

    @Test func aChangeIsRecordedOnceAndItsContentIsEvidence() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let store = try FileContentStore(in: home)
            let (first, second) = (
                try await store.put(Array("{\"a\":1}".utf8)),
                try await store.put(Array("{\"a\":2}".utf8))
            )
            #expect(try await journal.knownTrust() == nil)
            #expect(try await journal.record(change(first)))
            #expect(try await !journal.record(change(first)))
            #expect(try await journal.record(change(second, way: .command)))
            #expect(try await journal.knownTrust() == second)
            #expect(try await journal.record(change(nil)))
            #expect(try await journal.knownTrust() == nil)
            try await TrailSealer(journal: journal, store: store).seal()
            let evidence = try git(home, ["ls-tree", "-r", "--name-only", "HEAD", "evidence"])
            #expect(evidence.contains(first.rawValue) && evidence.contains(second.rawValue))
            let events = try git(home, ["log", "-1", "--format=%B"])
            #expect(events.contains("trust.changed by anna: note changed by hand"), "\(events)")
            let key = try #require(try TrailKeyFile.key(of: home)).publicKey
            let found = try TrailVerifier(path: home.trailPath, signers: [key]).verify()
            #expect(found.findings.isEmpty, "\(found.findings)")
        }
    }

    @Test func aNonceIsUsedOnce() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let store = try FileContentStore(in: home)
            let digest = try await store.put(Array("{\"signed\":1}".utf8))
            func act(_ digit: Character) throws -> SignedAct {
                let nonce = ActNonce(rawValue: String(repeating: digit, count: 32))
                return SignedAct(
                    statement: ActStatement(
                        .pay, plan: try Samples.plan("a"), time: Samples.time(1),
                        nonce: try #require(nonce)),
                    signer: try #require(PersonID(rawValue: "anna")),
                    key: KeyFingerprint(ofBlob: [1]), digest: digest, at: Samples.time(60))
            }
            try await journal.record(try act("1"))
            try await journal.record(try act("2"))
            do {
                try await journal.record(try act("1"))
                Issue.record("a signature was used twice")
            } catch {
                #expect((error as? JournalError)?.code == .repeated)
            }
            try await TrailSealer(journal: journal, store: store).seal()
            let story = try git(home, ["log", "-1", "--format=%B"])
            // The subject names the last one, and each has a line.
            #expect(story.components(separatedBy: "act.signed by anna").count == 4, "\(story)")
            let key = try #require(try TrailKeyFile.key(of: home)).publicKey
            let found = try TrailVerifier(path: home.trailPath, signers: [key]).verify()
            #expect(found.findings.isEmpty, "\(found.findings)")
        }
    }
}

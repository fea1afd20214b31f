import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// The key that signs the trail: its rotation, and what happens without it.
struct TrailKeyCommandTests {
    @Test func aRotatedKeySignsAndTheFirstOneIsKept() async throws {
        let scene = try await PushScene()
        let before = try scene.signer()
        for number in 3...4 {
            let result = try scene.bench.handrail("audit", "rotate-key", "--json")
            #expect(result.status == 0, "\(result.errors)")
            try await scene.record("r-20261123-070\(number)-dddd", number: number)
            let fingerprint = try #require(try result.json()["fingerprint"] as? String)
            #expect(try scene.signer() == fingerprint)
            #expect(fingerprint != before)
            let verified = try scene.bench.handrail("audit", "verify")
            #expect(verified.status == 0, "\(verified.output)")
        }
        #expect(try scene.bench.handrail("audit", "log").output.contains("key.added"))
    }

    @Test func aRotationThatWasInterruptedIsFinished() async throws {
        let scene = try await PushScene()
        let home = try Home.open(at: scene.bench.home)
        let (journal, store) = try await scene.bench.journal()
        let next = try TrailRotation(home: home, comment: "x").prepare()
        var event = TrailEvent(
            kind: .keyAdded, at: PastRun.start.adding(.seconds(900)), actor: "ann", via: .cli)
        event.details = ["key": .string(next.line)]
        try await journal.record([event])
        try await TrailSealer(journal: journal, store: store).seal()
        // The process died here: the key is introduced, and not yet in its place.
        let result = try scene.bench.handrail("audit", "rotate-key", "--json")
        #expect(try result.json()["fingerprint"] as? String == next.fingerprint)
        let events = try scene.bench.handrail("audit", "log", "--json").json()["acts"]
        let kinds = try #require(events as? [[String: Any]]).compactMap { $0["kind"] as? String }
        #expect(kinds.filter { $0 == "key.added" }.count == 1)
        try await scene.record("r-20261123-0702-cccc", number: 3)
        #expect(try scene.signer() == next.fingerprint)
        #expect(try scene.bench.handrail("audit", "verify").status == 0)
    }

    /// Each introduces a key that the one before has signed, and the last one is there.
    @Test func rotationsAtTheSameTimeTakeTurns() async throws {
        let scene = try await PushScene()
        let count = 6
        let made = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 1...count {
                group.addTask {
                    let result = try await scene.bench.handrailAside(
                        ["audit", "rotate-key", "--json"])
                    #expect(result.status == 0, "\(result.errors)")
                    return try #require(try result.json()["fingerprint"] as? String)
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(made.count == count, "each made one of its own")
        try await scene.record("r-20261123-0709-dddd", number: 3)
        #expect(made.contains(try scene.signer()))
        let verified = try scene.bench.handrail("audit", "verify")
        #expect(verified.status == 0, "\(verified.output)")
        let keys = try scene.git(scene.trail, ["show", "HEAD:meta/allowed_signers"])
            .split(separator: "\n")
        #expect(keys.count == count + 1 && Set(keys).count == keys.count)
        #expect(try scene.bench.handrail("doctor").output.contains("signs the trail as"))
    }

    @Test func whatKilledProcessesLeftBesideAKeyIsRemoved() async throws {
        let scene = try await PushScene()
        let left = scene.bench.home + "/keys/next.4194305"
        try Data("a private key".utf8).write(to: URL(fileURLWithPath: left))
        #expect(try scene.bench.handrail("audit", "rotate-key").status == 0)
        #expect(!FileManager.default.fileExists(atPath: left))
    }

    /// A run whose end could never be signed isn't opened.
    @Test(arguments: ["open to others", "gone", "another"])
    func withoutItsKeyNothingIsStarted(_ state: String) async throws {
        let scene = try await PushScene()
        let key = scene.bench.home + "/keys/controller"
        switch state {
        case "gone": try FileManager.default.removeItem(atPath: key)
        case "another":
            try FileManager.default.removeItem(atPath: key)
            _ = try TrailKeyFile.makeKey(of: try Home.open(at: scene.bench.home), comment: "x")
        default: try #require(chmod(key, 0o644) == 0)
        }
        let runs = try await scene.runs()
        for command in [
            ["resume", "bbbb"],
            ["run", "service.down", "--on", "localhost", "--yes", "--set", "service=x"],
        ] {
            let refused = try scene.bench.handrail(command)
            #expect(refused.status != 0, "\(command): \(refused.output)")
            #expect(refused.errors.contains("keys"), "\(refused.errors)")
            #expect(refused.errors.contains("Nothing was started."), "\(refused.errors)")
        }
        #expect(try await scene.runs() == runs)
        let doctor = try scene.bench.handrail("doctor")
        #expect(doctor.status != 0)
        #expect(doctor.output.contains("keys"), "\(doctor.output)")
    }
}

import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// Every kind of edit, by somebody with full access to the trail's folder but without its present
/// key, is found and named; at random places of a real trail.
///
/// One place for each kind; 25 with `HANDRAIL_FULL=1`, and 10,000 clean trails.
struct TamperTests {
    static let isFull = ProcessInfo.processInfo.environment["HANDRAIL_FULL"] == "1"
    private static let places = isFull ? 25 : 1
    private static let cleanTrails = isFull ? 10_000 : 12

    @Test(arguments: TrailEdit.all)
    func isFoundAndNamed(edit: TrailEdit) async throws {
        for place in 0..<Self.places {
            try await withTemporaryFolder { folder in
                var random = SeededNumbers(seed: UInt64(place) &* 7919 &+ edit.seed)
                let scene = try TamperScene(in: folder, &random)
                let before = try scene.verify()
                try #require(before.findings == [], "\(edit), place \(place)")
                scene.index = scene.range(for: edit).randomElement(using: &random) ?? 1
                try edit.apply(scene, &random)
                let found = try scene.verify()
                let kinds = found.findings.map(\.kind)
                let context = "\(edit), place \(place), commit \(scene.index): \(kinds)"
                #expect(kinds.contains(edit.expected), "\(context)")
                if edit.isInHistory {
                    // The culprit: everything before it can be trusted, and nothing after it.
                    let first = try #require(found.findings.first)
                    #expect(first.lastTrusted == scene.trusted, "\(context)")
                    #expect(found.lastTrusted == scene.trusted, "\(context)")
                    #expect(first.commit != nil, "\(context)")
                }
            }
        }
    }

    /// No object is left out by the walk, and none is written that it doesn't reach.
    @Test func everyObjectIsReadInItsTurn() async throws {
        try await withTemporaryFolder { folder in
            var random = SeededNumbers(seed: 11)
            let scene = try TamperScene(in: folder, &random)
            let names = try scene.editor.reachable()
            #expect(names == (try scene.editor.stored()), "nothing is written in vain")
            #expect(names.count > 50)
            for name in names.sorted() {
                let file = URL(fileURLWithPath: try scene.writable(name))
                let whole = try Data(contentsOf: file)
                try whole.prefix(whole.count / 2).write(to: file)
                let cut = try scene.verify().findings.map(\.kind)
                #expect(cut.contains(.objectDamaged), "\(name)")
                try FileManager.default.removeItem(at: file)
                let gone = try scene.verify().findings.map(\.kind)
                #expect(gone.contains(.objectMissing), "\(name)")
                try whole.write(to: file)
            }
            #expect(try scene.verify().findings == [])
        }
    }

    @Test func thereAreEnoughKinds() {
        #expect(TrailEdit.all.count >= 30)
        #expect(Set(TrailEdit.all.map(\.name)).count == TrailEdit.all.count)
        // Each of the walk's words is said by some edit, or by a test of TrailVerifierTests.
        let elsewhere: Set<TrailFinding.Kind> = [.clockBackwards, .batchForm, .anchorDiffers]
        #expect(
            Set(TrailEdit.all.map(\.expected)).union(elsewhere)
                == Set(TrailFinding.Kind.allCases))
    }

    @Test(arguments: 0..<4)
    func noCleanTrailHasAFinding(part: Int) async throws {
        for number in 0..<Self.cleanTrails / 4 {
            try await withTemporaryFolder { folder in
                var random = SeededNumbers(seed: UInt64(part * 100_000 + number) &+ 1)
                let sample = try SampleTrail(in: folder)
                try sample.grow(by: Int(random.next() % 10), &random)
                let found = try sample.verify()
                #expect(found.findings == [], "part \(part), trail \(number)")
            }
        }
    }
}

/// A trail with three runs, a new key, and three more runs; and those who would change it.
final class TamperScene {
    // A class, because an edit tells it what the verifier is to be given.

    let sample: SampleTrail
    let editor: TrailEditor
    /// The key that signs now; the sample's own is retired.
    let present: TrailKey
    /// A key of nobody.
    let stranger = TrailKey()
    /// The commit that is edited, from the first.
    var index = 1
    /// What is known outside.
    var anchors: [TrailAnchor] = []
    /// The journal's lines.
    var journal: [String]?
    private let ends: [Int]

    init(in folder: String, _ random: inout SeededNumbers) throws {
        let sample = try SampleTrail(in: folder)
        let trail = try sample.open()
        try sample.seal(runs: 0, in: trail)
        try Self.runs(sample, trail, &random)
        present = try sample.rotate(in: trail)
        try Self.runs(sample, trail, &random)
        self.sample = sample
        editor = try TrailEditor(sample)
        ends = try editor.ends()
    }

    private static func runs(
        _ sample: SampleTrail, _ trail: TrailRepository, _ random: inout SeededNumbers
    ) throws {
        for number in 0..<3 {
            let run = try sample.run(
                "r-20261123-0714-s\(sample.sequence)x\(number)",
                steps: Int.random(in: 1...4, using: &random))
            _ = try trail.seal(TrailBatch(lines: run.lines, evidence: run.evidence))
            sample.clock += Int64.random(in: 60_000...600_000, using: &random)
        }
    }

    /// The commits that an edit may be at: those of runs, where its key is the present one.
    func range(for edit: TrailEdit) -> [Int] {
        edit.needsPresentKey ? [5, 6, 7] : [1, 2, 3, 5, 6]
    }

    /// Seals one more commit, which introduces a key, with the present one.
    func introduceAgain(_ key: TrailKey) throws {
        let line = try sample.line(
            .keyAdded, actor: "anna", ["key": .string(key.publicKey.line)])
        _ = try sample.open().seal(TrailBatch(lines: [line]))
    }

    /// The last event before the edited commit.
    var trusted: Int { index == 0 ? 0 : ends[index - 1] }
    /// The last event of the edited commit.
    var end: Int { ends[index] }

    func verify() throws -> TrailVerification {
        try sample.verify { verifier in
            verifier.anchors = anchors
            if let journal {
                verifier.journal = { range in
                    Array(journal.prefix(range.upperBound).dropFirst(range.lowerBound - 1))
                }
            }
        }
    }

    /// Changes the text of the edited commit's events, in it and all that come after.
    func rewriteEvents(by signer: TrailKey?, _ edit: (String) -> String) throws {
        let path = try editor.eventPath(index)
        let text = try editor.object("blob", editor.blob(path, editor.commits[index]))
        let changed = edit(text)
        try #require(changed != text)
        let blob = try editor.store("blob", changed)
        try editor.rewriteFiles(from: index, by: signer) { $0[path] = "100644 \(blob)" }
    }

    /// The path of a piece of evidence that the edited commit brings.
    func evidence() throws -> String {
        let before = Set(try editor.files(editor.commits[index - 1]).keys)
        return try #require(
            try editor.files(editor.commits[index]).keys.first {
                $0.hasPrefix("evidence/") && !before.contains($0)
            })
    }

    /// A loose object that the trail reaches, as its file.
    func anyObject(_ random: inout SeededNumbers) throws -> String {
        try writable(try #require(editor.reachable().randomElement(using: &random)))
    }

    /// The file of a loose object, made writable.
    func writable(_ name: String) throws -> String {
        let file = "\(editor.path)/objects/\(name.prefix(2))/\(name.dropFirst(2))"
        try #require(chmod(file, 0o600) == 0)
        return file
    }
}

import Audit
import Foundation
import TestSupport
import Testing

extension TrailEdit {
    // --- signatures -----------------------------------------------------------------------------

    static let inSignatures: [TrailEdit] = [
        TrailEdit("signature stripped", .signatureMissing) { scene, _ in
            try scene.editor.rewrite(from: scene.index) { $0.signature = nil }
        },
        TrailEdit("signature of another commit", .signatureWrong) { scene, _ in
            let other = try scene.editor.parts(scene.editor.commits[0]).signature
            try scene.editor.rewrite(from: scene.index) { $0.signature = other }
        },
        TrailEdit("signature of no form", .signatureForm) { scene, random in
            let place = Int.random(in: 40..<200, using: &random)
            try scene.editor.rewrite(from: scene.index) { parts in
                var text = Array(try #require(parts.signature).utf8)
                text[place] = UInt8(ascii: "!")
                parts.signature = String(decoding: text, as: UTF8.self)
            }
        },
        TrailEdit("wrong namespace", .signatureNamespace, needsPresentKey: true) { scene, _ in
            try scene.editor.rewrite(from: scene.index, by: .key(scene.present)) {
                try $0.sign(scene.present, namespace: "file")
            }
        },
        TrailEdit("amended and signed by a stranger", .keyUnknown) { scene, _ in
            try scene.editor.rewrite(from: scene.index, by: .key(scene.stranger)) {
                $0.message = $0.message.replacing("anna", with: "bob")
                try $0.sign(scene.stranger)
            }
        },
        TrailEdit("signed by a retired key", .keyRetired, needsPresentKey: true) { scene, _ in
            try scene.editor.rewrite(from: scene.index, by: .key(scene.sample.key)) {
                try $0.sign(scene.sample.key)
            }
        },
        TrailEdit("signed by the later key", .keyUnknown) { scene, _ in
            scene.index = [1, 2, 3][scene.index % 3]
            try scene.editor.rewrite(from: scene.index, by: .key(scene.present)) {
                try $0.sign(scene.present)
            }
        },
        // Whoever holds the present key may bring back one that was stolen and retired.
        TrailEdit("a retired key introduced again", .keyRepeated, needsPresentKey: true) {
            scene, _ in
            scene.index = scene.editor.commits.count
            try scene.introduceAgain(scene.sample.key)
        },
        TrailEdit("everything signed by a stranger", .keyUnknown) { scene, _ in
            scene.index = 0
            try scene.editor.rewrite(from: 0, by: .key(scene.stranger)) {
                try $0.sign(scene.stranger)
            }
        },
        TrailEdit("a whole trail with a new key", .keyUnknown) { scene, random in
            let other = try SampleTrail(in: scene.sample.home.path + "/other")
            try other.grow(by: 4, &random)
            try FileManager.default.removeItem(atPath: scene.editor.path)
            try FileManager.default.moveItem(
                atPath: other.home.trailPath, toPath: scene.editor.path)
            scene.index = 0
        },
    ]

    // --- trees ----------------------------------------------------------------------------------

    private static func files(
        _ name: String, _ expected: TrailFinding.Kind,
        _ edit: @escaping @Sendable (TamperScene, inout [String: String]) throws -> Void
    ) -> TrailEdit {
        TrailEdit(name, expected) { scene, _ in
            try scene.editor.rewriteFiles(from: scene.index, by: scene.stranger) {
                try edit(scene, &$0)
            }
        }
    }

    private static let elsewhere = "120000 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"

    static let inTrees: [TrailEdit] = [
        files("earlier events removed", .entryRemoved) { scene, files in
            files[try scene.editor.eventPath(scene.index - 1)] = nil
        },
        files("earlier events changed", .entryChanged) { scene, files in
            files[try scene.editor.eventPath(scene.index - 1)] = files["meta/format"]
        },
        files("a file added", .entryUnexpected) { _, files in
            files["notes"] = files["meta/format"]
        },
        files("a second file of events", .entryUnexpected) { _, files in
            files["events/2026-11/18/00/00/000000009999.ndjson"] = files["meta/format"]
        },
        files("a symlink for a file", .entryMode) { _, files in
            files["checkpoint"] = elsewhere
        },
        files("a submodule", .entryMode) { scene, files in
            files["module"] = "160000 \(scene.editor.commits[0])"
        },
        files("the checkpoint of before", .checkpointWrong) { scene, files in
            let before = try scene.editor.files(scene.editor.commits[scene.index - 1])
            files["checkpoint"] = before["checkpoint"]
        },
        files("the checkpoint removed", .entryRemoved) { _, files in files["checkpoint"] = nil },
        files("the origin changed", .entryChanged) { _, files in
            files["meta/origin"] = files["meta/format"]
        },
        files("a key slipped in", .entryChanged) { scene, files in
            let text = "x namespaces=\"git\" \(scene.stranger.publicKey.line)\n"
            files["meta/allowed_signers"] = "100644 \(try scene.editor.store("blob", text))"
        },
        TrailEdit("another format from the start", .metaWrong) { scene, _ in
            scene.index = 0
            try scene.editor.rewriteFiles(from: 0, by: nil) {
                $0["meta/format"] = $0["meta/origin"]
            }
        },
        TrailEdit("events at another minute", .batchPlace) { scene, _ in
            let path = try scene.editor.eventPath(scene.index)
            try scene.editor.rewriteFiles(from: scene.index, by: scene.stranger) { files in
                files[path.replacing("2026-11/", with: "2026-10/")] = files[path]
                files[path] = nil
            }
        },
        TrailEdit("an empty folder", .treeForm) { scene, _ in
            let empty = try scene.editor.git(["mktree"])
            try scene.editor.rewriteFiles(from: scene.index, by: scene.stranger) {
                $0["notes"] = "40000 \(empty)"
            }
        },
        TrailEdit("evidence swapped", .evidenceWrong) { scene, _ in
            let path = try scene.evidence()
            try scene.editor.rewriteFiles(from: scene.index, by: scene.stranger) {
                $0[path] = $0["meta/format"]
            }
        },
        TrailEdit("evidence dropped", .evidenceMissing) { scene, _ in
            let path = try scene.evidence()
            try scene.editor.rewriteFiles(from: scene.index, by: scene.stranger) {
                $0[path] = nil
            }
        },
        TrailEdit("evidence swapped later", .entryChanged) { scene, _ in
            let path = try scene.evidence()
            scene.index += 1
            try scene.editor.rewriteFiles(from: scene.index, by: scene.stranger) {
                $0[path] = $0["meta/format"]
            }
        },
    ]

    // --- lines ----------------------------------------------------------------------------------

    private static func lines(
        _ name: String, _ expected: TrailFinding.Kind,
        _ edit: @escaping @Sendable (inout [Substring], inout SeededNumbers) -> Void
    ) -> TrailEdit {
        TrailEdit(name, expected) { scene, random in
            var now = random
            try scene.rewriteEvents(by: scene.stranger) { text in
                var lines = text.split(separator: "\n")
                edit(&lines, &now)
                return lines.map { $0 + "\n" }.joined()
            }
            random = now
        }
    }

    static let inLines: [TrailEdit] = [
        TrailEdit("an actor changed, the signatures kept", .signatureWrong) { scene, _ in
            try scene.rewriteEvents(by: nil) { $0.replacing("anna", with: "bert") }
        },
        TrailEdit("another beginning", .beginningWrong) { scene, _ in
            scene.index = 0
            try scene.rewriteEvents(by: scene.stranger) {
                $0.replacing("trail.created", with: "trail.pushed")
            }
        },
        lines("an actor changed", .lineChain) { lines, _ in
            lines[0] = lines[0].replacing("anna", with: "bert")[...]
        },
        lines("a line removed", .lineSequence) { lines, random in
            lines.remove(at: Int.random(in: 1..<lines.count - 1, using: &random))
        },
        lines("a line twice", .lineSequence) { lines, random in
            let place = Int.random(in: 0..<lines.count, using: &random)
            lines.insert(lines[place], at: place)
        },
        lines("lines in another order", .lineSequence) { lines, random in
            let place = Int.random(in: 0..<lines.count - 1, using: &random)
            lines.swapAt(place, place + 1)
        },
        lines("another form of the same line", .lineForm) { lines, random in
            let place = Int.random(in: 0..<lines.count, using: &random)
            lines[place] = lines[place].replacing("\"v\":1", with: "\"v\": 1")[...]
        },
        lines("a field added", .lineField) { lines, random in
            let place = Int.random(in: 0..<lines.count, using: &random)
            lines[place] = (lines[place].dropLast() + ",\"why\":1}")[...]
        },
    ]

    // --- what was kept outside ------------------------------------------------------------------

    static let outside: [TrailEdit] = [
        TrailEdit("truncated against an anchor", .anchorMissing, isInHistory: false) {
            scene, _ in
            scene.anchors = [
                TrailAnchor(size: scene.sample.sequence, digest: scene.sample.previous)
            ]
            try scene.editor.move(to: scene.editor.commits[scene.index])
        },
        TrailEdit("a row of the journal edited", .journalDiffers, isInHistory: false) {
            scene, random in
            var lines: [String] = []
            for index in scene.editor.commits.indices {
                let path = try scene.editor.eventPath(index)
                let commit = scene.editor.commits[index]
                lines += try scene.editor.git(["show", "\(commit):\(path)"])
                    .split(separator: "\n").map(String.init)
            }
            let place = Int.random(in: lines.indices, using: &random)
            lines[place] = lines[place].replacing("\"v\":1", with: "\"v\":2")
            scene.journal = lines
        },
    ]
}

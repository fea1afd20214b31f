import Audit
import Foundation
import TestSupport
import Testing

/// One kind of edit, and what the walk has to call it.
struct TrailEdit: Sendable, CustomTestStringConvertible {
    typealias Apply = @Sendable (TamperScene, inout SeededNumbers) throws -> Void

    let name: String
    let expected: TrailFinding.Kind
    /// Whether it is in the commits from the scene's index on: then that is the culprit.
    var isInHistory = true
    /// Whether the edit is made at a commit that the present key signed.
    var needsPresentKey = false
    let apply: Apply

    var testDescription: String { name }

    /// A seed of its own for each name.
    var seed: UInt64 { name.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) } }

    static let all = inFolder + inObjects + inCommits + inSignatures + inTrees + inLines + outside

    init(
        _ name: String, _ expected: TrailFinding.Kind, isInHistory: Bool = true,
        needsPresentKey: Bool = false, _ apply: @escaping Apply
    ) {
        (self.name, self.expected, self.apply) = (name, expected, apply)
        (self.isInHistory, self.needsPresentKey) = (isInHistory, needsPresentKey)
    }

    // --- what stock git would follow ------------------------------------------------------------

    private static func folder(
        _ name: String, _ expected: TrailFinding.Kind,
        _ apply: @escaping @Sendable (TrailEditor, TamperScene) throws -> Void
    ) -> TrailEdit {
        TrailEdit(name, expected, isInHistory: false) { scene, _ in
            try apply(scene.editor, scene)
        }
    }

    private static let inFolder: [TrailEdit] = [
        folder("replace ref", .replaceRef) { editor, scene in
            try editor.git(["replace", editor.commits[scene.index], editor.commits[0]])
        },
        folder("replace ref, packed", .replaceRef) { editor, scene in
            try editor.write(
                "packed-refs",
                "\(editor.commits[0]) refs/replace/\(editor.commits[scene.index])\n")
        },
        folder("shallow", .shallow) { editor, scene in
            try editor.write("shallow", editor.commits[scene.index] + "\n")
        },
        folder("grafts", .grafts) { editor, scene in
            try editor.write(
                "info/grafts", "\(editor.commits[scene.index]) \(editor.commits[0])\n")
        },
        folder("alternates", .alternates) { editor, _ in
            try editor.write("objects/info/alternates", "/nonexistent/objects\n")
        },
        folder("configuration: a program for signatures", .configUnexpected) { editor, _ in
            try editor.append("config", "[gpg \"ssh\"]\n\tprogram = /bin/true\n")
        },
        folder("configuration: another file", .configUnexpected) { editor, _ in
            try editor.append("config", "[include]\n\tpath = ../evil\n")
        },
        folder("configuration: a remote that is a program", .configUnexpected) { editor, _ in
            try editor.append("config", "[remote \"office\"]\n\turl = ext::sh -c evil\n")
        },
        folder("hook", .fileUnexpected) { editor, _ in
            try editor.write("hooks/post-update", "#!/bin/sh\n")
        },
        folder("attributes", .fileUnexpected) { editor, _ in
            try editor.write("info/attributes", "*.ndjson diff=evil\n")
        },
        folder("another common folder", .fileUnexpected) { editor, _ in
            try editor.write("commondir", "../other.git\n")
        },
        folder("another branch", .refUnexpected) { editor, scene in
            try editor.git(["branch", "side", editor.commits[scene.index]])
        },
        folder("tag", .refUnexpected) { editor, scene in
            try editor.git(["tag", "v1", editor.commits[scene.index]])
        },
        folder("HEAD elsewhere", .headWrong) { editor, _ in
            try editor.write("HEAD", "ref: refs/heads/main\n")
        },
        folder("HEAD detached", .headWrong) { editor, scene in
            try editor.write("HEAD", editor.commits[scene.index] + "\n")
        },
        folder("branch removed", .branchMissing) { editor, _ in
            try FileManager.default.removeItem(atPath: editor.path + "/" + editor.branch)
        },
        folder("branch of garbage", .branchMissing) { editor, _ in try editor.move(to: "evil") },
    ]

    // --- bytes of objects -----------------------------------------------------------------------

    private static let inObjects: [TrailEdit] = [
        TrailEdit("byte flipped", .objectDamaged, isInHistory: false) { scene, random in
            let file = URL(fileURLWithPath: try scene.anyObject(&random))
            var bytes = Array(try Data(contentsOf: file))
            // Not in what zlib adds: its header has two forms for the same content.
            let place = Int.random(in: 2..<max(3, bytes.count - 6), using: &random)
            bytes[place] ^= UInt8.random(in: 1...255, using: &random)
            try Data(bytes).write(to: file)
        },
        TrailEdit("object removed", .objectMissing, isInHistory: false) { scene, random in
            try FileManager.default.removeItem(atPath: try scene.anyObject(&random))
        },
        TrailEdit("object emptied", .objectDamaged, isInHistory: false) { scene, random in
            try Data().write(to: URL(fileURLWithPath: try scene.anyObject(&random)))
        },
        TrailEdit("object cut", .objectDamaged, isInHistory: false) { scene, random in
            let file = URL(fileURLWithPath: try scene.anyObject(&random))
            let bytes = try Data(contentsOf: file)
            try bytes.prefix(bytes.count / 2).write(to: file)
        },
        TrailEdit("object exchanged for another", .objectDamaged, isInHistory: false) {
            scene, random in
            let file = URL(fileURLWithPath: try scene.anyObject(&random))
            let before = try Data(contentsOf: file)
            var other = before
            while other == before {
                other = try Data(contentsOf: URL(fileURLWithPath: try scene.anyObject(&random)))
            }
            try other.write(to: file)
        },
    ]

    // --- commits --------------------------------------------------------------------------------

    private static let inCommits: [TrailEdit] = [
        TrailEdit("message amended", .signatureWrong) { scene, _ in
            try scene.editor.rewrite(from: scene.index) {
                $0.message = $0.message.replacing("anna", with: "bob")
            }
        },
        TrailEdit("trailers amended", .messageWrong) { scene, _ in
            try scene.editor.rewrite(from: scene.index) {
                $0.message = $0.message.replacing("Trail-Seq: ", with: "Trail-Seq: 1")
            }
        },
        // The next commit brings its file of events too; the last one can't show a gap in `seq`.
        TrailEdit("commit dropped", .entryUnexpected) { scene, _ in
            let previous = scene.editor.commits[scene.index - 1]
            let dropped = scene.index
            try scene.editor.rewrite(from: dropped + 1) { $0.parents = [previous] }
        },
        TrailEdit("commit dropped, the rest signed anew", .keyUnknown) { scene, _ in
            let previous = scene.editor.commits[scene.index - 1]
            try scene.editor.rewrite(from: scene.index + 1, by: .key(scene.stranger)) {
                $0.parents = [previous]
                try $0.sign(scene.stranger)
            }
        },
        TrailEdit("commit inserted", .batchMissing) { scene, _ in
            let (editor, index) = (scene.editor, scene.index)
            var forged = try editor.parts(editor.commits[index - 1])
            forged.parents = [editor.commits[index - 1]]
            try forged.sign(scene.stranger)
            let id = try editor.store("commit", forged.text())
            try editor.rewrite(from: index) { $0.parents = [id] }
        },
        TrailEdit("commits in another order", .batchMissing) { scene, _ in
            let (editor, index) = (scene.editor, scene.index)
            let (one, two) = (editor.commits[index], editor.commits[index + 1])
            var first = try editor.parts(two)
            first.parents = [editor.commits[index - 1]]
            var second = try editor.parts(one)
            second.parents = [try editor.store("commit", first.text())]
            try editor.move(to: try editor.store("commit", second.text()))
        },
        TrailEdit("second parent", .merge) { scene, _ in
            let other = scene.editor.commits[0]
            try scene.editor.rewrite(from: scene.index) { $0.parents.append(other) }
        },
        TrailEdit("second root", .entryUnexpected) { scene, _ in
            try scene.editor.rewrite(from: scene.index) { $0.parents = [] }
            scene.index = 0
        },
        TrailEdit("another author", .commitForm) { scene, _ in
            try scene.editor.rewrite(from: scene.index) { $0.person = "Mallory <m@example>" }
        },
        TrailEdit("another header", .commitForm) { scene, _ in
            try scene.editor.rewrite(from: scene.index) { $0.extra = "encoding latin1\n" }
        },
        TrailEdit("back-dated commit", .commitTime) { scene, _ in
            try scene.editor.rewrite(from: scene.index) { $0.seconds -= 86_400 }
        },
    ]
}

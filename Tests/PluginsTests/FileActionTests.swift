import Foundation
import Runbooks
import Runner
import Testing

@testable import Plugins

/// A `file` step, and the undo that it has by itself (docs/semantics.md, "Undo").
@Suite(.enabled(if: ConfinedTarget.isAvailable))
struct FileActionTests {
    private static let files = [
        "files/one": "one\n", "files/two": "two\n", "files/limits": "limit = {{ limit }}\n",
    ]

    private func onTarget(
        _ body: @Sendable (ConfinedTarget) async throws -> Void
    ) async throws {
        try await ConfinedTarget(files: Self.files).serving(body)
    }

    private func file(
        _ target: ConfinedTarget, _ content: FileAction.Content = .file("files/one"),
        mode: Int? = nil
    ) -> Action {
        .file(FileAction(path: .text(target.path("x.conf")), content: content, mode: mode))
    }

    private func said(_ report: AttemptReport) -> [String] {
        String(decoding: report.stderr.rest, as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }

    @Test func aFileIsMadeFromItsTemplateOnceItsCheckHolds() async throws {
        try await onTarget { target in
            func wanted(_ check: String) -> Action {
                .file(
                    FileAction(
                        path: .text(target.path("x.conf")),
                        content: .template("files/limits", values: ["limit": .text("$(id) 20")]),
                        mode: 0o640, check: ScriptCall(program: .inline(check))))
            }
            let look = try await target.perform(wanted("exit 1"), .probe)
            #expect(look.ending == .exited(1))
            #expect(look.diff?.contains("+limit = $(id) 20") == true)
            #expect(try await target.perform(wanted("exit 1")).ending == .exited(2))
            #expect(try target.text("x.conf") == nil)
            #expect(try await target.ending(wanted("grep -q limit \"$1\"")) == .changed)
            #expect(try target.text("x.conf") == "limit = $(id) 20\n")
            #expect(try target.mode("x.conf") == 0o640)
            #expect(try await target.ending(wanted("exit 1")) == .satisfied)
            #expect(try await target.perform(wanted("exit 1"), .probe).ending == .exited(0))
            #expect(
                try FileManager.default.contentsOfDirectory(
                    atPath: target.folder.appending(path: "etc").path) == ["x.conf"])
        }
    }

    @Test func aLookTellsWhatIsWantedAndWhatIsThere() async throws {
        try await onTarget { target in
            // SHA-256 of "one\n" and of "two\n".
            let (one, two) = (
                "sha256:2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806",
                "sha256:27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a"
            )
            func seen(_ action: Action) async throws -> SeenState? {
                try await target.perform(action, .probe, effect: .read).seen
            }
            #expect(
                try await seen(file(target)) == SeenState(expected: one, actual: "absent"))
            try target.write("two\n", to: "x.conf", mode: 0o640)
            #expect(try await seen(file(target)) == SeenState(expected: one, actual: two))
            #expect(
                try await seen(file(target, .file("files/two"), mode: 0o600))
                    == SeenState(expected: "\(two), mode 600", actual: "\(two), mode 640"))
            // What is as it should be needs no words.
            #expect(try await seen(file(target, .file("files/two"), mode: 0o640)) == nil)
            let unwanted = try #require(try await seen(file(target, .absent)))
            #expect(unwanted.expected == "absent")
            #expect(unwanted.actual.hasPrefix("there: 4 bytes"))
        }
    }

    @Test func aStepThatReadsNeverWrites() async throws {
        try await onTarget { target in
            try target.write("before\n", to: "x.conf")
            for mode in [Mode.apply, .undo, .restore] {
                let report = try await target.perform(file(target), mode, effect: .read)
                guard case .notStarted(let why) = report.ending else {
                    Issue.record("\(mode): \(report.ending)")
                    continue
                }
                #expect(why.contains("nothing was changed"))
            }
            #expect(try target.text("x.conf") == "before\n")
        }
    }

    @Test func putsBackContentModeAndTimes() async throws {
        try await onTarget { target in
            try target.write("before\n", to: "x.conf", mode: 0o640)
            let old = Date(timeIntervalSince1970: 1_700_000_000)
            try FileManager.default.setAttributes(
                [.modificationDate: old], ofItemAtPath: target.path("x.conf"))
            let action = file(target, mode: 0o600)
            #expect(try await target.ending(action) == .changed)
            #expect(try target.text("x.conf") == "one\n")
            let report = try await target.perform(action, .restore)
            #expect(report.ending == .exited(0))
            #expect(report.changed == true)
            #expect(report.diff?.contains("+before") == true)
            #expect(try target.text("x.conf") == "before\n")
            #expect(try target.mode("x.conf") == 0o640)
            let attributes = try FileManager.default.attributesOfItem(
                atPath: target.path("x.conf"))
            #expect(attributes[.modificationDate] as? Date == old)
            #expect(try await target.ending(action, .restore) == .satisfied)
        }
    }

    @Test func removesAFileThatTheStepMadeAndMakesOneThatItRemoved() async throws {
        try await onTarget { target in
            #expect(try await target.ending(file(target)) == .changed)
            #expect(try await target.ending(file(target), .restore) == .changed)
            #expect(try target.text("x.conf") == nil)
            try target.write("before\n", to: "x.conf", mode: 0o604)
            let removal = file(target, .absent)
            #expect(try await target.ending(removal, step: "remove") == .changed)
            #expect(try target.text("x.conf") == nil)
            #expect(try await target.ending(removal, .restore, step: "remove") == .changed)
            #expect(try target.text("x.conf") == "before\n")
            #expect(try target.mode("x.conf") == 0o604)
        }
    }

    @Test func whatWasChangedSinceIsLeftAloneAndNamed() async throws {
        try await onTarget { target in
            try target.write("before\n", to: "x.conf")
            #expect(try await target.ending(file(target)) == .changed)
            try target.write("by hand\n", to: "x.conf")
            let report = try await target.perform(file(target), .restore)
            #expect(report.ending == .exited(3))
            #expect(report.changed == false)
            #expect(try target.text("x.conf") == "by hand\n")
            let lines = said(report)
            #expect(
                lines.map { $0.prefix { $0 != "," } } == [
                    "before the run: 7 bytes", "as the run left it: 4 bytes", "now: 8 bytes",
                    "\(target.path("x.conf")) is not as the run left it: it was changed since. "
                        + "Nothing was undone.",
                ])
            #expect(report.diff?.contains("-by hand\n+before\n") == true)
        }
    }

    @Test(arguments: ["chmod 600 \"$1\"", "rm \"$1\"", "ln -sf /etc/passwd \"$1\""])
    func anyChangeSinceCounts(tampering: String) async throws {
        try await onTarget { target in
            try target.write("before\n", to: "x.conf")
            #expect(try await target.ending(file(target)) == .changed)
            let hand = ScriptCall(
                program: .inline(tampering), arguments: [.text(target.path("x.conf"))])
            #expect(try await target.perform(.run(hand)).ending == .exited(0))
            #expect(try await target.ending(file(target), .restore) == .refused)
        }
    }

    @Test func whatIsNotRememberedIsNotClaimed() async throws {
        try await onTarget { target in
            try target.write("one\n", to: "x.conf")
            #expect(try await target.ending(file(target)) == .satisfied)
            let report = try await target.perform(file(target), .restore)
            #expect(report.ending == .exited(3))
            #expect(said(report).last?.contains("Nothing is remembered") == true)
            #expect(try target.text("x.conf") == "one\n")
        }
    }

    @Test func stepsOfOneRunAreUndoneOneByOneBackwards() async throws {
        try await onTarget { target in
            try target.write("before\n", to: "x.conf")
            let (first, second) = (file(target), file(target, .file("files/two")))
            #expect(try await target.ending(first, step: "first") == .changed)
            #expect(try await target.ending(second, step: "second") == .changed)
            #expect(try await target.ending(first, .restore, step: "first") == .refused)
            #expect(try await target.ending(second, .restore, step: "second") == .changed)
            #expect(try target.text("x.conf") == "one\n")
            #expect(try await target.ending(first, .restore, step: "first") == .changed)
            #expect(try target.text("x.conf") == "before\n")
        }
    }

    @Test func aSecondAttemptKeepsWhatTheFirstFound() async throws {
        try await onTarget { target in
            try target.write("before\n", to: "x.conf")
            #expect(try await target.ending(file(target)) == .changed)
            try target.write("half\n", to: "x.conf")
            #expect(try await target.ending(file(target)) == .changed)
            #expect(try await target.ending(file(target), .restore) == .changed)
            #expect(try target.text("x.conf") == "before\n")
        }
    }

    @Test func aWrittenUndoLooksFirstToo() async throws {
        try await onTarget { target in
            try target.write("before\n", to: "x.conf")
            let written = file(target, .file("files/two"))
            #expect(try await target.ending(file(target)) == .changed)
            try target.write("by hand\n", to: "x.conf")
            #expect(try await target.ending(written, .undo) == .refused)
            #expect(try target.text("x.conf") == "by hand\n")
            try target.write("one\n", to: "x.conf")
            #expect(try await target.ending(written, .undo) == .changed)
            #expect(try target.text("x.conf") == "two\n")
            // Tried again, since nobody saw it end: what it left itself is no stranger's change.
            #expect(try await target.ending(written, .undo) == .satisfied)
        }
    }

    @Test func aScriptIsNeverRunAsItsOwnUndo() async throws {
        try await onTarget { target in
            let script = Action.run(
                ScriptCall(
                    program: .inline("touch \"$1\""), arguments: [.text(target.path("x.conf"))]))
            let restart = Action.service(
                ServiceAction(name: .text("demo"), state: .restarted))
            for action in [script, restart] {
                guard case .notStarted = try await target.perform(action, .restore).ending else {
                    Issue.record("\(action.keyword) was undone")
                    continue
                }
            }
            #expect(try target.text("x.conf") == nil)
        }
    }
}

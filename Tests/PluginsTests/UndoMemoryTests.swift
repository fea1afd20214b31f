import Foundation
import Runbooks
import Runner
import Testing

@testable import Plugins

/// What targets remember for undoing: private, bounded, and written before anything is changed.
@Suite(.enabled(if: ConfinedTarget.isAvailable))
struct UndoMemoryTests {
    private func onTarget(
        spaceForState: Int? = nil, home: String? = nil,
        _ body: @Sendable (ConfinedTarget, Action) async throws -> Void
    ) async throws {
        let target = try ConfinedTarget(
            spaceForState: spaceForState, home: home, files: ["files/one": "one\n"])
        let action = Action.file(
            FileAction(path: .text(target.path("x.conf")), content: .file("files/one")))
        try await target.serving { try await body($0, action) }
    }

    private func memory(_ target: ConfinedTarget) -> URL {
        target.folder.appending(path: "library/handrail-undo")
    }

    private func remembered(_ target: ConfinedTarget) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: memory(target).path))
    }

    /// A run's memory, made so many days and an hour ago.
    private func plant(_ name: String, days: Int, on target: ConfinedTarget) throws {
        let folder = memory(target).appending(path: name)
        try FileManager.default.createDirectory(
            at: folder.appending(path: "step"), withIntermediateDirectories: true)
        let then = Date(timeIntervalSinceNow: -Double(days * 86_400 + 3600))
        try FileManager.default.setAttributes(
            [.modificationDate: then], ofItemAtPath: folder.path)
    }

    @Test func onlyItsOwnerMayLook() async throws {
        try await onTarget { target, action in
            try FileManager.default.createDirectory(
                at: memory(target), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o777])
            #expect(try await target.ending(action) == .changed)
            for path in ["", "/r-one", "/r-one/change"] {
                let attributes = try FileManager.default.attributesOfItem(
                    atPath: memory(target).path + path)
                #expect(attributes[.posixPermissions] as? Int == 0o700)
            }
        }
    }

    @Test func anotherAccountsMemoryIsInItsHome() async throws {
        try await onTarget(home: "etc") { target, action in
            #expect(try await target.ending(action) == .changed)
            let attributes = try FileManager.default.attributesOfItem(
                atPath: target.path(".handrail/undo/r-one/change"))
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            #expect(try target.mode(".handrail") == 0o700)
            #expect(try await target.ending(action, .restore) == .changed)
            #expect(try target.text("x.conf") == nil)
        }
        try await onTarget(home: "nowhere") { target, action in
            let report = try await target.perform(action)
            #expect(report.ending == .exited(2))
            let said = String(decoding: report.stderr.rest, as: UTF8.self)
            #expect(said.contains("has no home directory. Nothing was changed."))
            #expect(try target.text("x.conf") == nil)
        }
    }

    @Test func aDirectoryThatLeadsElsewhereIsRefused() async throws {
        try await onTarget { target, action in
            try FileManager.default.createSymbolicLink(
                atPath: memory(target).path, withDestinationPath: target.folder.path + "/etc")
            let report = try await target.perform(action)
            #expect(report.ending == .exited(2))
            #expect(String(decoding: report.stderr.rest, as: UTF8.self).contains("Nothing was"))
            #expect(try target.text("x.conf") == nil)
        }
    }

    @Test func oldRunsAreForgottenByAgeAndYoungOnesNever() async throws {
        try await onTarget { target, action in
            try plant("r-35-days", days: 35, on: target)
            try plant("r-34-days", days: 34, on: target)
            try plant("notes", days: 400, on: target)
            let link = memory(target).appending(path: "r-link").path
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: target.folder.path + "/etc")
            try target.write("kept\n", to: "kept")
            #expect(try await target.ending(action) == .changed)
            #expect(try remembered(target) == ["r-34-days", "r-one", "notes", "r-link"])
            #expect(try target.text("kept") == "kept\n")
        }
    }

    @Test func ofManyRunsTheNewestAreKept() async throws {
        try await onTarget { target, action in
            for day in 8..<30 { try plant("r-a-\(day)", days: day, on: target) }
            for number in 0..<40 { try plant("r-b-\(number)", days: number % 7, on: target) }
            #expect(try await target.ending(action) == .changed)
            let left = try remembered(target)
            // 50 with the run's own: the 40 that are too young to go, and the newest 9 others.
            #expect(left.count { $0.hasPrefix("r-b-") } == 40)
            #expect(
                left.filter { $0.hasPrefix("r-a-") } == Set((8..<17).map { "r-a-\($0)" }))
        }
    }

    @Test func manyYoungRunsAreAllKept() async throws {
        try await onTarget { target, action in
            for number in 0..<60 { try plant("r-b-\(number)", days: 6, on: target) }
            #expect(try await target.ending(action) == .changed)
            #expect(try remembered(target).count == 61)
        }
    }

    /// Pages of 4096 bytes that are taken of 32: some, so that the backup of 128 KiB doesn't fit,
    /// or all.
    @Test(arguments: [16, 100])
    func aFullDiskIsARefusalBeforeAnythingIsChanged(pages: Int) async throws {
        try await onTarget(spaceForState: 128 << 10) { target, action in
            let before = String(repeating: "0123456789abcde\n", count: 8 << 10)
            try target.write(before, to: "x.conf")
            let fill = ScriptCall(
                program: .inline(
                    "dd if=/dev/zero of=/var/lib/fill bs=4096 count=\(pages) 2>/dev/null; :"))
            #expect(try await target.perform(.run(fill)).ending == .exited(0))
            let report = try await target.perform(action)
            #expect(report.ending == .exited(2))
            let said = String(decoding: report.stderr.rest, as: UTF8.self)
            #expect(said.split(separator: "\n").last?.contains("Nothing was changed.") == true)
            #expect(try target.text("x.conf") == before)
            let free = ScriptCall(program: .inline("rm /var/lib/fill"))
            #expect(try await target.perform(.run(free)).ending == .exited(0))
            try target.write("small\n", to: "x.conf")
            #expect(try await target.ending(action) == .changed)
            #expect(try await target.ending(action, .restore) == .changed)
            #expect(try target.text("x.conf") == "small\n")
        }
    }
}

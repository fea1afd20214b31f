import Foundation
import Runbooks
import Testing

/// The library that comes with Handrail is what people copy from, so it has no finding at all.
struct ExampleLibraryTests {
    @Test func hasNoDiagnostics() throws {
        let library = Library.read(try Self.tree())
        #expect(library.diagnostics == [])
        #expect(library.value != nil)
    }

    @Test func holdsItsRunbooks() throws {
        let library = try #require(Library.read(try Self.tree()).value)
        #expect(
            library.runbooks.map(\.id.rawValue) == [
                "alert.silence", "baseline.messaging", "config.mail-limits", "disk.full",
                "disk.inodes",
                "kernel.noisy-module", "mailbox.slow-server", "postfix.stuck-queue",
                "process.runaway", "service.hangs", "service.outdated", "tls.expiring",
            ])
    }

    @Test func namesTheSixTargetsOfTheLab() throws {
        let library = try #require(Library.read(try Self.tree()).value)
        #expect(
            library.inventory.targets.map { "\($0.name) \($0.address):\($0.port)" } == [
                "edge01 127.1.0.5:2200", "edge02 127.1.0.6:2200", "hub01 127.1.0.3:2200",
                "hub02 127.1.0.4:2200", "mbx01 127.1.0.1:2200", "mbx02 127.1.0.2:2200",
            ])
    }

    /// What a second run needs to change nothing: each changing step on a target looks first.
    @Test func guardsEveryStepThatRunsAScriptOrRestarts() throws {
        let library = try #require(Library.read(try Self.tree()).value)
        let unguarded = library.runbooks.flatMap { runbook in
            runbook.steps.filter { step in
                guard step.effect != .read, step.unless == nil else { return false }
                switch step.action {
                case .file, .http: return false
                default: return true
                }
            }.map { "\(runbook.id): \($0.id)" }
        }
        #expect(unguarded == [])
    }

    @Test func provesEveryFix() throws {
        let library = try #require(Library.read(try Self.tree()).value)
        for runbook in library.runbooks where runbook.kind != .baseline {
            // What was asked of a service is looked at there, not on the target.
            let asksAtTheEnd = runbook.steps.last.map { step in
                guard case .http(let request) = step.action else { return false }
                return step.effect == .read && request.contains != nil
            }
            #expect(
                !runbook.verify.isEmpty || asksAtTheEnd == true, "\(runbook.id) verifies nothing")
            #expect(
                runbook.symptoms.allSatisfy { $0.present != nil && $0.goneFor > .zero },
                "\(runbook.id) can't say that its symptom is gone")
        }
    }

    /// The folder `runbooks` of this checkout, as the reader of a working tree would give it.
    private static func tree() throws -> LibraryTree {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../runbooks").standardizedFileURL
        let keys: Set<URLResourceKey> = [.isRegularFileKey, .isDirectoryKey, .isSymbolicLinkKey]
        let found = try #require(
            FileManager.default.enumerator(at: root, includingPropertiesForKeys: Array(keys)))
        var entries: [String: LibraryTree.Entry] = [:]
        for case let url as URL in found {
            let values = try url.resourceValues(forKeys: keys)
            let path = String(url.standardizedFileURL.path.dropFirst(root.path.count + 1))
            if values.isSymbolicLink == true {
                entries[path] = LibraryTree.Entry(kind: .symlink, bytes: [])
            } else if values.isRegularFile == true {
                entries[path] = LibraryTree.Entry(
                    kind: .file, bytes: [UInt8](try Data(contentsOf: url)))
            }
        }
        return LibraryTree(source: "working tree of runbooks", entries: entries)
    }
}

import Foundation
import Glibc
import Runbooks
import Runner
import TestSupport
import Testing

@testable import Audit

struct TrustFolderTests {
    private let anna = "handrail: 1\nname: Anna\naccounts: [anna]\nroles: [operator]\n"

    /// Runs a body with a home whose folder holds these files.
    private func with(
        _ files: [String: String], _ body: (String, TrustFolder) throws -> Void
    ) throws {
        let home = FileManager.default.temporaryDirectory
            .appending(path: "handrail-trust-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: home + "/trust/people", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
        defer { try? FileManager.default.removeItem(atPath: home) }
        for (path, text) in files {
            let place = home + "/trust/" + path
            try Data(text.utf8).write(to: URL(fileURLWithPath: place))
            chmod(place, 0o644)
        }
        try body(home + "/trust", TrustFolder(of: Home(path: home)))
    }

    private func codes(_ folder: TrustFolder) throws -> [String] {
        guard case .read(let checked, _) = try folder.read() else { return ["none"] }
        #expect((checked.value == nil) == checked.hasErrors)
        return checked.diagnostics.map { "\($0.code) \($0.position?.file ?? "")" }
    }

    @Test func noFolderIsASoloHome() throws {
        let folder = TrustFolder(of: Home(path: "/nowhere-\(UUID().uuidString)"))
        guard case .none = try folder.read() else {
            Issue.record("something was read")
            return
        }
    }

    @Test func readsWhatIsThere() throws {
        try with(["people/anna.yaml": anna, ".swp": "x", "people/anna.yaml~": "x"]) { _, folder in
            guard case .read(let checked, let content) = try folder.read() else {
                Issue.record("nothing was read")
                return
            }
            #expect(checked.diagnostics == [])
            #expect(checked.value?.people.map(\.id.rawValue) == ["anna"])
            #expect(checked.value?.digest == .sha256(of: content))
            #expect(String(decoding: content, as: UTF8.self).contains("people/anna.yaml"))
        }
    }

    @Test func anEmptyFolderHasNobody() throws {
        try with([:]) { _, folder in
            let found = try codes(folder)
            #expect(found == ["nobody people/"])
        }
    }

    @Test func whatOthersCouldWriteMakesItUnusable() throws {
        for path in ["", "/people", "/people/anna.yaml"] {
            try with(["people/anna.yaml": anna]) { place, folder in
                chmod(place + path, path.hasSuffix("yaml") ? 0o664 : 0o775)
                let name = path.isEmpty ? "." : String(path.dropFirst())
                let found = try codes(folder)
                #expect(found.count == 1 && found[0].hasPrefix("unsafe-file \(name)"), "\(found)")
            }
        }
    }

    @Test func whatBelongsToAnotherAccountMakesItUnusable() throws {
        try with(["people/anna.yaml": anna]) { place, _ in
            let folder = TrustFolder(path: place, owners: [geteuid() + 1])
            let found = try codes(folder)
            #expect(
                found == [
                    "unsafe-file .", "unsafe-file people/", "unsafe-file people/anna.yaml",
                ])
        }
    }

    @Test func linksOtherNamesAndPipesMakeItUnusable() throws {
        try with(["people/anna.yaml": anna, "people/berta.yaml": anna]) { place, folder in
            symlink("/etc/passwd", place + "/people/carl.yaml")
            link(place + "/people/berta.yaml", place + "/../other")
            mkfifo(place + "/hosts", 0o600)
            let found = Set(try codes(folder))
            #expect(
                found == [
                    "unsafe-file people/carl.yaml", "unsafe-file people/berta.yaml",
                    "unsafe-file hosts",
                ])
        }
    }

    @Test func aLinkInThePlaceOfTheFolderIsNotFollowed() throws {
        try with(["people/anna.yaml": anna]) { place, _ in
            symlink(place, place + "-link")
            #expect(throws: TrustError.self) {
                try TrustFolder(path: place + "-link", owners: [geteuid()]).read()
            }
        }
    }

    @Test func aLargeFileIsRefused() throws {
        let long = anna + "#" + String(repeating: "x", count: TrustFolder.longestFile)
        try with(["people/anna.yaml": anna, "people/berta.yaml": long]) { _, folder in
            let found = try codes(folder)
            #expect(found == ["unsafe-file people/berta.yaml"])
        }
    }

    @Test func aChangeIsLookedAtBeforeItIsWritten() throws {
        try with(["people/anna.yaml": anna]) { place, folder in
            let changing = TrustChanging(folder)
            let wrong = try changing.preview(["people/berta.yaml": Array("name: B\n".utf8)])
            #expect(wrong.value == nil)
            #expect(!FileManager.default.fileExists(atPath: place + "/people/berta.yaml"))
            let files = ["people/berta.yaml": Array(anna.replacing("Anna", with: "Berta").utf8)]
            let right = try changing.preview(files)
            #expect(right.value != nil)
            try changing.write(files)
            guard case .read(let checked, _) = try folder.read() else { return }
            #expect(checked.value?.people.map(\.name) == ["Anna", "Berta"])
            let names = try FileManager.default.contentsOfDirectory(atPath: place)
            #expect(names.sorted() == ["people"])
        }
    }
}

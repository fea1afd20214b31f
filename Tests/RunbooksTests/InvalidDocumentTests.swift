import Foundation
import Runbooks
import Testing

/// Documents with mistakes, as data: each file of `Fixtures/invalid` ends with comments that list
/// every diagnostic expected of it: `# expect LINE:COLUMN [warning ]CODE`.
struct InvalidDocumentTests {
    /// The files, by name.
    static let names: [String] = {
        let folder = TestTree.fixtures.appending(path: "invalid").path(percentEncoded: false)
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { $0.hasSuffix(".yaml") }.sorted()
        } catch {
            return ["no fixtures: \(error)"]
        }
    }()

    static func text(_ name: String) throws -> String {
        try String(
            contentsOf: TestTree.fixtures.appending(path: "invalid/\(name)"), encoding: .utf8)
    }

    @Test(arguments: names) func findsExactlyWhatItsFixtureLists(_ name: String) throws {
        let text = try Self.text(name)
        let expected = text.split(separator: "\n").filter { $0.hasPrefix("# expect ") }
            .map { String($0.dropFirst("# expect ".count)) }
        let checked = Runbook.read(path: "r/runbook.yaml", in: TestTree.runbook(text))
        #expect(checked.diagnostics.map(\.brief) == expected)
        #expect((checked.value == nil) == checked.hasErrors)
    }

    @Test(arguments: names) func saysWhereWhatAndWhyOfEach(_ name: String) throws {
        let text = try Self.text(name)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for found in Runbook.read(path: "r/runbook.yaml", in: TestTree.runbook(text)).diagnostics {
            let position = try #require(found.position)
            #expect(lines.indices.contains(position.line - 1))
            #expect(position.column <= lines[position.line - 1].unicodeScalars.count + 1)
            #expect(found.message.hasSuffix("."), "\(found)")
            #expect(found.excerpt?.isEmpty == false, "\(found)")
            #expect(found.hint?.isEmpty == false, "\(found)")
        }
    }

    @Test func theSpecHasARowForEachCode() throws {
        let spec = try String(
            contentsOf: TestTree.repository.appending(path: "docs/format.md"), encoding: .utf8)
        for name in Self.names {
            for line in try Self.text(name).split(separator: "\n")
            where line.hasPrefix("# expect ") {
                let code = try #require(line.split(separator: " ").last)
                #expect(spec.contains("| `\(code)` |"), "\(code)")
            }
        }
    }
}

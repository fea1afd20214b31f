import Foundation
import Runbooks
import Testing

struct HostileDocumentTests {
    private static let head = "handrail: 1\nid: a.b\ntitle: T\nkind: resolution\nowner: o\n"
    private static let steps = "steps:\n  - { id: a, effect: read, run: 'true' }\n"

    private static func codes(_ bytes: [UInt8]) -> [String] {
        let entry = LibraryTree.Entry(kind: .file, bytes: bytes)
        let article = LibraryTree.Entry(kind: .file, bytes: [])
        let tree = LibraryTree(
            source: "test", entries: ["r/runbook.yaml": entry, "r/README.md": article])
        return Runbook.read(path: "r/runbook.yaml", in: tree).diagnostics.map(\.brief)
    }

    @Test func readsTheDocumentThatTheCasesBreak() {
        #expect(Self.codes(Array((Self.head + Self.steps).utf8)) == [])
        #expect(
            Self.codes(Array((Self.head + Self.steps).replacing("\n", with: "\r\n").utf8)) == [])
        #expect(Self.codes([0xEF, 0xBB, 0xBF] + Array((Self.head + Self.steps).utf8)) == [])
    }

    @Test(arguments: [
        ("", ["1:1 several-documents"]),
        ("# nothing\n", ["2:1 several-documents"]),
        ("--- 1\n--- 2\n", ["2:1 several-documents"]),
        ("just text", ["1:1 wrong-type"]),
        ("[1, 2]", ["1:1 wrong-type"]),
        ("a: &x [*x, *x]", ["1:4 yaml-alias"]),
        ("x: !!binary aGk=\n", ["1:4 yaml-tag"]),
        ("? [a]\n: b\n", ["1:3 wrong-type"]),
        ("%YAML 9.9\n---\na: b\n", ["1:1 yaml-directive"]),
        ("a: \"\\ud800\"\n", ["1:5 text-trap"]),
        ("\"unclosed", ["1:1 yaml-syntax"]),
    ]) func refusesWhatYamlCouldMeanOtherwise(_ text: String, _ expected: [String]) {
        let found = Self.codes(Array(text.utf8))
        #expect(expected.allSatisfy(found.contains), "\(found)")
    }

    @Test func refusesWhatIsTooDeepWithoutCrashing() {
        for sign in ["[", "{a: ", "- "] {
            let bomb = Self.head + "help: " + String(repeating: sign, count: 100_000)
            let found = Self.codes(Array(bomb.utf8))
            #expect(found.contains { $0.hasSuffix("too-deep") } || sign == "- ", "\(found)")
            if sign == "- " { #expect(found.contains("6:7 text-trap")) }
            if sign == "[" { #expect(found == ["6:8 too-deep"]) }
        }
        let nested = "a:\n" + (1...40).map { String(repeating: " ", count: $0) + "- a:\n" }.joined()
        let found = Self.codes(Array((Self.head + nested).utf8))
        #expect(found.contains { $0.hasSuffix("too-deep") || $0.hasSuffix("yaml-syntax") })
    }

    @Test func refusesWhatIsTooLarge() {
        let long = [UInt8](repeating: UInt8(ascii: "#"), count: 1 << 20 + 1)
        #expect(Self.codes(long) == ["1:1 too-large"])
        let many = Self.head + "help: [" + String(repeating: "a,", count: 60_000) + "]\n"
        #expect(Self.codes(Array(many.utf8)).contains { $0.hasSuffix("too-large") })
    }

    @Test func namesCharactersThatHide() {
        let text = Self.head + "help: a\u{202E}b\u{1B}[31m\n" + Self.steps
        #expect(
            Self.codes(Array(text.utf8)) == ["6:8 control-character", "6:10 control-character"])
        let escaped = Self.head + "help: \"a\\e[31mb\"\n" + Self.steps
        #expect(Self.codes(Array(escaped.utf8)) == ["6:7 control-character"])
        #expect(Self.codes(Array(Self.head.utf8) + [0x78, 0xFF, 0x0A]) == ["6:2 not-utf8"])
        #expect(Self.codes(Array("title: a\rowner: b\n".utf8)).contains("1:9 control-character"))
    }

    @Test func anAliasBombIsRefusedLineByLine() {
        var text = Self.head + "a: &a [x]\n"
        for letter in ["b", "c", "d", "e", "f", "g", "h"] {
            text += "\(letter): &\(letter) [\(String(repeating: "*a, ", count: 9))*a]\n"
        }
        let found = Self.codes(Array(text.utf8))
        #expect(found.filter { $0.hasSuffix("yaml-alias") }.count == 8 + 7 * 10)
    }

    @Test func showsNoMoreProblemsThanItsLimit() {
        let keys = (1...5000).map { "k\($0): 1\n" }.joined()
        let found = Self.codes(Array((keys + Self.steps).utf8))
        #expect(found.count == 201)
        #expect(found.contains("1:1 too-many-problems"))
    }
}

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
        ("%YAML 9.9\n---\na: b\n", ["1:1 yaml-syntax"]),
        ("a: \"\\ud800\"\n", ["1:7 yaml-syntax"]),
        ("\"unclosed", ["1:1 yaml-syntax"]),
    ]) func refusesWhatYamlCouldMeanOtherwise(_ text: String, _ expected: [String]) {
        let found = Self.codes(Array(text.utf8))
        #expect(expected.allSatisfy(found.contains), "\(found)")
    }

    @Test func refusesWhatIsTooDeepWithoutCrashing() {
        for sign in ["[", "{a: ", "- "] {
            let bomb = Self.head + "help: " + String(repeating: sign, count: 100_000)
            let found = Self.codes(Array(bomb.utf8))
            #expect(found.contains { $0.hasSuffix("too-deep") || $0.hasSuffix("yaml-syntax") })
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

    /// Valid and invalid documents, changed by a seeded generator.
    @Test(arguments: 0..<8) func neverCrashesAndAlwaysSaysWhere(_ part: UInt64) throws {
        var seeds = try InvalidDocumentTests.names.map {
            Array(try InvalidDocumentTests.text($0).utf8)
        }
        let own = try TestTree.read(TestTree.repository.appending(path: "runbooks"))
        seeds += own.entries.filter { $0.key.hasSuffix("runbook.yaml") }
            .sorted { $0.key < $1.key }.map(\.value.bytes)
        var generator = SeededGenerator(state: 0x9E37_79B9 &+ part)
        let signs = Array(": #{}[]\"'|>-*&!%@`\n\t\\,?\u{0}\u{FF}$~".utf8)
        for _ in 0..<250 {
            var bytes = seeds[Int(generator.next() % UInt64(seeds.count))]
            for _ in 0...(generator.next() % 6) {
                let place = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 4 {
                case 0: bytes[place] = signs[Int(generator.next() % UInt64(signs.count))]
                case 1: bytes.insert(signs[Int(generator.next() % UInt64(signs.count))], at: place)
                case 2:
                    let end = min(bytes.count, place + Int(generator.next() % 40))
                    bytes.removeSubrange(place..<max(end, place))
                default:
                    let end = min(bytes.count, place + Int(generator.next() % 60))
                    bytes.insert(contentsOf: bytes[place..<end], at: place)
                }
                if bytes.isEmpty { bytes = [UInt8(ascii: "a")] }
            }
            try expectPlaces(of: bytes)
        }
    }

    private func expectPlaces(of bytes: [UInt8]) throws {
        let entry = LibraryTree.Entry(kind: .file, bytes: bytes)
        let tree = LibraryTree(source: "test", entries: ["r/runbook.yaml": entry])
        let checked = Runbook.read(path: "r/runbook.yaml", in: tree)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for found in checked.diagnostics {
            let position = try #require(found.position)
            try #require(lines.indices.contains(position.line - 1), "\(found)")
            #expect((1...lines[position.line - 1].count + 1).contains(position.column), "\(found)")
        }
        #expect((checked.value == nil) == checked.hasErrors)
    }
}

/// A small generator (SplitMix64, public domain) whose sequence is fixed by its seed.
struct SeededGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

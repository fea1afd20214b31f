import Foundation
import TestSupport
import Testing

@testable import Runbooks

/// Documents changed by a seeded generator: whatever an editor, a merge or a bad disk may leave.
///
/// 2,000 of them; 20,000 with `HANDRAIL_FULL=1`.
struct MutatedDocumentTests {
    private static let isFull = ProcessInfo.processInfo.environment["HANDRAIL_FULL"] == "1"
    private static let parts: UInt64 = 8
    private static let mutantsOfAPart = isFull ? 2500 : 250

    /// The project's runbooks, their configuration and inventory, and the documents with mistakes.
    private static func seeds() throws -> [[UInt8]] {
        let own = try TestTree.read(TestTree.repository.appending(path: "runbooks"))
        return try InvalidDocumentTests.names.map { Array(try InvalidDocumentTests.text($0).utf8) }
            + own.entries.filter { $0.key.hasSuffix(".yaml") }
            .sorted { $0.key < $1.key }.map(\.value.bytes)
    }

    @Test(.timeLimit(.minutes(5)), arguments: 0..<parts)
    func areReadOrRefusedWithAPlace(_ part: UInt64) throws {
        var random = SeededNumbers(seed: 0x9E37_79B9 &+ part)
        let seeds = try Self.seeds()
        for number in 0..<Self.mutantsOfAPart {
            var bytes = seeds.randomElement(using: &random) ?? []
            for _ in 0...Int.random(in: 0...5, using: &random) {
                Mutation.apply(to: &bytes, &random)
            }
            let context = "part \(part), mutant \(number)"
            try Self.expectPlaces(of: bytes, Self.runbook(bytes), context)
            if number.isMultiple(of: 4) { try Self.expectSameAgain(bytes, context) }
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: 0..<parts)
    func ofALibraryAreRefusedWithAPlace(_ part: UInt64) throws {
        var random = SeededNumbers(seed: 0xB529_7A4D &+ part)
        let own = try TestTree.read(TestTree.repository.appending(path: "runbooks"))
        let paths = own.entries.keys.filter { $0.hasSuffix(".yaml") }.sorted()
        for number in 0..<Self.mutantsOfAPart / 10 {
            let path = try #require(paths.randomElement(using: &random))
            var bytes = try #require(own.entries[path]).bytes
            for _ in 0...Int.random(in: 0...5, using: &random) {
                Mutation.apply(to: &bytes, &random)
            }
            var entries = own.entries
            entries[path] = LibraryTree.Entry(kind: .file, bytes: bytes)
            let read = Library.read(LibraryTree(source: "test", entries: entries))
            let found = read.diagnostics.filter { $0.position?.file == path }
            try Self.expectPlaces(
                of: bytes, Checked(value: read.value, diagnostics: found),
                "part \(part), mutant \(number), \(path)")
            if read.value == nil { #expect(read.hasErrors) }
        }
    }

    /// Slips in a row: what one pass reports stays in the document, and the pass ends.
    @Test func manySlipsInOneDocumentAreReadToTheEnd() {
        func read(_ count: Int) -> [Diagnostic] {
            let slips = (1...count).map { "  - id: a\($0)\n   manual: - x\n" }.joined()
            return Self.runbook(Array("handrail: 1\nsteps:\n\(slips)bogus: 1\n".utf8)).diagnostics
        }
        #expect(read(8).map(\.brief).contains("19:1 unknown-key"))
        #expect(read(90).map(\.brief).contains("183:1 unknown-key"))
        let many = read(150).map(\.code)
        #expect(many.filter { $0 == "yaml-syntax" || $0 == "text-trap" }.count == 200)
        #expect(many.contains("too-many-problems"))
    }

    @Test func aLongDocumentIsReadAgainLessOften() {
        #expect([0, 5000, 100_000].map(YamlLoader.repairs) == [200, 200, 200])
        #expect([300_000, 1 << 20, 2 << 20].map(YamlLoader.repairs) == [69, 20, 20])
    }

    private static func runbook(_ bytes: [UInt8]) -> Checked<Runbook> {
        let entry = LibraryTree.Entry(kind: .file, bytes: bytes)
        let tree = LibraryTree(source: "test", entries: ["r/runbook.yaml": entry])
        return Runbook.read(path: "r/runbook.yaml", in: tree)
    }

    private static func expectPlaces<Value>(
        of bytes: [UInt8], _ checked: Checked<Value>, _ context: String
    ) throws {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for found in checked.diagnostics {
            let position = try #require(found.position, "\(context): \(found)")
            try #require(lines.indices.contains(position.line - 1), "\(context): \(found)")
            let columns = 1...lines[position.line - 1].count + 1
            #expect(columns.contains(position.column), "\(context): \(found)")
            #expect(!found.message.isEmpty)
        }
        if Value.self == Runbook.self {
            #expect((checked.value == nil) == checked.hasErrors, "\(context)")
        }
    }

    /// Nothing depends on chance: a second reading finds the same, and gives the same runbook.
    private static func expectSameAgain(_ bytes: [UInt8], _ context: String) throws {
        let (first, second) = (runbook(bytes), runbook(bytes))
        #expect(first.diagnostics == second.diagnostics, "\(context)")
        #expect(first.value == second.value, "\(context)")
    }
}

/// The ways in which a document is changed.
enum Mutation: CaseIterable {
    case replaceByte, insertByte, flipBit, removeBytes, repeatBytes
    case removeLine, repeatLine, swapLines, indentLine, cutOff

    private static let signs = Array(": #{}[]\"'|>-*&!%@`\n\t\\,?\u{0}\u{FF}$~".utf8)

    /// Changes the bytes once; they are never empty afterwards.
    static func apply(to bytes: inout [UInt8], _ random: inout SeededNumbers) {
        guard !bytes.isEmpty, let mutation = allCases.randomElement(using: &random),
            let sign = signs.randomElement(using: &random)
        else { return }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 0...40, using: &random))
        switch mutation {
        case .replaceByte: bytes[place] = sign
        case .insertByte: bytes.insert(sign, at: place)
        case .flipBit: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case .removeBytes: bytes.removeSubrange(place..<end)
        case .repeatBytes: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case .cutOff: bytes.removeSubrange(place...)
        case .removeLine, .repeatLine, .swapLines, .indentLine:
            changeLine(mutation, in: &bytes, &random)
        }
        if bytes.isEmpty { bytes = [UInt8(ascii: "a")] }
    }

    private static func changeLine(
        _ mutation: Mutation, in bytes: inout [UInt8], _ random: inout SeededNumbers
    ) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let line = Int.random(in: lines.indices, using: &random)
        let other = Int.random(in: lines.indices, using: &random)
        switch mutation {
        case .removeLine: lines.remove(at: line)
        case .repeatLine: lines.insert(lines[line], at: other)
        case .swapLines: lines.swapAt(line, other)
        default:
            if Bool.random(using: &random) {
                lines[line] = [UInt8(ascii: " ")] + lines[line]
            } else {
                lines[line] = lines[line].drop { $0 == UInt8(ascii: " ") }
            }
        }
        bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }
}

import Foundation
import Runbooks
import TestSupport
import Testing

/// The schema and the reader agree: on documents, on keys, and on names.
struct DocumentSchemaTests {
    /// Codes of mistakes that a document's tables tell, whatever else it says.
    private static let ofTheTables: Set<String> = [
        "unknown-key", "wrong-type", "missing-key", "not-built",
    ]

    private static func check(_ kind: DocumentSchema.Kind) -> SchemaCheck {
        SchemaCheck(root: DocumentSchema(of: kind).tree)
    }

    private static func valid(_ name: String) throws -> String {
        try String(
            contentsOf: TestTree.fixtures.appending(path: "valid/\(name).yaml"), encoding: .utf8)
    }

    /// The documents that have every key of a kind between them.
    private static func whole(_ kind: DocumentSchema.Kind) throws -> [JSONValue] {
        let names = kind == .runbook ? ["everything", "baseline"] : [kind.rawValue]
        return try names.map { try JSONValue(yaml: valid($0)) }
    }

    private static func read(
        _ text: String,
        with files: [String: String] = [
            "r/files/limits": "{{ limit }}\n", "r/files/copy": "x\n", "lib/common.sh": "",
        ]
    ) -> Checked<Runbook> {
        Runbook.read(path: "r/runbook.yaml", in: TestTree.runbook(text, more: files))
    }

    @Test(arguments: DocumentSchema.Kind.allCases)
    func acceptsWhatTheReaderAccepts(_ kind: DocumentSchema.Kind) throws {
        for document in try Self.whole(kind) {
            #expect(Self.check(kind).problems(document) == [])
        }
    }

    @Test func theReaderAcceptsTheDocumentsWithEveryKey() throws {
        #expect(Self.read(try Self.valid("everything")).diagnostics.map { "\($0)" } == [])
        let baseline = Self.read(
            try Self.valid("baseline"),
            with: ["r/exceptions.yaml": "handrail: 1\nexceptions: []\n"])
        #expect(baseline.diagnostics.map { "\($0)" } == [])
        let library = Library.read(
            TestTree.texts([
                "handrail.yaml": try Self.valid("configuration"),
                "calendars/weekend.ics": "", "calendars/quarter-end.ics": "",
                "inventory/all.yaml": try Self.valid("inventory")
                    .replacing("bare:", with: "bare: { environment: lab }")
                    .replacing("mbx01b: {", with: "mbx01b: { environment: lab,"),
            ]))
        #expect(library.diagnostics.map(\.brief) == [])
    }

    @Test func acceptsEveryRunbookOfTheLibrary() throws {
        let own = try TestTree.read(TestTree.repository.appending(path: "runbooks"))
        var kinds: Set<DocumentSchema.Kind> = []
        for (path, entry) in own.entries where path.hasSuffix(".yaml") {
            let kind: DocumentSchema.Kind =
                path.hasSuffix("/runbook.yaml")
                ? .runbook
                : path.hasSuffix("/exceptions.yaml")
                    ? .exceptions : path == "handrail.yaml" ? .configuration : .inventory
            let value = try JSONValue(yaml: String(decoding: entry.bytes, as: UTF8.self))
            #expect(Self.check(kind).problems(value) == [], "\(path)")
            kinds.insert(kind)
        }
        #expect(kinds.count == 4)
    }

    @Test(arguments: InvalidDocumentTests.names)
    func refusesWhatTheTablesRefuse(_ name: String) throws {
        let text = try InvalidDocumentTests.text(name)
        let codes = Self.read(text).diagnostics.map(\.code)
        guard codes.contains(where: Self.ofTheTables.contains), !codes.contains("yaml-syntax")
        else { return }
        let value: JSONValue
        do { value = try JSONValue(yaml: text) } catch { return }
        #expect(!Self.check(.runbook).problems(value).isEmpty)
    }

    /// One document for each key of each part: with a wrong key, and with a value of a wrong type.
    @Test(arguments: DocumentSchema.Kind.allCases)
    func refusesAWrongKeyAndAWrongTypeAnywhere(_ kind: DocumentSchema.Kind) throws {
        let check = Self.check(kind)
        let wrong = try Self.whole(kind).flatMap { $0.variants(in: check) }
        #expect(wrong.count > (kind == .runbook ? 150 : kind == .exceptions ? 5 : 10))
        for (what, document) in wrong {
            #expect(!check.problems(document).isEmpty, "\(what)")
        }
    }

    /// What the schema has and the fixture lacks would be a key that no reader was asked about.
    @Test(arguments: DocumentSchema.Kind.allCases)
    func hasNoKeyThatTheReaderWasNotGiven(_ kind: DocumentSchema.Kind) throws {
        let check = Self.check(kind)
        var used: [String: Set<String>] = [:]
        for document in try Self.whole(kind) {
            document.visit(check) { part, keys in used[part, default: []].formUnion(keys) }
        }
        #expect(used == check.keys)
    }

    /// An unknown key's hint lists the reader's keys: they are those of the schema.
    @Test func hasEveryKeyThatTheReaderNames() throws {
        let text = "handrail: 1\nzzzzzzzzzzzz: 1\nsteps: [{ zzzzzzzzzzzz: 1 }]\n"
        let hints = Self.read(text).diagnostics.filter { $0.code == "unknown-key" }
            .compactMap(\.hint)
        let keys = Self.check(.runbook).keys
        #expect(hints.count == 2)
        for (part, hint) in zip(["$", "step"], hints) {
            let named = hint.replacing("Its keys are: ", with: "").dropLast()
                .split(separator: ", ").map(String.init)
            #expect(Set(named) == keys[part])
        }
    }

    @Test func theSpecHasARowForEachKey() throws {
        let spec = try String(
            contentsOf: TestTree.repository.appending(path: "docs/format.md"), encoding: .utf8)
        let quoted = spec.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        let words = Set(quoted.flatMap { $0.split { !($0.isLetter || $0 == "_") } })
        for kind in DocumentSchema.Kind.allCases {
            for (part, keys) in Self.check(kind).keys {
                for key in keys {
                    #expect(
                        words.contains(Substring(key)), "\(part).\(key) is not in docs/format.md")
                }
            }
        }
    }

    @Test func namesFitTheirPatternsExactly() throws {
        let alphabet = Array("ab09-_.AZ:/[]% $ä")
        let check = Self.check(.inventory)
        let runbooks = Self.check(.runbook)
        let reserved = ["path", "paths", "ld_x", "target", "target_x", "targets", "in", "ink"]
        var random = SeededNumbers(seed: 7)
        let names =
            reserved
            + (0..<4000).map { _ in
                let length = Int.random(in: 0...8, using: &random)
                return String(
                    (0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
            } + [64, 63, 33, 32, 129, 128, 254, 253].map { String(repeating: "a", count: $0) }
        for name in names {
            let value = JSONValue.text(name)
            func fits(_ check: SchemaCheck, _ definition: String) -> Bool {
                SchemaCheck(root: check.definition(definition)).problems(value).isEmpty
            }
            #expect(fits(runbooks, "runbook_id") == (RunbookID(rawValue: name) != nil), "\(name)")
            #expect(fits(runbooks, "step_id") == (StepID(rawValue: name) != nil), "\(name)")
            #expect(fits(check, "target_name") == (TargetName(rawValue: name) != nil), "\(name)")
            #expect(
                fits(runbooks, "parameter_name") == (ParameterName(rawValue: name) != nil),
                "\(name)")
        }
    }
}

extension SchemaCheck {
    /// The keys of each part, the document itself under `$`.
    var keys: [String: Set<String>] {
        guard case .object(let members) = root, case .object(let all)? = members["definitions"]
        else { return [:] }
        var keys: [String: Set<String>] = ["$": Self.keys(root)]
        for (name, schema) in all where !Self.keys(schema).isEmpty {
            keys[name] = Self.keys(schema)
        }
        return keys
    }

    private static func keys(_ schema: SchemaTree) -> Set<String> {
        guard case .object(let members) = schema, case .object(let known)? = members["properties"]
        else { return [] }
        return Set(known.keys)
    }
}

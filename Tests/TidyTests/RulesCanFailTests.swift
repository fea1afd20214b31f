import Testing

/// Every rule, on a snippet that breaks it and on one that comes close and doesn't.
struct RulesCanFailTests {
    @Test(arguments: [
        ("Sources/Runner/A.swift", "import Foundation", 1),
        ("Sources/Runner/A.swift", "import struct Foundation.Date", 1),
        ("Sources/Runner/A.swift", "internal import Runbooks\nimport struct Crypto.SHA256", 0),
        ("Sources/Runbooks/A.swift", "import Runner", 1),
        ("Sources/Audit/A.swift", "import Plugins", 1),
        ("Sources/Plugins/A.swift", "import Audit", 1),
        ("Sources/Plugins/A.swift", "import FoundationNetworking", 1),
        ("Sources/Elsewhere/A.swift", "", 1),
    ])
    func imports(_ path: String, _ source: String, _ count: Int) {
        #expect(ImportRule.findings(in: SourceFile(path: path, text: source)).count == count)
    }

    @Test(arguments: [
        "let a = Date()", "let a = Date.now", "f(.now)", "let a = clock.now", "return .now",
        "let a = UUID()", "Int.random(in: 0..<3)", "names.shuffled()", "list.randomElement()",
        "SystemRandomNumberGenerator()", "try await Task.sleep(for: .seconds(1))",
        "FileManager.default", "ProcessInfo.processInfo", "getenv(name)", "print(1)",
        "let a = open(path, 0)", "fopen(path, mode)", "let a = \"\\(UUID())\"",
    ])
    func worldsOfPureModules(_ source: String) {
        let pure = SourceFile(path: "Sources/Runbooks/A.swift", text: source)
        #expect(PurityRule.findings(in: pure).count == 1)
        let elsewhere = SourceFile(path: "Sources/Audit/A.swift", text: source)
        #expect(PurityRule.findings(in: elsewhere).isEmpty)
    }

    @Test(arguments: [
        "func decide(at now: Timestamp)", "turn.now", "journal.open(run)", "func open(_ run: Run)",
        "case open(rule: String)", "// Date()", "let a = \"print(1)\"", "self.now = now",
        "let update = validate()", "case .open(let names): names",
    ])
    func whatPureModulesMayDo(_ source: String) {
        let file = SourceFile(path: "Sources/Runner/A.swift", text: source)
        #expect(PurityRule.findings(in: file).report == "")
    }

    @Test(arguments: [
        ("Sources/Runner/A.swift", "try! f()", 1),
        ("Sources/Runner/A.swift", "fatalError()", 1),
        ("Sources/Runner/A.swift", "Task.detached { }", 1),
        ("Sources/Runner/A.swift", "@_exported import Runbooks", 1),
        ("Sources/Runner/A.swift", "// SAFETY: no\nstruct A: @unchecked Sendable {}", 1),
        ("Sources/Audit/Git/A.swift", "struct A: @unchecked Sendable {}", 1),
        ("Sources/Audit/Git/A.swift", "// SAFETY: one\nstruct A: @unchecked Sendable {}", 0),
        ("Sources/Plugins/Session/A.swift", "nonisolated(unsafe) let a = 1", 1),
        ("Sources/Runner/A.swift", "try f() // try! fatalError(", 0),
    ])
    func bannedCalls(_ path: String, _ source: String, _ count: Int) {
        #expect(BannedRule.findings(in: SourceFile(path: path, text: source)).count == count)
    }

    @Test(arguments: [(67, 0), (68, 0), (69, 1), (498, 1), (499, 2)])
    func sizes(_ lines: Int, _ count: Int) {
        let body = String(repeating: "    f(\"}\") // }\n", count: lines)
        let file = SourceFile(path: "Sources/Runner/A.swift", text: "func a() {\n\(body)}")
        #expect(SizeRule.findings(in: file).count == count)
    }

    @Test func functionsWithoutABodyHaveNoSize() {
        let lines = String(repeating: "\n", count: 100)
        let text = "protocol A {\n func a(b: () -> Int)\n}\nstruct B {\(lines)}"
        let file = SourceFile(path: "Sources/Runner/A.swift", text: text)
        #expect(SizeRule.findings(in: file).isEmpty)
    }

    @Test(arguments: [
        ("package let a = 1", 1), ("/// One.\npackage let a = 1", 0),
        ("/// One.\n@Wrapped(by: 1) package internal(set) var a = 1", 0),
        ("@Wrapped package static func a()", 1), ("struct A {}", 1), ("private enum A {}", 0),
        ("final class A {}", 1),
        ("/// One.\n// two\nenum A {}", 0), ("private enum CodingKeys {}", 0),
        ("package init()", 0), ("case package(A)", 0), ("a(.package, .public)", 0),
        ("extension A {\n  package var b: Int { 1 }\n}", 1), ("package import B", 0),
        ("/// One.\nlet a = 1\npackage let b = 1", 1),
    ])
    func documentation(_ source: String, _ count: Int) {
        let file = SourceFile(path: "Sources/Runner/A.swift", text: source)
        #expect(DocumentationRule.findings(in: file).count == count)
    }

    @Test(arguments: [
        ("struct RunManager {}", 1), ("enum StringUtil {}", 1), ("protocol SessionTask {}", 1),
        ("actor HostPool {}", 1), ("struct Manageable {}", 0), ("let task = Task { }", 0),
        ("// struct RunHelper", 0), ("struct ImplicitMember {}", 0),
    ])
    func vocabulary(_ source: String, _ count: Int) {
        let file = SourceFile(path: "Sources/Runner/A.swift", text: source)
        #expect(VocabularyRule.findings(in: file).count == count)
    }

    @Test(arguments: [
        ("held by `ATests.aRuleThatHolds`", 0), ("held by `aRuleThatHolds`", 0),
        ("held by `ATests.aRuleThatIsGone`", 1), ("`BTests` and `aRuleThatIsGone`", 2),
        ("`GlobalKnownHostsFile`, `maxInFlight`, `a.b.c`, `run --wait`, aRuleThatIsGone", 0),
    ])
    func namedTests(_ line: String, _ count: Int) {
        let findings = NamedTestRule.findings(
            inLines: [line], of: "docs/a.md", types: ["ATests"], functions: ["aRuleThatHolds"])
        #expect(findings.count == count)
    }

    @Test func diagnosticCodes() {
        let file = SourceFile(
            path: "Sources/Runbooks/A.swift",
            text: "error(\"bad-one\"); error(\"bad-two\"); key(\"not_a_code\"); \"Not a-code\"")
        let page = ["| `bad-other` |", "## Diagnostics", "| `bad-two` | x |", "| `old` | y |"]
        let findings = DiagnosticCodeRule.findings(in: [file], page: page)
        #expect(
            findings.map(\.place).sorted() == ["Sources/Runbooks/A.swift:1", "docs/format.md:4"])
    }

    @Test func exitCodes() {
        let error = SourceFile(
            path: "Sources/Runner/A.swift",
            text: "struct AError: Error { enum Code: String { case one, two\n case three } }")
        let table = SourceFile(
            path: ExitCodeRule.table,
            text: "init(_ code: AError.Code) { switch code { case .one, .three: self = .usage } }")
        let shown = SourceFile(path: ExitCodeRule.failures, text: "case let e as AError: break")
        #expect(ExitCodeRule.findings(in: [error]).count == 1)
        #expect(
            ExitCodeRule.findings(in: [error, table, shown]).map(\.what) == [
                "AError.Code.two has no row in Sources/handrail/ExitCode.swift"
            ])
        #expect(ExitCodeRule.findings(in: [error, table]).count == 2)
    }

    @Test func commands() {
        let files = [
            SourceFile(path: "Sources/handrail/Handrail.swift", text: "[OneCommand.self]"),
            SourceFile(
                path: CommandRule.folder + "One.swift",
                text: "struct OneCommand: HandrailCommand {}\nstruct View: Encodable {}"),
            SourceFile(
                path: CommandRule.folder + "Two.swift", text: "struct Two: HandrailCommand {}"),
            SourceFile(path: CommandRule.folder + "Three.swift", text: "enum Three {}"),
            SourceFile(path: CommandRule.folder + "One+text.swift", text: "enum Four {}"),
        ]
        #expect(
            CommandRule.findings(in: files).map(\.place) == [
                CommandRule.folder + "Two.swift:1", CommandRule.folder + "Three.swift:1",
            ])
    }

    @Test(arguments: [
        ("docs/a.md", "see /wo" + "rk/main", 1), ("docs/a.md", "cd /ho" + "me/anna/x", 1),
        ("docs/fleet.md", "cd /ho" + "me/anna/x", 0), ("docs/a.md", "a/b/ho" + "me/c", 0),
        ("scripts/x", "PATH=/opt/sw" + "ift-6/bin", 1), ("docs/a.md", "framework/home", 0),
    ])
    func machinePaths(_ path: String, _ line: String, _ count: Int) {
        #expect(MachinePathRule.findings(inLines: [line], of: path).count == count)
    }

    @Test(arguments: [
        ("// TO" + "DO: later", 1), ("// TO" + "DO #12: later", 0), ("# FIX" + "ME", 1),
        ("TO" + "DOS", 0), ("MY_TO" + "DO_LIST", 0),
    ])
    func unfinished(_ line: String, _ count: Int) {
        #expect(UnfinishedRule.findings(inLines: [line], of: "a").count == count)
    }

    @Test func links() {
        let lines = [
            "[a](b.md) [c](../README.md#top) [d](https://example.org/x) [e](#here)",
            "[f](missing.md), `Sources/Gone.swift`, `Sources/<name>`", "```", "[g](no.md)", "```",
        ]
        let there: Set<String> = ["docs/b.md", "README.md"]
        let findings = LinkRule.findings(inLines: lines, of: "docs/a.md", exists: there.contains)
        #expect(
            findings.map(\.what) == [
                "'docs/missing.md' is not there", "'Sources/Gone.swift' is not there",
            ])
    }

    @Test(arguments: [
        ("scripts/a", "#!/bin/sh", true, 0), ("scripts/a", "#!/bin/sh", false, 1),
        ("scripts/a", "set -e", true, 1), ("scripts/a", "set -e", false, 2),
        ("scripts/a.md", "# A", false, 0), ("docs/a.md", "# A", true, 1),
        ("scripts/fleet.d/a.py", "import os", false, 0),
    ])
    func scripts(_ path: String, _ first: String, _ isExecutable: Bool, _ count: Int) {
        let findings = ScriptRule.findings(
            about: path, firstLine: first, isExecutable: isExecutable)
        #expect(findings.count == count)
    }
}

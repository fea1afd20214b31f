import Foundation
import Testing

@testable import handrail

struct ValidateTests {
    private static let broken = """
        handrail: 1
        id: web.broken
        title: Broken
        kind: resolution
        owner: ann
        stepz: []
        steps:
          - id: one
            effect: sometimes
            run: { script: scripts/missing }

        """

    @Test func showsEveryProblemWithItsPlace() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        try bench.write("runbooks/web/broken/runbook.yaml", Self.broken)
        let result = try bench.handrail("validate")
        #expect(result.status == 3)
        #expect(result.output.contains("runbooks/web/broken/runbook.yaml:6:1: error:"))
        #expect(result.output.contains("did you mean") || result.output.contains("steps"))
        #expect(result.output.contains("    stepz\n    ^^^^^\n"))
        #expect(result.output.contains("2 runbooks"))
    }

    @Test func looksAtTheGivenPathsOnly() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        try bench.write("runbooks/web/broken/runbook.yaml", Self.broken)
        let sound = try bench.handrail("validate", "library/runbooks/service")
        #expect(sound.status == 0)
        #expect(sound.output == "1 runbook: no problems\n")
        let broken = try bench.handrail("validate", "library/runbooks/web/broken", "--json")
        #expect(broken.status == 3)
        let document = try broken.json()
        #expect((document["errors"] as? Int ?? 0) >= 3)
        #expect(document["runbooks"] as? Int == 1)
    }

    @Test func aWarningAloneEndsWellAndIsShown() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let path = "runbooks/service/down/runbook.yaml"
        let text = try String(contentsOfFile: bench.library + "/" + path, encoding: .utf8)
        try bench.write(path, text.replacing("owner: operators", with: "owner: ops # nights"))
        let result = try bench.handrail("validate")
        #expect(result.status == 0)
        #expect(result.output.contains("warning:"))
        #expect(result.output.hasSuffix("1 runbook, 1 target: 1 warning\n"))
    }

    @Test func refusesAPathWithNothingToCheck() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        try FileManager.default.createDirectory(
            atPath: bench.library + "/empty", withIntermediateDirectories: true)
        let result = try bench.handrail("validate", "library/empty")
        #expect(result.status == 3)
        #expect(result.errors.contains("nothing to check"))
    }

    @Test func wrapsAtTheTerminalsWidth() async throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        try bench.write(
            "runbooks/web/broken/runbook.yaml",
            Self.broken + String(repeating: "x", count: 120) + ": 1\n")
        let recorded = RecordedWorld()
        let world = recorded.world(folder: bench.library, isTerminal: true)
        let session = Session(
            console: Console(world: world, isJSON: false, color: .never),
            options: try GlobalOptions.parse([]))
        let command = try ValidateCommand.parse([bench.library])
        #expect(try await command.perform(session) == .invalidInput)
        let lines = recorded.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { TextWidth.of(String($0)) <= 80 }, "\(recorded.output)")
        #expect(lines.contains { $0.hasSuffix(":6:1: error: ") }, "a place stays whole")
        #expect(lines.contains { $0.hasPrefix("    xxxx") && $0.hasSuffix("…") })
    }

    @Test func saysWhereALibraryWasLookedFor() throws {
        let bench = try Workbench()
        let result = try bench.handrail("validate", "--library", bench.folder)
        #expect(result.status == 3)
        #expect(result.errors.contains("There is no handrail.yaml"))
    }
}

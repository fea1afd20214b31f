import Foundation
import Testing

@testable import handrail

struct CommandLineTests {
    @Test func saysTheVersionOnStandardOutput() async {
        let recorded = RecordedWorld()
        let code = await Handrail.perform(["--version"], world: recorded.world())
        #expect(code == .success)
        #expect(recorded.output == "handrail \(HandrailVersion.text)\n")
        #expect(recorded.errors.isEmpty)
    }

    @Test(arguments: [
        (
            ["paln", "x"],
            "error: There is no command 'paln'.\n  hint: did you mean 'handrail plan'?\n"
        ),
        (
            ["inbox"],
            "error: There is no command 'inbox'.\n  hint: 'handrail' alone shows the inbox\n"
        ),
        (
            ["run", "x", "--check"],
            "error: There is no --check: a dry run is a command of its own.\n"
                + "  hint: use handrail plan\n"
        ),
        (
            ["run", "--on", "mbx01"],
            "error: Missing expected argument '<runbook>'\n"
                + "  hint: 'handrail list' names the runbooks, 'handrail find WORDS' looks for one\n"
        ),
    ])
    func suggestsWhatWasMeant(_ arguments: [String], _ message: String) async {
        let recorded = RecordedWorld()
        let code = await Handrail.perform(arguments, world: recorded.world())
        #expect(code == .usage)
        #expect(recorded.errors == message)
        #expect(recorded.output.isEmpty)
    }

    @Test(arguments: [
        ["plan"], ["nonsense"], ["plan", "x", "--library", "/nowhere/at/all"],
        ["run", "x", "--working-tree"], ["resume", "no-run", "--home", "/etc/passwd/home"],
    ])
    func writesOneJSONDocumentForAnyFailure(_ arguments: [String]) async throws {
        let recorded = RecordedWorld()
        let code = await Handrail.perform(arguments + ["--json"], world: recorded.world())
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(recorded.output.utf8)) as? [String: Any])
        let problem = try #require(document["error"] as? [String: Any])
        #expect(document["format"] as? Int == 1)
        #expect(problem["exit"] as? Int == Int(code.rawValue))
        #expect(code != .success && code != .internalError)
        #expect(recorded.errors.isEmpty)
    }

    @Test func refusesALibraryThatIsNotThereAsInvalidInput() async {
        let recorded = RecordedWorld()
        let code = await Handrail.perform(
            ["plan", "disk.full", "--on", "mbx01", "--library", "/nowhere/at/all"],
            world: recorded.world())
        #expect(code == .invalidInput)
        #expect(recorded.errors.contains("/nowhere/at/all"))
    }
}

import Foundation
import Testing

struct InitTests {
    @Test func makesALibraryThatValidatesClean() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let result = try bench.handrail("validate", "--json")
        #expect(result.status == 0)
        let document = try result.json()
        #expect(document["format"] as? Int == 1)
        #expect((document["diagnostics"] as? [Any])?.isEmpty == true)
        #expect(document["runbooks"] as? Int == 1)
        #expect(document["targets"] as? Int == 1)
    }

    @Test func commitsSoThatRunsCanUseIt() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let result = try bench.handrail("show", "service.down")
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
        #expect(result.output.contains("A service is not running"))
    }

    @Test func makesWhatCanBePlanned() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let result = try bench.handrail(
            "plan", "service.down", "--on", "localhost", "--set", "service=cron", "--no-probe",
            "--json")
        #expect(result.status == 0, "\(result.errors)\(result.output)")
    }

    @Test func refusesAFolderThatIsNotEmpty() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let result = try bench.handrail("init", bench.library)
        #expect(result.status == 3)
        #expect(result.errors.contains("is not empty"))
        #expect(result.errors.contains("Nothing was written"))
    }
}

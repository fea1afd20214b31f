import Foundation
import Runner
import Testing

/// `find`: runbooks by words, and the index that follows the library.
struct FindCommandTests {
    @Test func findsBySymptomTitleAndArticle() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        for words in [["ServiceDown"], ["running"], ["service", "down"], ["monitoring", "says"]] {
            let result = try bench.handrail(["find"] + words)
            #expect(result.status == 0)
            #expect(result.output.hasPrefix("service.down  A service is not running"), "\(words)")
        }
    }

    @Test func saysHowOftenItHelpedHere() async throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let (journal, _) = try await bench.journal()
        let runs = [("k3f2", RunResolution.resolved), ("k3f3", .unresolved)]
        for (index, run) in runs.enumerated() {
            try await PastRun(
                "r-20261123-0700-\(run.0)", runbook: "service.down", number: index + 1
            ).write(to: journal, [.closed(.succeeded, run.1)])
        }
        let result = try bench.handrail("find", "service")
        #expect(result.output.contains("helped 1 of 2, last"), "\(result.output)")
    }

    @Test func followsTheLibrarysCommits() async throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        _ = try await bench.journal()
        #expect(try bench.handrail("find", "walrus").output.isEmpty)
        try bench.write(
            "runbooks/service/down/README.md", "# Down\n\nThe walrus knows.\n", commit: true)
        let found = try bench.handrail("find", "walrus")
        #expect(found.output.contains("The walrus knows."), "\(found.errors)")
        try bench.write("runbooks/service/down/README.md", "# Down\n", commit: true)
        #expect(try bench.handrail("find", "walrus").output.isEmpty)
        #expect(FileManager.default.fileExists(atPath: bench.home + "/search.db"))
    }

    @Test func namesTheNearWordAndSurvivesHostileOnes() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let near = try bench.handrail("find", "escalte")
        #expect(near.status == 0)
        #expect(near.errors.contains("did you mean escalate?"), "\(near.errors)")
        for word in ["\"", "a\" OR \"b", "NEAR(", "'; DROP TABLE entries; --"] {
            #expect(try bench.handrail("find", word).status == 0)
        }
        #expect(try bench.handrail("find").status == 64)
    }
}

import Foundation
import Runner
import TestSupport
import Testing

@testable import Audit

/// The requests that wait for a second person.
struct GlassFolderTests {
    @Test func whatKilledProcessesLeftHidesNoLivingRequest() throws {
        let home = FileManager.default.temporaryDirectory
            .appending(path: "handrail-glass-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let folder = GlassFolder(of: Home(path: home))
        for number in 0..<60 {
            let made: Int64 = number == 59 ? 9_000_000 : Int64(number)
            try folder.put(try Self.request("r-\(100 + number)", made: made))
        }
        let found = try folder.requests()
        #expect(found.first?.run.rawValue == "r-159")
        #expect(found.count < 60)
    }

    private static func request(_ run: String, made: Int64) throws -> GlassRequest {
        GlassRequest(
            run: try #require(RunID(rawValue: run)),
            plan: try #require(PlanID(rawValue: String(repeating: "a", count: 32))),
            planDigest: .sha256(of: Array("a".utf8)), reason: "mail is down", groups: [],
            first: try #require(PersonID(rawValue: "anna")), statement: .sha256(of: [2]),
            made: Timestamp(milliseconds: made))
    }
}

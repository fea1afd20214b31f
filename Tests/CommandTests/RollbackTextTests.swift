import Runbooks
import Runner
import Testing

@testable import handrail

/// What a rollback would do, in words.
struct RollbackTextTests {
    private static func lines(_ count: Int) async throws -> [String] {
        let scene = try await GoldenScene.rolledBack()
        let descent = try #require(scene.machine.record.descent)
        let start = try #require(descent.starts.first)
        let starts = try (1...count).map { number in
            TargetStart(
                target: try #require(TargetName(rawValue: "web\(number)")), undone: start.undone)
        }
        return RollbackText(
            descent: RunDescent(kind: .rollback, parent: descent.parent, starts: starts),
            plan: scene.machine.plan
        ).lines(.plain, width: 400)
    }

    @Test func fewTargetsHaveALineEach() async throws {
        let lines = try await Self.lines(30)
        #expect(lines.count { $0.hasPrefix("    web") } == 30)
    }

    @Test func manyTargetsOfWhichTheSameIsDoneHaveOneLine() async throws {
        let lines = try await Self.lines(31)
        #expect(!lines.contains { $0.hasPrefix("    web") })
        let line = try #require(lines.first { $0.hasPrefix("    31 targets: ") })
        let names = (1...12).map { "web\($0)" }.joined(separator: ", ")
        #expect(line.hasSuffix("in this order: \(names), … +19"))
    }
}

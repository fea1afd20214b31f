import Audit
import Foundation
import Glibc
import Runner
import TestSupport
import Testing

/// A trail that can't be used: said clearly, nothing started, nothing lost.
struct BadTrailTests {
    /// How a home's trail comes to be one that can't be written.
    enum Damage: CaseIterable {
        case missing, foreign, anotherHomes, tipTruncated, cut
    }

    @Test(arguments: Damage.allCases)
    func nothingIsStartedOnIt(_ damage: Damage) async throws {
        let scene = try await PushScene()
        let code = try await Self.damage(damage, scene)
        let before = try await scene.runs()
        for command in [
            ["run", "service.down", "--on", "localhost", "--yes", "--set", "service=x"],
            ["resume", "bbbb"],
        ] {
            let result = try scene.bench.handrail(command)
            #expect(result.status == code, "\(damage) \(command): \(result.errors)")
            #expect(result.errors.contains("Nothing was started."), "\(damage): \(result.errors)")
            #expect(result.errors.contains("hint:"), "\(damage): \(result.errors)")
        }
        #expect(try await scene.runs() == before)
        let doctor = try scene.bench.handrail("doctor")
        #expect(doctor.output.contains("✗ trail"), "\(doctor.output)")
        let status = try scene.bench.handrail("history")
        #expect(status.output.contains("r-20261123-0701-bbbb"), "the journal can still be read")
    }

    /// Damages it, and gives the exit code for that.
    private static func damage(_ damage: Damage, _ scene: PushScene) async throws -> Int32 {
        let files = FileManager.default
        switch damage {
        case .missing:
            try files.removeItem(atPath: scene.trail)
            return 3
        case .foreign:
            try files.removeItem(atPath: scene.trail)
            try scene.git(nil, ["init", "-q", "--bare", scene.trail])
            return 10
        case .anotherHomes:
            let other = try await AuditCommandTests.sealed()
            try files.removeItem(atPath: scene.trail)
            try files.copyItem(atPath: other.home + "/trail.git", toPath: scene.trail)
            return 10
        case .tipTruncated:
            let tip = try scene.tip()
            let object = "\(scene.trail)/objects/\(tip.prefix(2))/\(tip.dropFirst(2))"
            try #require(chmod(object, 0o600) == 0)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: object))
            try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: object))
            return 10
        case .cut:
            let parent = try scene.git(scene.trail, ["rev-parse", "HEAD^"])
            try scene.git(scene.trail, ["update-ref", "HEAD", parent])
            return 10
        }
    }

    @Test func aTrailThatSomebodyHoldsIsWaitedForAndNamed() async throws {
        let scene = try await PushScene()
        let lock = open(scene.bench.home + "/trail.lock", O_RDWR | O_CLOEXEC)
        try #require(lock >= 0 && flock(lock, LOCK_EX) == 0)
        defer { close(lock) }
        let before = try await scene.runs()
        let refused = try await scene.bench.handrailAside(["resume", "bbbb"])
        #expect(refused.status == 4, "\(refused.errors)")
        #expect(refused.errors.contains("held"), "\(refused.errors)")
        #expect(refused.errors.contains("Nothing was started."))
        #expect(try await scene.runs() == before)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aFullDiskStartsNothingAndLosesNothing() async throws {
        let bench = try Workbench()
        try bench.makeSmallHome()
        defer { umount2(bench.home, Int32(MNT_DETACH)) }
        try bench.makeLibrary()
        try await AuditCommandTests.record("r-20261123-0701-bbbb", number: 2, on: bench)
        let filler = fopen(bench.home + "/filler", "w")
        setvbuf(filler, nil, _IONBF, 0)
        let block = [UInt8](repeating: 0, count: 4096)
        while fwrite(block, 1, block.count, filler) == block.count {}
        fclose(filler)
        for command in [
            ["run", "service.down", "--on", "localhost", "--yes", "--set", "service=x"],
            ["audit", "rotate-key"], ["resume", "bbbb"],
        ] {
            let result = try bench.handrail(command)
            #expect(result.status == 3, "\(command): \(result.errors)")
            #expect(result.errors.contains("space"), "\(command): \(result.errors)")
        }
        try FileManager.default.removeItem(atPath: bench.home + "/filler")
        let history = try bench.handrail("history", "--json").json()
        #expect((history["runs"] as? [Any])?.count == 1, "nothing was started")
        #expect(try bench.handrail("audit", "verify").status == 0)
    }
}

import Audit
import Foundation
import Runner
import Synchronization
import Testing

@testable import handrail

/// The trail of a run that is led while its home has a remote.
struct PushedTrailTests {
    @Test func whatIsSealedIsPushedBesideTheRun() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.remote)\n")
        let trail = try #require(try await Self.pushed(scene))
        try await trail.seal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await trail.run { _ in Issue.record("nothing diverged") } }
            let end = ContinuousClock.now + .seconds(30)
            while try scene.branchAt(scene.remote) == nil, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(50))
            }
            group.cancelAll()
        }
        #expect(try scene.remoteTip() == scene.tip())
        #expect(await trail.finish() == nil)
    }

    @Test func aRequiredRemoteHasWhatIsSealedBeforeAnythingFollows() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.remote)\nrequire_remote: true\n")
        let trail = try #require(try await Self.pushed(scene))
        try await trail.sealBeforeStart()
        #expect(try scene.remoteTip() == scene.tip())
        try FileManager.default.removeItem(atPath: scene.remote)
        let error = await #expect(throws: JournalError.self) { try await trail.sealBeforeStart() }
        #expect(error?.code == .unreachable, "it is tried again, and nothing starts meanwhile")
        #expect(error?.message.contains("require") == true)
        // What ends a run doesn't wait for it.
        try await trail.seal()
        #expect(await trail.finish()?.problem.contains("was not pushed") == true)
    }

    @Test func aRequiredRemoteThatDivergesStopsEveryStartAndIsToldAtTheEnd() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.remote)\nrequire_remote: true\n")
        let trail = try #require(try await Self.pushed(scene))
        try await trail.sealBeforeStart()
        let foreign = try scene.diverge()
        try await scene.record("r-20261123-0702-cccc", number: 3)
        for _ in 1...2 {
            let error = await #expect(throws: JournalError.self) {
                try await trail.sealBeforeStart()
            }
            #expect(error?.code == .diverged && error?.message.contains("closed") == true)
        }
        try await trail.seal()
        #expect(await trail.finish()?.problem.contains(String(foreign.prefix(12))) == true)
        let told = Told()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await trail.run { told.note($0) } }
            let end = ContinuousClock.now + .seconds(30)
            while told.commits.isEmpty, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(50))
            }
            group.cancelAll()
        }
        #expect(told.commits == [foreign])
        #expect(try scene.remoteTip() == foreign)
    }

    /// A remote that hangs is waited for by nobody who has been told to end.
    @Test(.timeLimit(.minutes(10))) func aPushThatHangsIsCutShort() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: ssh://office/trail.git\nrequire_remote: true\n")
        let config = scene.bench.folder + "/ssh_config"
        try Data("Host office\n  ProxyCommand sleep 90\n".utf8).write(
            to: URL(fileURLWithPath: config))
        let trail = try #require(
            try await Self.pushed(scene, ["HANDRAIL_SSH_CONFIG": config]))
        let error = await withTaskGroup(of: JournalError?.self) { group in
            group.addTask {
                do throws(JournalError) {
                    try await trail.sealBeforeStart()
                    return nil
                } catch {
                    return error
                }
            }
            do { try await Task.sleep(for: .milliseconds(500)) } catch {}
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("cut short") == true, "\(String(describing: error))")
        let left = await trail.finish(within: .milliseconds(300))
        #expect(left?.problem.contains("cut short") == true, "\(String(describing: left))")
        // Nothing is claimed of a remote that nobody heard.
        #expect(try !scene.bench.handrail("status").output.contains("gave no answer"))
    }

    @Test func aHomeWithoutARemoteHasNone() async throws {
        let scene = try await PushScene()
        #expect(try await Self.pushed(scene) == nil)
    }

    /// The home's trail, as a command that leads a run has it.
    private static func pushed(
        _ scene: PushScene, _ more: [String: String] = [:]
    ) async throws -> PushedTrail? {
        var world = RecordedWorld().world(
            environment: more.merging([
                "PATH": "/usr/bin:/bin", "HOME": scene.bench.folder,
                "HANDRAIL_HOME": scene.bench.home,
            ]) { $1 })
        world.sleep = { try await Task.sleep(for: $0) }
        world.randomBytes = { count in (0..<count).map { _ in UInt8.random(in: 0...255) } }
        let session = Session(
            console: Console(world: world, isJSON: false), options: try GlobalOptions.parse([]))
        return try PushedTrail.of(session, try await session.openHome())
    }
}

/// What a trail tells of commits that it hasn't.
private final class Told: Sendable {
    // A class, because a task and the test look at the same list.
    private let list = Mutex<[String]>([])

    var commits: [String] { list.withLock { $0 } }

    func note(_ commit: String) { list.withLock { $0.append(commit) } }
}

extension PushScene {
    /// The commit of the trail's branch in a repository; nil where there is none.
    func branchAt(_ folder: String) throws -> String? {
        let text = try git(folder, ["for-each-ref", "--format=%(objectname)", try branch()])
        return text.isEmpty ? nil : text
    }
}

import Foundation
import Runbooks
import Runner
import Synchronization
import Testing

@testable import Plugins

/// What only the way over ssh can show; the rest is in `ExecutorContractTests`.
@Suite(.enabled(if: SSHServer.isAvailable))
struct SSHExecutorTests {
    @Test func aConnectionLostDuringAStepIsUnknownAndItsGroupIsProvedGone() async throws {
        let opened = Mutex<[String]>([])
        let began = Latch<Void>()
        let server = try await SSHServer(address: "127.0.21.2")
        defer { server.stop() }
        let executor = SSHExecutor(settings: server.settings, files: .none) { notice in
            switch notice {
            case .sessionOpened(_, let proof): opened.withLock { $0.append(proof) }
            case .output: began.set(())
            case .reach: break
            }
        }
        let target = try Requests.target("t1", at: server)
        let slow = try Requests.run(
            ScriptCall(program: .inline("echo begun; exec sleep 600")), on: target)
        let look = try Requests.run(ScriptCall(program: .inline("echo on")), on: target)
        let (lost, next) = try await serving(executor) {
            async let report = executor.perform(slow)
            _ = await began.wait()
            try server.cutConnections()
            return (await report, await executor.perform(look))
        }
        guard case .unknown = lost.ending else {
            Issue.record("\(lost.ending)")
            return
        }
        #expect(String(decoding: lost.stdout.rest, as: UTF8.self).hasPrefix("begun"))
        #expect(next.ending == .exited(0))
        #expect(opened.withLock { $0.count } == 2)
    }

    /// What a start-up file does that waits for input, or only for time.
    @Test(arguments: [
        ("cat >/dev/null; eval \"$SSH_ORIGINAL_COMMAND\"", "reads the standard input"),
        ("cat >/dev/null; echo gone >&2; exit 7", "It wrote: 'gone'"),
        ("exec sleep 300", "did not answer in time"),
    ])
    func whoReadsASessionsInputBeforeItsShellIsNamed(_ command: String, _ words: String)
        async throws
    {
        // Only the limit for opening is shorter.
        let limits = Mutex(0)
        let clock = ExecutorClock(now: ExecutorClock.system.now) { duration in
            let isLimit = duration >= .seconds(30)
            if isLimit { limits.withLock { $0 += 1 } }
            try await Task.sleep(for: isLimit ? .seconds(1) : duration)
        }
        let server = try await SSHServer(
            address: "127.0.21.11", options: ["ForceCommand \(command)"])
        defer { server.stop() }
        let executor = SSHExecutor(
            settings: server.settings, files: .none, notices: { _ in }, clock: clock)
        let look = try Requests.run(
            ScriptCall(program: .inline("true")), on: try Requests.target("t1", at: server))
        let (report, again) = try await serving(executor) {
            (await executor.perform(look), await executor.perform(look))
        }
        guard case .unreachable(let why) = report.ending else {
            Issue.record("\(report.ending)")
            return
        }
        #expect(why.contains(words), "\(why)")
        guard command.hasPrefix("cat") else { return }
        #expect(again.ending == report.ending)
        #expect(limits.withLock { $0 } == 1, "what is proved isn't waited for again")
    }

    @Test func nothingStartsInASessionBeforeItIsRecorded() async throws {
        let order = Mutex<[String]>([])
        let server = try await SSHServer(address: "127.0.21.9")
        defer { server.stop() }
        let target = try Requests.target("t1", at: server)
        let executor = SSHExecutor(
            settings: server.settings, files: .none,
            notices: { notice in
                switch notice {
                case .sessionOpened(_, let proof): order.withLock { $0.append("opened \(proof)") }
                case .output: order.withLock { $0.append("output") }
                case .reach: break
                }
            }, recorded: { proof in order.withLock { $0.append("recorded \(proof)") } })
        let look = try Requests.run(ScriptCall(program: .inline("echo on")), on: target)
        let report = try await serving(executor) { await executor.perform(look) }
        #expect(report.ending == .exited(0))
        let seen = order.withLock { $0 }
        let proof = seen.first?.split(separator: " ", maxSplits: 1).last ?? ""
        #expect(seen.prefix(3) == ["opened \(proof)", "recorded \(proof)", "output"])
    }

    @Test func nothingStartsBesideAnEarlierLeadersSession() async throws {
        let proof = Latch<String>()
        let server = try await SSHServer(address: "127.0.21.3")
        defer { server.stop() }
        let target = try Requests.target("t1", at: server)
        let first = SSHExecutor(settings: server.settings, files: .none) { notice in
            if case .sessionOpened(_, let text) = notice { proof.set(text) }
        }
        let look = try Requests.run(ScriptCall(program: .inline("echo on")), on: target)
        _ = try await serving(first) { await first.perform(look) }
        var later = look
        later.previousSessions = [await proof.wait()].compactMap { $0 }
        let second = SSHExecutor(settings: server.settings, files: .none, notices: { _ in })
        let report = try await serving(second) { [later] in await second.perform(later) }
        #expect(report.ending == .exited(0))
        later.previousSessions = ["1 - unreadable"]
        let third = SSHExecutor(settings: server.settings, files: .none, notices: { _ in })
        let refused = try await serving(third) { [later] in await third.perform(later) }
        guard case .notStarted = refused.ending else {
            Issue.record("\(refused.ending)")
            return
        }
    }

    @Test func aRefusedConnectionIsTriedAgainAndThenUnreachable() async throws {
        let pauses = Mutex<[Duration]>([])
        let clock = ExecutorClock(now: ExecutorClock.system.now) { duration in
            guard duration < .seconds(5) else { return try await Task.sleep(for: duration) }
            pauses.withLock { $0.append(duration) }
        }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let known = try folder.write(
            "known_hosts", "[127.0.21.4]:1 ssh-ed25519 \(KnownHostsTests.key)\n")
        let executor = SSHExecutor(
            settings: SSHSettings(
                configFile: "/dev/null", extraOptions: ["-o", "UserKnownHostsFile=\(known)"]),
            files: .none, notices: { _ in }, clock: clock)
        let target = try Requests.target(
            "t1", address: "127.0.21.4", port: 1, hostKeys: [KnownHostsTests.fingerprint])
        let look = try Requests.run(ScriptCall(program: .inline("true")), on: target)
        let report = try await serving(executor) { await executor.perform(look) }
        guard case .unreachable(let why) = report.ending else {
            Issue.record("\(report.ending)")
            return
        }
        #expect(why.contains("refused the connection"))
        #expect(pauses.withLock { $0.count { $0 < .seconds(1) } } >= 1)
    }
}

/// Runs a body while an executor serves, and shuts it down after.
func serving<Result: Sendable>(
    _ executor: some ServingExecutor, _ body: @Sendable () async throws -> Result
) async throws -> Result {
    async let serving: Void = executor.serve()
    do {
        let result = try await body()
        await executor.shutDown()
        await serving
        return result
    } catch {
        await executor.shutDown()
        await serving
        throw error
    }
}

extension RunbookFiles {
    /// No files.
    static let none = RunbookFiles(listed: [], bytes: { _ in [] })
}

import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

@testable import Plugins

struct LocalExecutorTests {
    @Test(.enabled(if: ExecutorKind.local.isAvailable))
    func aStepSeesNoHomeNoSecretNoOtherProcess() async throws {
        let hidden = URL(filePath: "/opt").appending(path: "handrail-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: hidden, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: hidden) }
        try Data("key".utf8).write(to: hidden.appending(path: "key"))
        let script = """
            ls -A \(hidden.path) /root /home /run
            (touch /etc/handrail-test && echo written) 2>/dev/null
            kill -0 \(getpid()) 2>/dev/null && echo seen
            env | grep -i -e ssh -e agent
            echo done
            """
        let executor = LocalExecutor(
            settings: LocalSettings(hiddenPaths: [hidden.path]), files: .none,
            notices: { _ in })
        let target = try Requests.target("t1", address: "t1", port: 22)
        let request = try Requests.run(ScriptCall(program: .inline(script)), on: target)
        let report = try await serving(executor) { await executor.perform(request) }
        let lines = String(decoding: report.stdout.rest, as: UTF8.self).split(separator: "\n")
        #expect(report.ending == .exited(0))
        #expect(lines.filter { !$0.hasSuffix(":") && $0 != "systemd" } == ["done"])
    }

    @Test func withoutBubblewrapAStepIsRefused() async throws {
        let settings = LocalSettings(bwrapPath: "/no/such/bwrap", hiddenPaths: [])
        let executor = LocalExecutor(settings: settings, files: .none, notices: { _ in })
        let target = try Requests.target("t1", address: "t1", port: 22)
        let request = try Requests.run(ScriptCall(program: .inline("echo on")), on: target)
        let report = try await serving(executor) { await executor.perform(request) }
        guard case .notStarted(let why) = report.ending else {
            Issue.record("\(report.ending)")
            return
        }
        #expect(why.contains("bubblewrap"))
    }

    /// A machine so busy that the shell isn't there in time: not a matter of permissions.
    @Test func aShellThatDoesNotAnswerIsToldFromAConfinementThatCantBeMade() async throws {
        let folder = try TemporaryFolder()
        let slow = folder.url.appending(path: "bwrap").path
        // Written by another process: what is spawned beside would inherit a descriptor of ours,
        // and a file that is open for writing can't be executed.
        let write = "printf '#!/bin/sh\\nexec sleep 60\\n' >\"$0\" && chmod 755 \"$0\""
        try #require(try Tool.run(["sh", "-c", write, slow]).status == 0)
        let clock = ExecutorClock(now: ExecutorClock.system.now) { duration in
            // Only the limit for opening is shorter.
            try await Task.sleep(for: duration >= .seconds(30) ? .milliseconds(200) : duration)
        }
        let executor = LocalExecutor(
            settings: LocalSettings(bwrapPath: slow, hiddenPaths: []), files: .none,
            notices: { _ in }, clock: clock)
        let request = try Requests.run(
            ScriptCall(program: .inline("echo on")),
            on: try Requests.target("t1", address: "t1", port: 22))
        let report = try await serving(executor) { await executor.perform(request) }
        guard case .notStarted(let why) = report.ending else {
            Issue.record("\(report.ending)")
            return
        }
        #expect(why.contains("did not answer within 30 s"))
        #expect(why.contains("load"))
    }
}

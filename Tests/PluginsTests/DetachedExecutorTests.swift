import Foundation
import Runbooks
import Runner
import Synchronization
import Testing

@testable import Plugins

/// Attempts that outlive their session and their controller, on a real sshd.
@Suite(.enabled(if: SSHServer.isAvailable))
struct DetachedExecutorTests {
    private static let grace = StopGrace(beforeKill: .seconds(1), beforeHangUp: .seconds(5))

    /// A server with a home of its own for the spool, and a folder where steps leave traces.
    private struct Stage {
        let server: SSHServer
        let target: PlannedTarget
        let folder: TemporaryFolder
        let run = UUID().uuidString.lowercased().replacing("-", with: "")

        init(_ address: String) async throws {
            folder = try TemporaryFolder()
            server = try await SSHServer(address: address)
            target = try Requests.target("t1", at: server)
        }

        func executor() -> SSHExecutor {
            SSHExecutor(
                settings: server.settings, files: .none,
                notices: { _ in }, grace: DetachedExecutorTests.grace)
        }

        /// A request for a step that may happen once.
        func request(
            _ script: String, number: Int = 1, step: String = "once",
            timeout: Duration = .seconds(60), isRecovery: Bool = false, mayStart: Bool = true,
            known: KnownSpool? = nil, wantsOutputs: Bool = false
        ) throws -> AttemptRequest {
            var request = try Requests.run(
                ScriptCall(program: .inline(script)), on: target, step: step, timeout: timeout,
                wantsOutputs: wantsOutputs)
            request.key = AttemptKey(target: target.name, part: request.key.part, number: number)
            request.detachment = Detachment(
                token: run + "-1", claim: "\(step).\(number)", knownSpool: known,
                isRecovery: isRecovery, mayStart: mayStart)
            return request
        }

        /// What steps left in the folder, a line each.
        func traces() throws -> [String] {
            let text = try? String(
                contentsOf: folder.url.appending(path: "traces"), encoding: .utf8)
            return (text ?? "").split(separator: "\n").map(String.init)
        }

        /// The script's line that leaves a trace.
        func trace(_ word: String) -> String {
            "echo \(word) >>\(folder.url.path)/traces"
        }

        /// Waits until a step has left so many traces.
        func waitForTraces(_ count: Int) async throws {
            let limit = ContinuousClock.now + .seconds(300)
            while try traces().count < count {
                guard ContinuousClock.now < limit else { throw CocoaError(.userCancelled) }
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        func remove() {
            server.stop()
            folder.remove()
            let spool =
                geteuid() == 0 ? "/var/lib/handrail-spool" : NSHomeDirectory() + "/.handrail/spool"
            for name in ["\(run)-1", "\(run)-1.closed"] {
                try? FileManager.default.removeItem(atPath: "\(spool)/t1/\(name)")
            }
        }
    }

    @Test func aStepsEndStreamsAndOutputsComeFromTheSpool() async throws {
        let stage = try await Stage("127.0.23.1")
        defer { stage.remove() }
        let executor = stage.executor()
        let request = try stage.request(
            "echo out; echo err >&2; echo size=7 >\"$HANDRAIL_OUTPUT\"; exit 3", wantsOutputs: true)
        let report = try await serving(executor) { await executor.perform(request) }
        #expect(report.ending == .exited(3))
        #expect(try report.stdout.bytes == Array("out\n".utf8))
        #expect(try report.stderr.bytes == Array("err\n".utf8))
        #expect(report.outputs == Array("size=7\n".utf8))
    }

    @Test func theSpoolIsWhereTheInventorySaysItIs() async throws {
        let stage = try await Stage("127.0.23.14")
        defer { stage.remove() }
        let executor = stage.executor()
        var request = try stage.request("echo out")
        let place = stage.folder.url.path + "/kept/here"
        request.target.spool = place
        let report = try await serving(executor) { [request] in await executor.perform(request) }
        #expect(report.ending == .exited(0))
        #expect(try report.stdout.bytes == Array("out\n".utf8))
        let claim = "\(place)/t1/\(stage.run)-1/once.1"
        #expect(FileManager.default.fileExists(atPath: claim + "/record"))
    }

    @Test func aConnectionThatIsLostLosesNothingOfTheStep() async throws {
        let stage = try await Stage("127.0.23.2")
        defer { stage.remove() }
        let executor = stage.executor()
        let request = try stage.request(
            "\(stage.trace("begun")); sleep 1; \(stage.trace("ended")); echo all of it")
        let report = try await serving(executor) {
            async let report = executor.perform(request)
            try await stage.waitForTraces(1)
            try stage.server.cutConnections()
            return await report
        }
        #expect(report.ending == .exited(0))
        #expect(try report.stdout.bytes == Array("all of it\n".utf8))
        #expect(try stage.traces() == ["begun", "ended"])
    }

    /// The first session is lost amid the output; the next one is asked for what is missing.
    @Test func outputIsGoneOnWithWhereALostSessionCameTo() async throws {
        let stage = try await Stage("127.0.23.13")
        defer { stage.remove() }
        let folder = stage.folder.url.path
        let ssh = folder + "/ssh"
        let text = """
            #!/bin/sh
            case " $* " in *" -T "*) ;; *) exec ssh "$@" ;; esac
            if mkdir \(folder)/first 2>/dev/null; then
                ssh "$@" | dd bs=4096 count=80 2>/dev/null
            else
                tee -a \(folder)/asked | ssh "$@"
            fi
            """
        try text.write(toFile: ssh, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: ssh)
        let settings = SSHSettings(
            sshPath: ssh, configFile: stage.server.settings.configFile,
            extraOptions: stage.server.settings.extraOptions)
        let live = Mutex([UInt8]())
        let executor = SSHExecutor(
            settings: settings, files: .none,
            notices: { notice in
                guard case .output(_, let bytes, false) = notice else { return }
                live.withLock { $0 += bytes }
            }, grace: Self.grace)
        let request = try stage.request("seq 100000 170000; echo said >&2")
        let report = try await serving(executor) { await executor.perform(request) }
        let whole = Array((100_000...170_000).map { "\($0)\n" }.joined().utf8)
        #expect(report.ending == .exited(0))
        // Not compared within the macro: what differs would be looked for, in half a million bytes.
        let isWhole = try report.stdout.bytes == whole
        #expect(isWhole)
        #expect(try report.stderr.bytes == Array("said\n".utf8))
        let isToldOnce = live.withLock { $0 == whole }
        #expect(isToldOnce)
        let asked = try String(
            decoding: Data(contentsOf: URL(filePath: folder + "/asked")), as: UTF8.self)
        let line = try #require(
            asked.split(separator: "\n").first { $0.hasPrefix("await ") })
        let from = try #require(Int(line.split(separator: " ")[3]))
        #expect(from > 10_000 && from < 330_000, "\(line)")
    }

    @Test func theNextControllerFindsWhatTheLastOneStarted() async throws {
        let stage = try await Stage("127.0.23.3")
        defer { stage.remove() }
        let first = stage.executor()
        let script = "\(stage.trace("begun")); sleep 1; echo done; exit 5"
        let request = try stage.request(script)
        let given = try await serving(first) {
            let attempt = Task { await first.perform(request) }
            try await stage.waitForTraces(1)
            attempt.cancel()
            return await attempt.value
        }
        guard case .unknown = given.ending else {
            Issue.record("\(given.ending)")
            return
        }
        let second = stage.executor()
        let again = try stage.request(script, isRecovery: true)
        let report = try await serving(second) { await second.perform(again) }
        #expect(report.ending == .exited(5))
        #expect(try report.stdout.bytes == Array("done\n".utf8))
        #expect(try stage.traces() == ["begun"])
        let third = stage.executor()
        let late = try await serving(third) { await third.perform(again) }
        #expect(late.ending == .exited(5), "an outcome can be asked for as often as one likes")
    }

    @Test func twoControllersStartItOnce() async throws {
        let stage = try await Stage("127.0.23.4")
        defer { stage.remove() }
        let request = try stage.request("\(stage.trace("begun")); sleep 1; exit 4")
        let both = (stage.executor(), stage.executor())
        let reports = try await serving(both.0) {
            try await serving(both.1) {
                async let one = both.0.perform(request)
                async let other = both.1.perform(request)
                return [await one.ending, await other.ending]
            }
        }
        #expect(reports == [.exited(4), .exited(4)])
        #expect(try stage.traces() == ["begun"])
    }

    @Test func whatWasNeverStartedIsStartedOnlyWhereThatIsProved() async throws {
        let stage = try await Stage("127.0.23.5")
        defer { stage.remove() }
        let executor = stage.executor()
        try await serving(executor) {
            let aborted = try stage.request(
                stage.trace("no"), step: "aborted", isRecovery: true, mayStart: false)
            guard case .heldBack = await executor.perform(aborted).ending else {
                Issue.record("a step that was not begun, and must not be")
                return
            }
            guard case .heldBack = await executor.perform(aborted).ending else {
                Issue.record("a void claim stays void")
                return
            }
            let absent = try stage.request(
                stage.trace("yes"), isRecovery: true)
            #expect(await executor.perform(absent).ending == .exited(0))
            let elsewhere = try stage.request(
                stage.trace("no"), step: "elsewhere", isRecovery: true,
                known: KnownSpool(id: String(repeating: "0", count: 32), bootID: "boot"))
            guard case .unknown = await executor.perform(elsewhere).ending else {
                Issue.record("a spool that is a new one")
                return
            }
        }
        #expect(try stage.traces() == ["yes"])
    }

    @Test func timeRunsOnTheTargetAndItsSupervisorEndsTheStep() async throws {
        let stage = try await Stage("127.0.23.6")
        defer { stage.remove() }
        let executor = stage.executor()
        let request = try stage.request(
            "trap '' TERM; \(stage.trace("begun")); while :; do sleep 1; done",
            timeout: .seconds(1))
        let report = try await serving(executor) { await executor.perform(request) }
        #expect(report.ending == .timedOut)
    }

    @Test func aCancelEndsItAlsoThroughANewConnection() async throws {
        let stage = try await Stage("127.0.23.7")
        defer { stage.remove() }
        let executor = stage.executor()
        let request = try stage.request("\(stage.trace("begun")); exec sleep 600")
        let report = try await serving(executor) {
            async let report = executor.perform(request)
            try await stage.waitForTraces(1)
            try stage.server.cutConnections()
            await executor.cancel(stage.target.name)
            return await report
        }
        #expect(report.ending == .cancelled)
    }

    @Test func whatAnEarlierControllerStartedIsEndedWhereThatIsAskedForAtOnce() async throws {
        let stage = try await Stage("127.0.23.11")
        defer { stage.remove() }
        let first = stage.executor()
        let script = "\(stage.trace("begun")); exec sleep 600"
        let slow = try stage.request(script)
        _ = try await serving(first) {
            let attempt = Task { await first.perform(slow) }
            try await stage.waitForTraces(1)
            attempt.cancel()
            return await attempt.value
        }
        let second = stage.executor()
        var ending = try stage.request(script, isRecovery: true, mayStart: false)
        ending.detachment?.isEnding = true
        let report = try await serving(second) { [ending] in await second.perform(ending) }
        #expect(report.ending == .cancelled)
    }

    @Test func anotherAttemptWaitsUntilTheFirstOneIsGone() async throws {
        let stage = try await Stage("127.0.23.8")
        defer { stage.remove() }
        let first = stage.executor()
        let script = "\(stage.trace("begun $$")); exec sleep 600"
        let slow = try stage.request(script)
        _ = try await serving(first) {
            let attempt = Task { await first.perform(slow) }
            try await stage.waitForTraces(1)
            attempt.cancel()
            return await attempt.value
        }
        let second = stage.executor()
        let old = try #require(try stage.traces().first?.split(separator: " ").last)
        let next = try stage.request(
            "[ ! -e /proc/\(old) ] || exit 9; \(stage.trace("second"))", number: 2)
        let report = try await serving(second) { await second.perform(next) }
        #expect(report.ending == .exited(0))
    }

    @Test func nothingIsBegunBesideWhatAnEarlierRunOfThePlanLeftAlive() async throws {
        let stage = try await Stage("127.0.23.12")
        defer { stage.remove() }
        let first = stage.executor()
        let slow = try stage.request("\(stage.trace("begun $$")); exec sleep 600")
        _ = try await serving(first) {
            let attempt = Task { await first.perform(slow) }
            try await stage.waitForTraces(1)
            attempt.cancel()
            return await attempt.value
        }
        var again = try stage.request(stage.trace("second"))
        again.detachment = Detachment(
            token: stage.run + "-2", claim: "once.1", knownSpool: nil)
        let second = stage.executor()
        let beside = try await serving(second) { [again] in await second.perform(again) }
        guard case .notStarted(let why) = beside.ending else {
            Issue.record("\(beside.ending)")
            return
        }
        #expect(why.contains("still runs"))
        let old = try #require(try stage.traces().first?.split(separator: " ").last)
        kill(try #require(pid_t(old)), SIGKILL)
        var report = beside
        for _ in 0..<50 where report.ending != .exited(0) {
            let next = stage.executor()
            report = try await serving(next) { [again] in await next.perform(again) }
        }
        #expect(report.ending == .exited(0))
        #expect(try stage.traces().filter { $0 == "second" }.count == 1)
    }

    @Test func aRunThatIsOverIsClearedAwayAndCantBeOpenedAgain() async throws {
        let stage = try await Stage("127.0.23.9")
        defer { stage.remove() }
        let executor = stage.executor()
        try await serving(executor) {
            #expect(await executor.perform(try stage.request("true")).ending == .exited(0))
            await executor.clean(stage.target.name)
            let next = await executor.perform(try stage.request(stage.trace("no"), step: "next"))
            guard case .notStarted(let why) = next.ending else {
                Issue.record("\(next.ending)")
                return
            }
            #expect(why.contains("cleaned up"))
        }
        #expect(try stage.traces() == [])
    }

    @Test func outputIsCutExactlyAndCounted() async throws {
        let stage = try await Stage("127.0.23.10")
        defer { stage.remove() }
        let executor = stage.executor()
        let request = try stage.request("head -c 3000000 /dev/zero; head -c 1048577 /dev/zero >&2")
        let report = try await serving(executor) { await executor.perform(request) }
        #expect(report.ending == .exited(0))
        #expect(report.stdout.totalBytes == 3_000_000)
        #expect(report.stdout.droppedBytes == 3_000_000 - 1_048_576)
        #expect(report.stderr.totalBytes == 1_048_577)
        #expect(report.stderr.droppedBytes == 1)
    }
}

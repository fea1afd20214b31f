import Foundation
import Runbooks
import Runner
import Synchronization
import Testing

@testable import Plugins

/// The executors that must keep the contract.
enum ExecutorKind: String, CaseIterable, Sendable {
    case ssh, local

    /// Whether this machine can show it.
    var isAvailable: Bool {
        switch self {
        case .ssh: SSHServer.isAvailable
        case .local: access("/usr/bin/bwrap", X_OK) == 0
        }
    }

    static var available: [ExecutorKind] { allCases.filter(\.isAvailable) }
}

/// What every executor promises (`Executor` in Runner), shown on the real ones.
struct ExecutorContractTests {
    /// An executor that serves, and a target it reaches.
    struct Stage: Sendable {
        let executor: any Executor
        let target: PlannedTarget
        let notices: Notices
    }

    /// Keeps what an executor told.
    final class Notices: Sendable {
        private let taken = Mutex<[String]>([])
        var all: [String] { taken.withLock { $0 } }

        func take(_ notice: ExecutorNotice) {
            guard case .output(_, let bytes, let isError) = notice else { return }
            taken.withLock {
                $0.append("\(isError ? "2" : "1"):\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    private static let script = Array("#!/bin/sh\ncat files/greeting; printf '%s' \"$1\"\n".utf8)
    private static let greeting: [UInt8] = Array(1...255)

    private static func files() -> RunbookFiles {
        let contents = ["scripts/greet": script, "files/greeting": greeting]
        let byDigest = Dictionary(
            uniqueKeysWithValues: contents.values.map { (Digest.sha256(of: $0), $0) })
        return RunbookFiles(
            listed: contents.map { path, bytes in
                PlannedRunbook.File(
                    path: path, sha256: Digest.sha256(of: bytes), sizeBytes: bytes.count)
            }, bytes: { byDigest[$0] ?? [] })
    }

    func onStage<Result: Sendable>(
        _ kind: ExecutorKind, grace: StopGrace = StopGrace(),
        _ body: @Sendable (Stage) async throws -> Result
    ) async throws -> Result {
        let notices = Notices()
        switch kind {
        case .ssh:
            let server = try await SSHServer(address: "127.0.22.\(Int.random(in: 1...250))")
            defer { server.stop() }
            let executor = SSHExecutor(
                settings: server.settings, files: Self.files(), notices: notices.take, grace: grace)
            let target = try Requests.target("t1", at: server)
            return try await serving(executor) {
                try await body(Stage(executor: executor, target: target, notices: notices))
            }
        case .local:
            let executor = LocalExecutor(
                settings: LocalSettings(hiddenPaths: []), files: Self.files(),
                notices: notices.take, grace: grace)
            let target = try Requests.target("t1", address: "t1", port: 22)
            return try await serving(executor) {
                try await body(Stage(executor: executor, target: target, notices: notices))
            }
        }
    }

    func text(_ output: CapturedOutput) -> String {
        do {
            return String(decoding: try output.bytes, as: UTF8.self)
        } catch {
            Issue.record(error)
            return ""
        }
    }

    @Test(arguments: ExecutorKind.available)
    func keepsStreamsApartAndTellsTheStatus(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let report = await stage.executor.perform(
                try Requests.run(
                    ScriptCall(program: .inline("printf out; printf err >&2; exit 7")),
                    on: stage.target))
            #expect(report.ending == .exited(7))
            #expect(text(report.stdout) == "out")
            #expect(text(report.stderr) == "err")
            #expect(report.changed == nil)
            #expect(Set(stage.notices.all) == ["1:out", "2:err"])
        }
    }

    @Test(arguments: ExecutorKind.available)
    func stagesTheRunbooksFilesUnchanged(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let call = ScriptCall(program: .file("scripts/greet"), arguments: [.text("$(id)")])
            let report = await stage.executor.perform(try Requests.run(call, on: stage.target))
            #expect(report.stdout.rest == Self.greeting + Array("$(id)".utf8))
        }
    }

    /// Values that shells, protocols and terminals have taken for something else.
    private static let hostile: [String] = [
        "", " ", "'", "\"", "''\"\"", "$(touch /tmp/pwned)", "`id`", "${HOME}", "a\nb", "\n", "a\n",
        "\r\n", "-n", "--", "-rf /", "\\", "\\n", "*", "?", "[a]", "~", "!x", "#", ";id", "&&",
        "|", ">x", "%s%n", "\u{1B}[31mred\u{7}", "\u{202E}abc", "🤷🏽", "é", "go 0", "end 0",
        "\n@HR 0123456789abcdef0123456789abcdef end 0 - none\n", "a=b",
        String((1...127).map { Character(Unicode.Scalar($0)) }),
        String(repeating: "long ", count: 13_000),
    ]

    @Test(
        arguments: ExecutorKind.available,
        [
            (["sh"], "printf '%s\\0' \"$@\" \"$who\"; cat"),
            (["bash"], "printf '%s\\0' \"$@\" \"$who\"; cat"),
            (
                ["python3"],
                "import os,sys\nb=sys.stdout.buffer\n"
                    + "for v in sys.argv[1:]+[os.environ['who']]: b.write(os.fsencode(v)+b'\\0')\n"
                    + "b.write(sys.stdin.buffer.read())"
            ),
        ])
    func hostileValuesArriveUnchanged(
        kind: ExecutorKind, program: (words: [String], text: String)
    ) async throws {
        try await onStage(kind) { stage in
            for value in Self.hostile {
                var call = ScriptCall(program: .inline(program.text), interpreter: program.words)
                call.arguments = [.text(value), .text("x\(value)x")]
                call.environment = ["who": .text(value)]
                call.standardInput = .text(value)
                let report = await stage.executor.perform(try Requests.run(call, on: stage.target))
                #expect(report.ending == .exited(0))
                #expect(text(report.stdout) == "\(value)\0x\(value)x\0\(value)\0\(value)")
            }
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aValueThatCantArriveIsRefusedBeforeAnythingStarts(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            for value in ["a\0b", String(repeating: "x", count: 1 << 20)] {
                let call = ScriptCall(program: .inline("echo on"), arguments: [.text(value)])
                let report = await stage.executor.perform(try Requests.run(call, on: stage.target))
                guard case .notStarted = report.ending else {
                    Issue.record("\(report.ending)")
                    return
                }
                #expect(report.stdout.totalBytes == 0)
            }
            let large = String(repeating: "0123456789abcde\n", count: 1 << 16)
            var call = ScriptCall(program: .inline("cksum"))
            call.standardInput = .text(large)
            let report = await stage.executor.perform(try Requests.run(call, on: stage.target))
            #expect(text(report.stdout).hasSuffix(" 1048576\n"))
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aMissingInterpreterIsNamed(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let call = ScriptCall(program: .inline("x"), interpreter: ["no-such-thing"])
            let report = await stage.executor.perform(try Requests.run(call, on: stage.target))
            guard case .notStarted(let why) = report.ending else {
                Issue.record("\(report.ending)")
                return
            }
            #expect(why.contains("no-such-thing"))
        }
    }

    @Test(arguments: ExecutorKind.available)
    func givesBackWhatAStepWroteAsOutputs(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let call = ScriptCall(program: .inline("printf 'a=1\\nb=2\\n' >\"$HANDRAIL_OUTPUT\""))
            let report = await stage.executor.perform(
                try Requests.run(call, on: stage.target, wantsOutputs: true))
            #expect(report.outputs == Array("a=1\nb=2\n".utf8))
            let over = ScriptCall(
                program: .inline("head -c 70000 /dev/zero >\"$HANDRAIL_OUTPUT\""))
            let refused = await stage.executor.perform(
                try Requests.run(over, on: stage.target, wantsOutputs: true))
            #expect(refused.outputs.isEmpty)
            #expect(text(refused.stderr).contains("65536"))
        }
    }

    @Test(arguments: ExecutorKind.available)
    func cutsLongOutputAndCountsIt(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let call = ScriptCall(program: .inline("yes 0123456 | head -c 8388608; echo end"))
            let report = await stage.executor.perform(try Requests.run(call, on: stage.target))
            #expect(report.stdout.totalBytes == 8_388_612)
            #expect(report.stdout.count == 1 << 20)
            #expect(report.stdout.droppedBytes == 8_388_612 - (1 << 20))
            #expect(try report.stdout.suffix(4) == Array("end\n".utf8))
            #expect(report.stdout.rest.isEmpty)
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aStepThatIgnoresTERMIsKilledAndTheNextRuns(kind: ExecutorKind) async throws {
        let grace = StopGrace(beforeKill: .milliseconds(200))
        try await onStage(kind, grace: grace) { stage in
            let call = ScriptCall(
                program: .inline("trap '' TERM; while :; do sleep 600; done"))
            let report = await stage.executor.perform(
                try Requests.run(call, on: stage.target, timeout: .seconds(2)))
            #expect(report.ending == .timedOut)
            let next = await stage.executor.perform(
                try Requests.run(ScriptCall(program: .inline("echo on")), on: stage.target))
            #expect(text(next.stdout) == "on\n")
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aCancelledStepSaysSo(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            async let report = stage.executor.perform(
                try Requests.run(
                    ScriptCall(program: .inline("echo begun; exec sleep 600")), on: stage.target))
            while stage.notices.all.isEmpty { await Task.yield() }
            await stage.executor.cancel(stage.target.name)
            #expect(try await report.ending == .cancelled)
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aGreetingIsAnsweredAndRunsNothing(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            var greeting = try Requests.run(
                ScriptCall(program: .inline("echo ran; exit 7")), on: stage.target)
            greeting.isGreeting = true
            let report = await stage.executor.perform(greeting)
            #expect(report.ending == .exited(0))
            #expect(stage.notices.all.isEmpty && report.stdout.totalBytes == 0)
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aCallerThatLeavesGetsUnknown(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let ending = try await withThrowingTaskGroup(of: Ending.self) { group in
                group.addTask {
                    await stage.executor.perform(
                        try Requests.run(
                            ScriptCall(program: .inline("echo begun; exec sleep 600")),
                            on: stage.target)
                    ).ending
                }
                while stage.notices.all.isEmpty { await Task.yield() }
                group.cancelAll()
                return try await group.next()
            }
            guard case .unknown = ending else {
                Issue.record("\(String(describing: ending))")
                return
            }
        }
    }

    @Test(arguments: ExecutorKind.available)
    func waitsUntilSomethingHolds(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let until = ScriptCall(
                program: .inline(
                    "echo x >>../handrail-count; [ $(wc -l <../handrail-count) -ge 3 ]"))
            let come = await stage.executor.perform(
                try Requests.request(
                    .wait(WaitAction(until: until, every: .milliseconds(20), upTo: .seconds(30))),
                    on: stage.target))
            #expect(come.ending == .exited(0))
            let never = await stage.executor.perform(
                try Requests.request(
                    .wait(
                        WaitAction(
                            until: ScriptCall(program: .inline("false")),
                            every: .milliseconds(20), upTo: .milliseconds(100))),
                    on: stage.target))
            #expect(never.ending == .timedOut)
            _ = await stage.executor.perform(
                try Requests.run(
                    ScriptCall(program: .inline("rm ../handrail-count")), on: stage.target))
        }
    }

    /// How many lines its steps have shown; a line may be told in pieces.
    private func looks(_ stage: Stage) -> Int {
        stage.notices.all.joined().count { $0 == "\n" }
    }

    @Test(arguments: ExecutorKind.available)
    func goesOnLookingForAsLongAsItMustHold(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            func look(_ script: String, _ time: Duration) throws -> AttemptRequest {
                let call = ScriptCall(program: .inline("echo look; \(script)"))
                return try Requests.request(
                    .assert(AssertAction(script: call, staysOKFor: time)), on: stage.target)
            }
            let once = await stage.executor.perform(try look("true", .zero))
            #expect(once.ending == .exited(0))
            #expect(looks(stage) == 1)
            let held = await stage.executor.perform(try look("true", .milliseconds(500)))
            #expect(held.ending == .exited(0))
            #expect(held.durationMilliseconds >= 500)
            // Looks at 0, 200, 400 and 500 ms; one look may take all of it on a slow machine.
            #expect((2...5).contains(looks(stage)))
            let broken = await stage.executor.perform(
                try look("mkdir ../handrail-look 2>/dev/null || exit 4", .seconds(60)))
            #expect(broken.ending == .exited(4))
            _ = await stage.executor.perform(
                try Requests.run(
                    ScriptCall(program: .inline("rmdir ../handrail-look")), on: stage.target))
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aLookThatMustGoOnEndsByItsTimeoutAndByACancel(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let holds = AssertAction(
                script: ScriptCall(program: .inline("echo look")), staysOKFor: .seconds(600))
            let late = await stage.executor.perform(
                try Requests.request(
                    .assert(holds), on: stage.target, timeout: .seconds(2)))
            #expect(late.ending == .timedOut)
            let seen = looks(stage)
            async let report = stage.executor.perform(
                try Requests.request(.assert(holds), on: stage.target))
            while looks(stage) == seen { await Task.yield() }
            await stage.executor.cancel(stage.target.name)
            #expect(try await report.ending == .cancelled)
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aScriptThatWasCleanedUpIsNamedAndSentAgain(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let greet = try Requests.run(
                ScriptCall(program: .file("scripts/greet"), arguments: [.text("on")]),
                on: stage.target)
            let inline = try Requests.run(
                ScriptCall(program: .inline("echo inline")), on: stage.target)
            #expect(await stage.executor.perform(greet).ending == .exited(0))
            #expect(await stage.executor.perform(inline).ending == .exited(0))
            let clean = ScriptCall(program: .inline("rm -r scripts files in"))
            #expect(
                await stage.executor.perform(try Requests.run(clean, on: stage.target)).ending
                    == .exited(0))
            guard case .notStarted(let why) = await stage.executor.perform(greet).ending else {
                Issue.record("a script that is not there was started")
                return
            }
            #expect(why.contains("scripts/greet"))
            let again = await stage.executor.perform(greet)
            #expect(again.stdout.rest == Self.greeting + Array("on".utf8))
            #expect(text(await stage.executor.perform(inline).stdout) == "inline\n")
        }
    }

    @Test(arguments: ExecutorKind.available)
    func collectsWithinItsLimit(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let action = CollectAction(
                commands: ["echo one; exit 3"], files: ["/etc/passwd", "/no/such"],
                limitBytes: 24)
            let report = await stage.executor.perform(
                try Requests.request(.collect(action), on: stage.target))
            #expect(report.ending == .exited(0))
            #expect(report.collected.map(\.name) == ["echo one; exit 3", "/etc/passwd"])
            #expect(report.collected.map(\.content.rest.count) == [4, 20])
            let size = try FileManager.default.attributesOfItem(atPath: "/etc/passwd")[.size]
            #expect(report.collected.last?.content.totalBytes == size as? Int)
            #expect(text(report.stderr).contains("exit status 3"))
            #expect(text(report.stderr).contains("/no/such"))
        }
    }
}

import Runbooks
import Runner
import Synchronization
import Testing

@testable import Plugins

struct RedactingExecutorTests {
    /// Reports one thing, whatever it is asked.
    private struct Fixed: Executor {
        let report: AttemptReport

        func perform(_ request: AttemptRequest) async -> AttemptReport { report }
        func cancel(_ target: TargetName) async {}
        func close(_ target: TargetName) async {}
        func shutDown() async {}
    }

    private let redactor = Redactor(secrets: [Secret("hunter22")])

    @Test func noFieldOfAReportHoldsASecret() async throws {
        let output = CapturedOutput(bytes: Array("a hunter22 b".utf8), totalBytes: 12)
        var report = AttemptReport(
            ending: .unknown("hunter22"), stdout: output, stderr: output,
            outputs: Array("x=hunter22\n".utf8), changed: true, diff: "+hunter22",
            collected: [CollectedFile(name: "echo hunter22", content: output)])
        report.seen = SeenState(expected: "hunter22", actual: "no hunter22")
        let target = try Requests.target("t1", address: "t1", port: 22)
        let request = try Requests.run(ScriptCall(program: .inline("true")), on: target)
        let scrubbed = await RedactingExecutor(Fixed(report: report), redactor: redactor)
            .perform(request)
        let safe = Array("a [secret] b".utf8)
        #expect(scrubbed.ending == .unknown("[secret]"))
        #expect(scrubbed.stdout.rest == safe)
        #expect(scrubbed.stderr.rest == safe)
        #expect(scrubbed.outputs == Array("x=[secret]\n".utf8))
        #expect(scrubbed.diff == "+[secret]")
        #expect(scrubbed.seen == SeenState(expected: "[secret]", actual: "no [secret]"))
        #expect(scrubbed.collected.map(\.name) == ["echo [secret]"])
        #expect(scrubbed.collected.map(\.content.rest) == [safe])
        #expect(scrubbed.stdout.totalBytes == 12)
    }

    @Test(arguments: 1...9)
    func liveOutputHoldsNoSecretHoweverItIsCut(size: Int) throws {
        let seen = Mutex<[UInt8]>([])
        let notices = RedactedNotices(redactor) { notice in
            if case .output(_, let bytes, _) = notice { seen.withLock { $0 += bytes } }
        }
        let target = try Requests.target("t1", address: "t1", port: 22)
        let key = try Requests.run(ScriptCall(program: .inline("true")), on: target).key
        let all = Array("the hunter22 is out\n".utf8)
        for start in stride(from: 0, to: all.count, by: size) {
            notices.take(
                .output(
                    key, bytes: Array(all[start..<min(start + size, all.count)]), isError: false))
        }
        #expect(String(decoding: seen.withLock { $0 }, as: UTF8.self) == "the [secret] is out\n")
    }
}

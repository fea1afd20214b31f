import Runbooks
import Runner
import Synchronization
import Testing

@testable import Plugins

/// What only the way over ssh can show; the rest is in `ExecutorContractTests`.
@Suite(.enabled(if: SSHServer.isAvailable))
struct SSHExecutorTests {
    @Test func runsAScriptWithItsValues() async throws {
        let report = try await withServer("127.0.21.1") { server, executor in
            let target = try Requests.target("t1", address: server.address, port: server.port)
            var call = ScriptCall(
                program: .inline("printf '%s|' \"$1\" \"$who\"; echo err >&2; exit 3"))
            call.arguments = [.text("a b\n$(id)")]
            call.environment = ["who": .text("it's \"me\"")]
            return await executor.perform(try Requests.run(call, on: target))
        }
        #expect(report.ending == .exited(3))
        #expect(String(decoding: report.stdout.bytes, as: UTF8.self) == "a b\n$(id)|it's \"me\"|")
        #expect(String(decoding: report.stderr.bytes, as: UTF8.self) == "err\n")
    }

    @Test func aTimeoutEndsTheStepAndTheSessionLives() async throws {
        let reports = try await withServer("127.0.21.2") { server, executor in
            let target = try Requests.target("t1", address: server.address, port: server.port)
            let slow = await executor.perform(
                try Requests.run(
                    ScriptCall(program: .inline("echo begun; exec sleep 600")), on: target,
                    timeout: .milliseconds(300)))
            let next = await executor.perform(
                try Requests.run(ScriptCall(program: .inline("echo on")), on: target))
            return [slow, next]
        }
        #expect(reports.map(\.ending) == [.timedOut, .exited(0)])
        #expect(
            reports.map { String(decoding: $0.stdout.bytes, as: UTF8.self) } == ["begun\n", "on\n"])
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

/// Runs a body with a server of its own and an executor whose requests lead there.
func withServer<Result: Sendable>(
    _ address: String, files: RunbookFiles = .none,
    _ body: @Sendable (SSHServer, SSHExecutor) async throws -> Result
) async throws -> Result {
    let server = try await SSHServer(address: address)
    defer { server.stop() }
    let executor = SSHExecutor(settings: server.settings, files: files, notices: { _ in })
    return try await serving(executor) { try await body(server, executor) }
}

extension RunbookFiles {
    /// No files.
    static let none = RunbookFiles(listed: [], bytes: { _ in [] })
}

import Audit
import Plugins
import Runbooks
import Runner

/// How this command line reaches targets: ssh's settings, and the executors made of them.
struct Reach: Sendable {
    let session: Session
    let options: ReachOptions

    /// How `ssh` is called.
    var settings: SSHSettings {
        let named = options.sshConfig ?? session.world.environment["HANDRAIL_SSH_CONFIG"]
        return SSHSettings(
            configFile: named.flatMap { $0.isEmpty ? nil : session.world.path($0) },
            extraOptions: session.trustFolder.hosts.map(Self.alone) ?? [])
    }

    /// What makes one file of host keys the only one that counts.
    private static func alone(_ path: String) -> [String] {
        // ssh_config(5): "%" begins a token, and a path with spaces stands in quotes.
        let plain = path.replacing("%", with: "%%")
        let shown = plain.contains(" ") ? "\"\(plain)\"" : plain
        return ["UserKnownHostsFile=\(shown)", "GlobalKnownHostsFile=/dev/null"].flatMap {
            ["-o", $0]
        }
    }

    /// The host keys known for each target, as ssh would look them up.
    func hostKeys(of targets: [Target]) async -> [TargetName: [String]] {
        await KnownHosts(settings: settings, home: session.world.account().homeFolder)
            .fingerprints(of: targets)
    }

    /// Runs a body with an executor for a plan, and ends its sessions afterwards.
    ///
    /// The ledger has the sessions that are opened, with their proofs.
    func withExecutor<Value: Sendable>(
        for plan: Plan, files: [Digest: [UInt8]], secrets: [ParameterName: Secret],
        _ body: (any Executor, SessionLedger) async throws -> Value
    ) async throws -> Value {
        let ledger = SessionLedger()
        let redactor = Redactor(secrets: Array(secrets.values))
        let notices = RedactedNotices(redactor) { notice in
            switch notice {
            case .sessionOpened(let target, let proof):
                ledger.note(OpenedSession(target: target, proof: proof))
            case .reach(let target, let lost): ledger.noteReach(target, lost: lost)
            case .output: break
            }
        }
        let keeping = OutputKeeping(
            redactor: redactor,
            spool: FileOutputSpool(
                inHome: session.homePath, else: session.world.environment["TMPDIR"] ?? "/tmp"))
        let staged = RunbookFiles(listed: plan.runbook.files) { files[$0] ?? [] }
        let ssh = SSHExecutor(
            settings: settings, files: staged, notices: notices.take,
            recorded: { [sleep = session.world.sleep] in
                await ledger.waitUntilUsable($0, sleep: sleep)
            },
            keeping: keeping)
        let local = LocalExecutor(
            settings: LocalSettings(
                hiddenPaths: [session.homePath], allowUnconfined: plan.environment.content == .off),
            files: staged, notices: notices.take, keeping: keeping)
        let http = HTTPExecutor(files: staged, keeping: keeping)
        let executor = RedactingExecutor(
            PlaceRouter(target: ssh, controller: local, http: http), redactor: redactor)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await ssh.serve() }
            group.addTask { await local.serve() }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(executor, ledger))
            } catch {
                result = .failure(error)
            }
            await executor.shutDown()
            ledger.finish()
            return try result.get()
        }
    }
}

/// The executor of one run: attempts on targets go over ssh, those on the controller stay here.
struct PlaceRouter: Executor {
    let target: any Executor
    let controller: any Executor
    let http: any Executor

    /// Carries out one attempt where its step says.
    func perform(_ request: AttemptRequest) async -> AttemptReport {
        if request.action.isRequest { return await ask(request) }
        switch request.place {
        case .target: return await target.perform(request)
        case .controller: return await controller.perform(request)
        }
    }

    /// Carries out an attempt on a target with its followers; what has none goes as before.
    func perform(
        _ request: AttemptRequest,
        report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async {
        guard !request.followers.isEmpty else {
            return await report(request.key, await perform(request))
        }
        await target.perform(request, report: report)
    }

    /// What is sent ahead goes to targets alone.
    func recall(_ name: TargetName) async { await target.recall(name) }

    /// A request goes out once what an earlier session left on the target is proved gone.
    private func ask(_ request: AttemptRequest) async -> AttemptReport {
        if !request.previousSessions.isEmpty {
            var greeting = request
            greeting.action = .assert(AssertAction(script: ScriptCall(program: .inline(":\n"))))
            greeting.isGreeting = true
            greeting.secrets = [:]
            greeting.wantsOutputs = false
            let report = await target.perform(greeting)
            guard report.ending == .exited(0) else { return report }
        }
        return await http.perform(request)
    }

    /// Asks all: an attempt of a target is under way at one of them at most.
    func cancel(_ name: TargetName) async {
        await target.cancel(name)
        await controller.cancel(name)
        await http.cancel(name)
    }

    /// Only what runs on a target can leave anything there.
    func clean(_ name: TargetName) async { await target.clean(name) }

    /// Ends the target's sessions.
    func close(_ name: TargetName) async {
        await target.close(name)
        await controller.close(name)
        await http.close(name)
    }

    /// Ends all sessions, at the same time.
    func shutDown() async {
        async let first: Void = target.shutDown()
        async let second: Void = controller.shutDown()
        async let third: Void = http.shutDown()
        _ = await (first, second, third)
    }
}

/// A session that was opened on a target, and what proves later that its processes are gone.
struct OpenedSession: Sendable {
    let target: TargetName
    let proof: String
}

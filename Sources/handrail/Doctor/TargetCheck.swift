import Plugins
import Runbooks
import Runner

/// Connects to targets as a run would, and looks what is there.
struct TargetCheck: Sendable {
    /// How long one target may take, the connection apart.
    private static let limit: Duration = .seconds(15)
    /// How long connecting may take: shorter than a run's, since a person waits.
    private static let connectLimit: Duration = .seconds(5)

    /// What is asked of each target: read only, in plain sh.
    private static let script = """
        echo "user $(id -un)"
        for tool in bash python3 sudo systemctl sv; do
            command -v "$tool" >/dev/null 2>&1 && echo "tool $tool"
        done
        if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null 2>&1; then
            sudo -n true >/dev/null 2>&1 && echo "sudo yes" || echo "sudo no"
        fi
        """

    var settings: SSHSettings
    let session: Session

    init(settings: SSHSettings, session: Session) {
        self.settings = settings
        self.settings.connectTimeout = Self.connectLimit
        self.session = session
    }

    /// A finding for each target, in the order given.
    func findings(_ targets: [Target]) async -> [DoctorFinding] {
        let keys = await KnownHosts(
            settings: settings, home: session.world.account().homeFolder
        ).fingerprints(of: targets)
        let executor = SSHExecutor(
            settings: settings, files: RunbookFiles(listed: []) { _ in [] }, notices: { _ in })
        let id = session.newRunID()
        return await withTaskGroup(of: (Int, DoctorFinding)?.self) { group in
            group.addTask {
                await executor.serve()
                return nil
            }
            let looks = await withTaskGroup(of: (Int, DoctorFinding).self) { group in
                for (index, target) in targets.enumerated() {
                    group.addTask {
                        let planned = PlannedTarget(
                            name: target.name, address: target.address, port: target.port,
                            user: target.user, becomeUser: nil, hostKeys: keys[target.name] ?? [],
                            labels: [:])
                        return (index, await look(at: planned, with: executor, as: id))
                    }
                }
                return await group.reduce(into: [(Int, DoctorFinding)]()) { $0.append($1) }
            }
            await executor.shutDown()
            return looks.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func look(
        at target: PlannedTarget, with executor: SSHExecutor, as run: RunID
    ) async -> DoctorFinding {
        let request = AttemptRequest(
            run: run, key: AttemptKey(target: target.name, part: .symptom, number: 1),
            target: target, place: .target,
            action: .run(ScriptCall(program: .inline(Self.script))), mode: .probe,
            timeout: Self.limit)
        let report = await executor.perform(request)
        await executor.close(target.name)
        return Self.finding(target.name, report)
    }

    /// What a target's answer means.
    static func finding(_ name: TargetName, _ report: AttemptReport) -> DoctorFinding {
        let check = name.rawValue
        switch report.ending {
        case .exited(0):
            // A few lines: an answer that outgrew memory is none.
            return found(check, String(decoding: report.stdout.rest, as: UTF8.self))
        case .exited(let status):
            return DoctorFinding(
                .problem, check, "reached, but its shell fails (exit \(status))",
                remedy: "log in with ssh, and look why 'id' or 'command' fails")
        case .unreachable(let why), .notStarted(let why), .unknown(let why), .heldBack(let why):
            return DoctorFinding(.problem, check, why)
        case .timedOut, .cancelled:
            return DoctorFinding(
                .problem, check, "reached, but it doesn't answer within 15 s",
                remedy: "is it overloaded?")
        }
    }

    private static func found(_ check: String, _ output: String) -> DoctorFinding {
        var words: [String: [String]] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            if parts.count == 2 { words[parts[0], default: []].append(parts[1]) }
        }
        let user = words["user"]?.first ?? "?"
        let tools = words["tool"] ?? []
        let text = "reached as \(user); has sh\(tools.map { ", " + $0 }.joined())"
        guard user != "root", words["sudo"]?.first != "yes" else {
            return DoctorFinding(.ok, check, text)
        }
        return DoctorFinding(
            .warning, check, "\(text); \(user) may not become root without a password",
            remedy: "runbooks with run_as need a rule in sudoers: "
                + "'\(user) ALL=(root) NOPASSWD: /bin/sh'")
    }
}

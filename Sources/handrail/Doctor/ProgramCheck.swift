/// Looks for the programs that Handrail calls.
struct ProgramCheck: Sendable {
    let session: Session

    /// One finding for each program.
    func findings() async -> [DoctorFinding] {
        [
            await version(
                "ssh", ["-V"], need: "targets can't be reached", package: "openssh-client"),
            await keygen(),
            await version(
                "git", ["--version"], need: "libraries can't be made or fetched", package: "git"),
            await confinement(),
        ]
    }

    private func version(
        _ name: String, _ arguments: [String], need: String, package: String
    ) async -> DoctorFinding {
        switch await Program(name: name, arguments: arguments).run(session.world) {
        case .exited(0, let output, let error):
            let text = output.isEmpty ? error : output
            return DoctorFinding(.ok, name, String(text.prefix { !$0.isNewline }))
        case .exited(let status, _, _):
            return DoctorFinding(
                .problem, name, "it ends with \(status) when asked for its version: \(need)",
                remedy: "install it again: apt install \(package)")
        case .notStarted:
            return DoctorFinding(
                .problem, name, "not found in PATH: \(need)", remedy: "apt install \(package)")
        case .timedOut:
            return DoctorFinding(
                .problem, name, "it doesn't answer when asked for its version: \(need)",
                remedy: "look which program it is: command -v \(name)")
        }
    }

    /// It has no version of its own; without arguments that it knows it explains itself.
    private func keygen() async -> DoctorFinding {
        switch await Program(name: "ssh-keygen", arguments: ["-?"]).run(session.world) {
        case .exited: DoctorFinding(.ok, "ssh-keygen", "found")
        case .notStarted, .timedOut:
            DoctorFinding(
                .problem, "ssh-keygen", "not found in PATH: host keys can't be looked up",
                remedy: "apt install openssh-client")
        }
    }

    /// Steps on the controller are confined by bubblewrap: it must be there, and be allowed to.
    private func confinement() async -> DoctorFinding {
        let without =
            "steps on the controller are refused where the content policy isn't off"
        let found = await version("bwrap", ["--version"], need: without, package: "bubblewrap")
        guard found.verdict == .ok else {
            return DoctorFinding(.warning, "bwrap", found.message, remedy: found.remedy)
        }
        let trial = await Program(
            name: "bwrap", arguments: ["--ro-bind", "/", "/", "--unshare-all", "true"]
        ).run(session.world)
        guard !trial.isSuccess else { return found }
        return DoctorFinding(
            .warning, "bwrap", "\(found.message), but it may not make namespaces: \(without)",
            remedy:
                "allow unprivileged user namespaces for it (sysctl kernel.unprivileged_userns_clone"
                + "=1, or its AppArmor profile)")
    }
}

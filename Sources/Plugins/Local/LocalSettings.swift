import Glibc
import Runner

/// How steps on the controller are kept away from what they must not see (invariant 10).
package struct LocalSettings: Sendable, Hashable {
    /// Where bubblewrap is.
    package var bwrapPath: String
    /// What must stay out of sight beside all home directories: the home of Handrail, trust, keys.
    package var hiddenPaths: [String]
    /// Whether steps may run without bubblewrap where it is missing; only for environments whose
    /// content policy is `off`.
    package var allowUnconfined: Bool

    package init(
        bwrapPath: String = "/usr/bin/bwrap", hiddenPaths: [String], allowUnconfined: Bool = false
    ) {
        self.bwrapPath = bwrapPath
        self.hiddenPaths = hiddenPaths
        self.allowUnconfined = allowUnconfined
    }

    /// Places that hold people's keys, sockets and each other's files.
    private static let alwaysHidden = [
        "/home", "/root", "/run", "/tmp", "/var/tmp", "/mnt", "/media",
    ]
    /// The whole environment of a step on the controller.
    private static let environment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp",
        "LANG": "C.UTF-8",
    ]

    /// What to spawn for a session on the controller.
    func command(for target: PlannedTarget) throws(SessionTransport.Refusal) -> SessionCommand {
        let shell = ["sh"]
        if access(bwrapPath, X_OK) == 0 {
            return SessionCommand(
                program: bwrapPath, arguments: confinement + ["--"] + shell,
                environment: Self.environment)
        }
        guard allowUnconfined else {
            throw SessionTransport.Refusal(
                ending: .notStarted(
                    "Steps on the controller run in bubblewrap, and \(bwrapPath) is not there. "
                        + "Install the package 'bubblewrap'."), isTransient: false)
        }
        return SessionCommand(
            program: "/bin/sh", arguments: Array(shell.dropFirst()),
            environment: Self.environment)
    }

    /// The arguments of bubblewrap: the machine read-only, without homes, sockets, capabilities
    /// and other processes; the network stays, because looking at it is what such steps are for.
    private var confinement: [String] {
        var arguments = [
            "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc",
            "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL", "--ro-bind", "/", "/",
            "--dev", "/dev", "--proc", "/proc",
        ]
        let resolver = "/run/systemd/resolve"
        for path in Self.alwaysHidden where Self.kind(of: path) == .folder {
            arguments += ["--tmpfs", path]
            if path == "/run", Self.kind(of: resolver) == .folder {
                arguments += ["--ro-bind", resolver, resolver]
            }
        }
        for path in hiddenPaths where !isHiddenAlready(path) {
            switch Self.kind(of: path) {
            case .folder: arguments += ["--tmpfs", path]
            case .file: arguments += ["--ro-bind", "/dev/null", path]
            case nil: break
            }
        }
        return arguments
    }

    private func isHiddenAlready(_ path: String) -> Bool {
        Self.alwaysHidden.contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    private enum Kind { case folder, file }

    private static func kind(of path: String) -> Kind? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }
}

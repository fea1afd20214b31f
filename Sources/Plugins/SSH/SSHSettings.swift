import Glibc
import Runner

/// How `ssh` is called.
package struct SSHSettings: Sendable, Hashable {
    /// The program's path; a name where PATH has no such program.
    package let sshPath: String
    /// Given to `ssh -F`; the person's own configuration when nil.
    package var configFile: String?
    /// More arguments, such as `-o` and `UserKnownHostsFile=…`; they stand before Handrail's own.
    package var extraOptions: [String]
    /// How long connecting and logging in may take.
    package var connectTimeout: Duration

    /// `sshPath` is a path, or a name that is looked up in PATH here, once: a spawn by name would
    /// fork for each folder in which it isn't.
    package init(
        sshPath: String = "ssh", configFile: String? = nil, extraOptions: [String] = [],
        connectTimeout: Duration = .seconds(10)
    ) {
        self.sshPath = sshPath.contains("/") ? sshPath : Self.found(sshPath)
        self.configFile = configFile
        self.extraOptions = extraOptions
        self.connectTimeout = connectTimeout
    }

    private static func found(_ name: String) -> String {
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        // Whoever calls it tells the person when it is missing.
        return folders.split(separator: ":").map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 } ?? name
    }

    /// The options that come first in every call of `ssh`: which configuration counts.
    var configuration: [String] { (configFile.map { ["-F", $0] } ?? []) + extraOptions }

    /// The arguments for a target's session; what ssh reads first, counts, so ours come before
    /// the person's configuration, and the pins of host keys before all.
    func arguments(
        for target: PlannedTarget, pins: [String]
    ) throws(SessionTransport.Refusal) -> [String] {
        try Self.check(target)
        let options = [
            "BatchMode=yes", "StrictHostKeyChecking=yes", "ServerAliveInterval=5",
            "ServerAliveCountMax=3", "ConnectTimeout=\(max(1, connectTimeout.components.seconds))",
            "ControlMaster=no", "ControlPath=none", "ClearAllForwardings=yes",
            "ForwardAgent=no", "PermitLocalCommand=no", "RemoteCommand=none", "RequestTTY=no",
            "EscapeChar=none", "LogLevel=INFO",
        ]
        return pins.flatMap { ["-o", $0] } + configuration + ["-T", "-x"]
            + options.flatMap { ["-o", $0] }
            + ["-p", "\(target.port)"] + (target.user.map { ["-l", $0] } ?? [])
            + ["--", target.address, remoteCommand(target)]
    }

    private func remoteCommand(_ target: PlannedTarget) -> String {
        guard let user = target.becomeUser else { return "exec sh" }
        return "exec sudo -n -u \(user) -- sh"
    }

    /// Refuses a record whose fields could mean something else to `ssh` or to a shell.
    static func check(_ target: PlannedTarget) throws(SessionTransport.Refusal) {
        func refuse(_ what: String) -> SessionTransport.Refusal {
            SessionTransport.Refusal(
                ending: .notStarted("The target \(target.name) has \(what)."), isTransient: false)
        }
        guard isAddress(target.address) else { throw refuse("an address that is none") }
        guard (1...65535).contains(target.port) else { throw refuse("a port that is none") }
        if let user = target.user, !isLogin(user) { throw refuse("a user name that is none") }
        if let user = target.becomeUser, !isAccount(user) {
            throw refuse("an account to become that is none")
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253 && !text.hasPrefix("-")
            && text.utf8.allSatisfy { isAlphanumeric($0) || ".-_:%".utf8.contains($0) }
    }

    private static func isLogin(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64 && !text.hasPrefix("-")
            && text.utf8.allSatisfy { isAlphanumeric($0) || ".-_@\\".utf8.contains($0) }
    }

    /// `[a-z_][a-z0-9_-]{0,31}` (docs/session-protocol.md, section 1).
    private static func isAccount(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 32 else { return false }
        let isSmall = { (byte: UInt8) in (97...122).contains(byte) || byte == 95 }
        return isSmall(first)
            && text.utf8.allSatisfy { isSmall($0) || (48...57).contains($0) || $0 == 45 }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (97...122).contains(byte | 0x20) || (48...57).contains(byte)
    }
}

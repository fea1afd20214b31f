import Runbooks
import Runner

/// Finds the host keys that `ssh` would accept for each target.
package struct KnownHosts: HostKeyDirectory {
    private let settings: SSHSettings
    private let home: String

    /// - Parameters:
    ///   - settings: the same as the executor's, so that both look in the same files.
    ///   - home: what `~` means in a file's name.
    package init(settings: SSHSettings, home: String) {
        self.settings = settings
        self.home = home
    }

    /// The fingerprints known for each target; empty where none is known or nothing can be read.
    ///
    /// A key that signs certificates is one of them, as `@cert-authority SHA256:…`; a revoked one
    /// is none.
    package func fingerprints(of targets: [Target]) async -> [TargetName: [String]] {
        let lookup = ServerKeyLookup(settings: settings, home: home)
        var found: [TargetName: [String]] = [:]
        for target in targets {
            let keys = await lookup.keys(
                address: target.address, port: target.port, user: target.user
            ).keys
            let names = keys.filter { $0.marker != .revoked }.map(\.name)
            found[target.name] = Set(names).sorted()
        }
        return found
    }
}

import Glibc
import Runbooks
import Runner
import Synchronization

/// Lets `ssh` accept exactly those host keys that the plan names.
///
/// A plan has fingerprints, and `ssh` wants keys: they are taken from known_hosts, right before
/// each connection. `ssh` is given a file of its own for each target, which holds the keys that
/// the plan names and no other, and every other way to accept a key is switched off. So it is
/// `ssh` that refuses a key, in the handshake, before a login. A class, because it owns the files.
final class ServerKeyPins: Sendable {
    private struct State {
        /// The folder that was made in a place.
        var folders: [String: ServerKeyFolder] = [:]
        /// How many files were made.
        var files = 0
        /// Targets for which known_hosts has other keys than the plan.
        var changed: Set<TargetName> = []
    }

    /// In memory where there is such a place: a full disk must not stop the fix for it.
    static let places = ["/dev/shm", "/run/user/\(getuid())", "/tmp"]

    private let lookup: ServerKeyLookup
    private let places: [String]
    private let state = Mutex(State())

    init(lookup: ServerKeyLookup, places: [String] = ServerKeyPins.places) {
        self.lookup = lookup
        self.places = places
    }

    /// The options that pin a target's host keys; they must stand before all others.
    ///
    /// Throws when there is no key to accept.
    func options(for target: PlannedTarget) async throws(SessionTransport.Refusal) -> [String] {
        guard !target.hostKeys.isEmpty else {
            throw Self.refusal(SSHFailure.unknownKey, target)
        }
        let found = await lookup.keys(
            address: target.address, port: target.port, user: target.user)
        let trusted = found.keys.filter { $0.marker != .revoked }
        let planned = trusted.filter { target.hostKeys.contains($0.name) }
        guard !planned.isEmpty else {
            throw Self.refusal(
                trusted.isEmpty ? SSHFailure.forgottenKey : SSHFailure.otherKey, target)
        }
        state.withLock { state in
            if trusted.count > planned.count {
                state.changed.insert(target.name)
            } else {
                state.changed.remove(target.name)
            }
        }
        let keys = planned + found.keys.filter { $0.marker == .revoked }
        guard let path = write(keys.map { Self.line($0) }.joined()) else {
            let text =
                "No file for the host keys of @ could be written in "
                + places.joined(separator: ", ") + ". Is there room?"
            throw SessionTransport.Refusal(
                ending: .notStarted(SSHFailure.filled(text, target)), isTransient: false)
        }
        return [
            "UserKnownHostsFile=\(path)", "GlobalKnownHostsFile=/dev/null", "VerifyHostKeyDNS=no",
            "NoHostAuthenticationForLocalhost=no", "UpdateHostKeys=no",
        ] + found.rules.switches
    }

    /// Whether known_hosts has other keys for a target than its plan.
    func haveChanged(for target: PlannedTarget) -> Bool {
        state.withLock { $0.changed.contains(target.name) }
    }

    /// Removes the files.
    func remove() {
        state.withLock { state in
            state.folders.values.forEach { $0.remove() }
            state.folders = [:]
        }
    }

    private static func refusal(
        _ text: String, _ target: PlannedTarget
    ) -> SessionTransport.Refusal {
        SessionTransport.Refusal(
            ending: .unreachable(SSHFailure.filled(text, target)), isTransient: false)
    }

    /// Under every name: whichever `ssh` looks up, the file is for this target alone.
    private static func line(_ key: KnownKey) -> String {
        (key.marker == .host ? "" : key.marker.rawValue + " ") + "* \(key.text)\n"
    }

    /// The path of a new private file in the first place that has room; nil when none has.
    private func write(_ text: String) -> String? {
        state.withLock { state in
            for place in places {
                guard let folder = state.folders[place] ?? ServerKeyFolder(in: place) else {
                    continue
                }
                state.folders[place] = folder
                state.files += 1
                let path = "\(folder.path)/\(state.files)"
                if Self.write(Array(text.utf8), to: path) { return path }
                unlink(path)
            }
            return nil
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let count = Glibc.write(descriptor, bytes, bytes.count)
        return close(descriptor) == 0 && count == bytes.count
    }
}

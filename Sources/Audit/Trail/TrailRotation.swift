import Foundation
import Runner

/// The change from one key of a home to the next (docs/trail.md, "Keys").
///
/// Whatever of it was done before a crash is found and used by the next try. Only one is under way
/// in a home at a time.
package struct TrailRotation: Sendable {
    private let home: Home
    private let comment: String
    /// INVARIANT: held from before the next key is looked for until it is in its place; or two of
    /// them would introduce a key each, and keep one.
    private let lock: TrailLock

    /// Waits until no other rotation of the home is under way; blocks for 10 s at most.
    ///
    /// - Parameters:
    ///   - home: whose key is changed; it must have one.
    ///   - comment: what stands in the key's file, such as the machine's name.
    /// - Throws: `locked` while another process changes it, `full`, `io`.
    package init(home: Home, comment: String) throws(JournalError) {
        (self.home, self.comment) = (home, comment)
        do {
            lock = try TrailLock(
                home.keysPath + "/rotation.lock", waiting: TrailRepository.longestWait)
            try lock.take()
        } catch {
            throw JournalError(trail: error, path: home.keysPath)
        }
    }

    /// The key that is to sign next, made when there is none; the first one is written down.
    package func prepare() throws(JournalError) -> TrailPublicKey {
        if let key = try TrailKeyFile.key(of: home) {
            try TrailKeyFile.keepFirst(key.publicKey, of: home)
        }
        return try TrailKeyFile.makeNextKey(of: home, comment: comment).publicKey
    }

    /// Whether the trail names a key already: then only the last step is missing.
    package func isIntroduced(_ key: TrailPublicKey) throws(JournalError) -> Bool {
        let text = try TrailReader(path: home.trailPath).meta("allowed_signers") ?? ""
        return TrailLayout.keys(inAllowedSigners: text)?.contains(key) ?? false
    }

    /// Puts the next key in the place of the home's, unless a seal has done so already, and lets
    /// the next rotation begin.
    ///
    /// - Throws: `corrupt` unless the trail names it as the one that signs.
    package func finish() throws(JournalError) {
        try TrailRepository.open(in: home, create: nil).confirmKey()
        lock.release()
    }
}

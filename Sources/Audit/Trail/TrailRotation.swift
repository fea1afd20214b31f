import Foundation
import Runner

/// The change from one key of a home to the next (docs/trail.md, "Keys").
///
/// Whatever of it was done before a crash is found and used by the next try.
package struct TrailRotation: Sendable {
    private let home: Home
    private let comment: String

    /// - Parameters:
    ///   - home: whose key is changed; it must have one.
    ///   - comment: what stands in the key's file, such as the machine's name.
    package init(home: Home, comment: String) { (self.home, self.comment) = (home, comment) }

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

    /// Puts the next key in the place of the home's, unless a seal has done so already.
    package func finish() throws(JournalError) {
        guard try TrailKeyFile.nextKey(of: home) != nil else { return }
        try TrailKeyFile.useNextKey(of: home)
    }
}

/// A line of known_hosts: whose host key it is, and which.
package struct PinnedKey: Sendable, Hashable {
    /// The names as they stand there: plain, patterns, or hashed.
    package let names: String
    /// `@revoked` or `@cert-authority`; nil for a plain key.
    package let marker: String?
    /// The kind, as OpenSSH names it.
    package let kind: String
    /// `SHA256:…`.
    package let fingerprint: KeyFingerprint

    package init(names: String, marker: String?, kind: String, fingerprint: KeyFingerprint) {
        self.names = names
        self.marker = marker
        self.kind = kind
        self.fingerprint = fingerprint
    }
}

/// A person's public key, and when it may be used.
package struct PersonKey: Sendable, Hashable {
    /// The key itself.
    package let key: SigningKey
    /// The first instant that it holds at; nil when it always did.
    package let from: Timestamp?
    /// The first instant that it doesn't hold at any more; nil while it does.
    package let until: Timestamp?

    package init(_ key: SigningKey, from: Timestamp? = nil, until: Timestamp? = nil) {
        self.key = key
        self.from = from
        self.until = until
    }

    /// `SHA256:…`.
    package var fingerprint: KeyFingerprint { key.fingerprint }

    /// Whether it holds at an instant: from its start on, and before its end.
    package func holds(at instant: Timestamp) -> Bool {
        (from.map { $0 <= instant } ?? true) && (until.map { instant < $0 } ?? true)
    }
}

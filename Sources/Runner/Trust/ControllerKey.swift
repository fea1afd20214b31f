/// A controller's public key, and the part of its trail that it signs.
package struct ControllerKey: Sendable, Hashable {
    /// The controller's name, as its trail's branch is called.
    package let controller: String
    /// The first event that it signs.
    package let from: Int
    /// The last event that it signs; nil while it is in use.
    package let until: Int?
    /// The key itself; Ed25519.
    package let key: SigningKey

    package init(controller: String, from: Int, until: Int? = nil, key: SigningKey) {
        self.controller = controller
        self.from = from
        self.until = until
        self.key = key
    }
}

import Runner

/// What the trail takes from the world around it.
package struct TrailSource: Sendable {
    /// The machine's name: the controller's, with some digits of its first key.
    package let hostName: String
    /// What writes the trail, such as `handrail 1.2.0`.
    package let program: String
    /// So many random bytes of the system's own source, fit to name events for ever.
    package let randomBytes: @Sendable (Int) -> [UInt8]

    package init(
        hostName: String, program: String, randomBytes: @escaping @Sendable (Int) -> [UInt8]
    ) {
        (self.hostName, self.program, self.randomBytes) = (hostName, program, randomBytes)
    }

    /// A name for an event: 128 random bits in hex.
    func eventID() -> String {
        Hexadecimal.text(of: randomBytes(16))
    }
}

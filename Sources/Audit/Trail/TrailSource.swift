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

    /// Names for so many events: 128 random bits in hex each.
    func eventIDs(_ count: Int) -> [String] {
        let bytes = randomBytes(16 * count)
        return bytes.withUnsafeBytes { bytes in
            (0..<count).map { number in
                Hexadecimal.text(
                    of: UnsafeRawBufferPointer(rebasing: bytes[(16 * number)..<(16 * number + 16)]))
            }
        }
    }

    /// A name for an event.
    func eventID() -> String { eventIDs(1)[0] }
}

/// 128 random bits that name one request of a session.
struct Nonce: Sendable, Hashable {
    /// 32 lower-case hexadecimal digits.
    let text: String

    /// Makes a nonce from random bits; the system's generator unless a test passes its own.
    init(using generator: inout some RandomNumberGenerator) {
        let bits: [UInt64] = [generator.next(), generator.next()]
        text = bits.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// A nonce from the system's random source.
    static func random() -> Nonce {
        var generator = SystemRandomNumberGenerator()
        return Nonce(using: &generator)
    }
}

import Runbooks

/// A public key as OpenSSH writes it: what a signature says that it was made with.
package struct SigningKey: Sendable, Hashable {
    /// The longest binary form that is read: an RSA key of 16,384 bits.
    package static let longestBlob = 2200
    /// The fewest bits of an RSA key (NIST SP 800-131A).
    package static let fewestBits = 2048

    /// The kinds of keys that can sign.
    package enum Kind: String, Sendable, CaseIterable {
        case ed25519 = "ssh-ed25519"
        case ecdsa256 = "ecdsa-sha2-nistp256"
        case ecdsa384 = "ecdsa-sha2-nistp384"
        case ecdsa521 = "ecdsa-sha2-nistp521"
        case rsa = "ssh-rsa"
        /// In a hardware key.
        case hardwareEd25519 = "sk-ssh-ed25519@openssh.com"
        /// In a hardware key.
        case hardwareECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
    }

    /// Why a text is no key that can sign, in one sentence, and what to do.
    package struct Problem: Error, Sendable, Hashable {
        /// What is wrong, as the end of a sentence that starts with "the key".
        package let message: String
        /// What to write instead.
        package let hint: String
    }

    /// Which kind of key it is.
    package let kind: Kind
    /// The binary form (RFC 4253, section 6.6).
    package let blob: [UInt8]

    /// The key of a binary form; nil when it is none that can sign.
    package init?(blob: [UInt8]) {
        guard blob.count <= Self.longestBlob, let kind = Self.kind(of: blob),
            let key = Self.read(kind, blob)
        else { return nil }
        self = key
    }

    /// Reads `KIND BASE64 [COMMENT]`, as a line of a `.pub` file has it.
    ///
    /// - Throws: `Problem`.
    package init(line: String) throws(Problem) {
        let words = line.split(separator: " ", omittingEmptySubsequences: true)
        guard !line.hasPrefix("-----BEGIN") else {
            throw Problem(
                message: "is a private one, or a file of another form",
                hint: "Give the line of its .pub file; and make a new key, if this one was private."
            )
        }
        guard words.count >= 2 else {
            throw Problem(
                message: "must be a line of a .pub file: its kind, and its text",
                hint: "Such as ssh-ed25519 AAAAC3Nz….")
        }
        guard let kind = Kind(rawValue: String(words[0])) else {
            throw Problem(
                message:
                    "is of the kind '\(printable(words[0].utf8.prefix(60), keepNewlines: false))', "
                    + "which can't sign here",
                hint: "Kinds are \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        guard words[1].utf8.count <= 2 * Self.longestBlob, let blob = Base64Text.bytes(words[1])
        else {
            throw Problem(
                message: "has a text that is no base64",
                hint: "Copy the whole line of its .pub file.")
        }
        guard Self.kind(of: blob) == kind, let key = Self.read(kind, blob) else {
            throw Problem(
                message: "has a text that is no \(kind.rawValue) key", hint: Self.advice(kind))
        }
        self = key
    }

    private init(_ kind: Kind, _ blob: [UInt8]) { (self.kind, self.blob) = (kind, blob) }

    /// `SHA256:…`.
    package var fingerprint: KeyFingerprint { KeyFingerprint(ofBlob: blob) }

    /// `KIND BASE64`, without a comment.
    package var line: String { "\(kind.rawValue) \(Base64Text.text(of: blob))" }

    private static func advice(_ kind: Kind) -> String {
        kind == .rsa
            ? "An RSA key has at least \(fewestBits) bits; better make an Ed25519 key."
            : "Copy the whole line of its .pub file."
    }

    private static func kind(of blob: [UInt8]) -> Kind? {
        var rest = blob[...]
        return field(&rest).flatMap { String(validating: $0, as: UTF8.self) }
            .flatMap(Kind.init(rawValue:))
    }

    /// The key, when its fields are those of its kind (RFC 8709, 5656, 4253; PROTOCOL.u2f).
    private static func read(_ kind: Kind, _ blob: [UInt8]) -> SigningKey? {
        var rest = blob[...]
        var fields: [[UInt8]] = []
        while let next = field(&rest) { fields.append(Array(next)) }
        guard rest.isEmpty else { return nil }
        let lengths = fields.dropFirst().map(\.count)
        let isWell =
            switch kind {
            case .ed25519: lengths == [32]
            case .hardwareEd25519: lengths.count == 2 && lengths[0] == 32
            case .ecdsa256: isCurve(fields, "nistp256", 65, count: 3)
            case .ecdsa384: isCurve(fields, "nistp384", 97, count: 3)
            case .ecdsa521: isCurve(fields, "nistp521", 133, count: 3)
            case .hardwareECDSA: isCurve(fields, "nistp256", 65, count: 4)
            case .rsa: fields.count == 3 && bits(of: fields[2]) >= fewestBits
            }
        return isWell ? SigningKey(kind, blob) : nil
    }

    private static func isCurve(
        _ fields: [[UInt8]], _ curve: String, _ point: Int, count: Int
    ) -> Bool {
        fields.count == count && fields[1] == Array(curve.utf8) && fields[2].count == point
            && fields[2].first == 4
    }

    /// The bits of a positive number without needless zeros in front.
    private static func bits(of number: [UInt8]) -> Int {
        let digits = number.first == 0 ? number.dropFirst() : number[...]
        guard let first = digits.first, first > 0, number.first == 0 || first < 128 else {
            return 0
        }
        return 8 * digits.count - first.leadingZeroBitCount
    }

    /// Takes a string with its length in front (RFC 4251, section 5).
    private static func field(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.count >= 4 else { return nil }
        let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard rest.count >= 4 + count else { return nil }
        let field = rest.dropFirst(4).prefix(count)
        rest = rest.dropFirst(4 + count)
        return field
    }
}

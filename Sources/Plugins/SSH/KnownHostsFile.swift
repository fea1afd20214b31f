import Crypto
import Runner

/// A key that known_hosts has for a name.
struct KnownKey: Sendable, Hashable {
    /// What a line says about its key.
    enum Marker: String, Sendable {
        /// It is a host's own.
        case host = ""
        /// It signs the certificates of hosts.
        case authority = "@cert-authority"
        /// It must never be accepted.
        case revoked = "@revoked"
    }

    let marker: Marker
    /// The key's type and its bytes in base64, as they stand in the file.
    let text: String
    /// As plans name it: `SHA256:…`, with its marker before it when it has one.
    let name: String
}

/// The entries of one known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
struct KnownHostsFile: Sendable {
    /// Names of which none can be looked up directly.
    private enum Names: Sendable {
        case patterns([String])
        /// HMAC-SHA1 of a name, so that the file tells nobody where it leads.
        case hashed(salt: [UInt8], code: [UInt8])
    }

    private var exact: [String: [KnownKey]] = [:]
    private var others: [(names: Names, key: KnownKey)] = []

    /// Reads a file's text; lines that mean nothing are skipped, as `ssh` does.
    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            var fields = line.split { $0 == " " || $0 == "\t" }[...]
            var marker = KnownKey.Marker.host
            if let first = fields.first, first.hasPrefix("@") {
                guard let known = KnownKey.Marker(rawValue: String(first)) else { continue }
                marker = known
                fields = fields.dropFirst()
            }
            guard fields.count >= 3, let names = fields.first, !names.hasPrefix("#"),
                let key = Self.key(marker, fields.dropFirst())
            else { continue }
            add(key, under: names)
        }
    }

    /// The keys under a name as `ssh` looks it up: `host`, or `[host]:port`.
    func keys(of name: String) -> [KnownKey] {
        let name = name.lowercased()
        return (exact[name] ?? [])
            + others.filter { Self.matches(name, $0.names) }.map(\.key)
    }

    private mutating func add(_ key: KnownKey, under names: Substring) {
        if names.hasPrefix("|") {
            let parts = names.split(separator: "|")
            guard parts.count == 3, parts[0] == "1", let salt = Base64.decode(parts[1]),
                let code = Base64.decode(parts[2])
            else { return }
            others.append((.hashed(salt: salt, code: code), key))
            return
        }
        let list = names.split(separator: ",").map { $0.lowercased() }
        if list.contains(where: { name in name.contains { "*?!".contains($0) } }) {
            others.append((.patterns(list), key))
        } else {
            for name in list { exact[name, default: []].append(key) }
        }
    }

    /// A key with its fingerprint, as `ssh-keygen -l` shows it; nil when it is none.
    private static func key(
        _ marker: KnownKey.Marker, _ fields: ArraySlice<Substring>
    ) -> KnownKey? {
        guard let kind = fields.first, let base64 = fields.dropFirst().first,
            kind.utf8.allSatisfy({ isPlain($0) }), let blob = Base64.decode(base64)
        else { return nil }
        let print = "SHA256:" + Base64.encode(Array(SHA256.hash(data: blob)))
        return KnownKey(
            marker: marker, text: "\(kind) \(base64)",
            name: marker == .host ? print : "\(marker.rawValue) \(print)")
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (97...122).contains(byte | 0x20) || (48...57).contains(byte) || "-@._".utf8.contains(byte)
    }

    private static func matches(_ name: String, _ names: Names) -> Bool {
        switch names {
        case .patterns(let patterns): return NamePatterns.match(name, patterns)
        case .hashed(let salt, let code):
            return HMAC<Insecure.SHA1>.isValidAuthenticationCode(
                code, authenticating: Array(name.utf8), using: SymmetricKey(data: salt))
        }
    }
}

/// Lists of patterns as `ssh` has them (ssh_config(5), PATTERNS).
enum NamePatterns {
    /// Whether one fits, and none with `!` does.
    static func match(_ name: String, _ patterns: [String]) -> Bool {
        let text = Array(name.utf8)
        var isMatch = false
        for pattern in patterns {
            let isNegated = pattern.hasPrefix("!")
            let wanted = Array(pattern.dropFirst(isNegated ? 1 : 0).utf8)
            guard fits(text[...], wanted[...]) else { continue }
            if isNegated { return false }
            isMatch = true
        }
        return isMatch
    }

    /// Whether a text fits a pattern with `*` and `?`, in time linear in both lengths' product.
    private static func fits(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (place, spot) = (text.startIndex, pattern.startIndex)
        var retry: (place: Int, spot: Int)?
        while place < text.endIndex {
            if spot < pattern.endIndex, pattern[spot] == UInt8(ascii: "*") {
                retry = (place, spot + 1)
                spot += 1
            } else if spot < pattern.endIndex,
                pattern[spot] == UInt8(ascii: "?") || pattern[spot] == text[place]
            {
                (place, spot) = (place + 1, spot + 1)
            } else if let last = retry {
                retry = (last.place + 1, last.spot)
                (place, spot) = (last.place + 1, last.spot)
            } else {
                return false
            }
        }
        return pattern[spot...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// Base64 as OpenSSH writes keys and fingerprints (RFC 4648, section 4).
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The bytes of a text; nil when it is none.
    static func decode(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for character in text.utf8 where character != UInt8(ascii: "=") {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// The text of bytes, without `=` at the end.
    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count)) & 63])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count)) & 63]) }
        return String(decoding: text, as: UTF8.self)
    }
}

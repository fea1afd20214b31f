import Runner

/// The entries of one known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), without hashed ones.
struct KnownHostsFile: Sendable {
    private struct Entry: Sendable {
        let patterns: [String]
        let fingerprint: String
    }

    /// Names without wildcards, looked up directly.
    private var exact: [String: [String]] = [:]
    private var patterns: [Entry] = []
    /// Whether some names are hashed, so that only `ssh-keygen` can find them.
    private(set) var hasHashedNames = false

    /// Reads a file's text; lines that mean nothing are skipped, as `ssh` does.
    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split { $0 == " " || $0 == "\t" }
            guard fields.count >= 3, !fields[0].hasPrefix("#"), !fields[0].hasPrefix("@") else {
                continue
            }
            if fields[0].hasPrefix("|") {
                hasHashedNames = true
                continue
            }
            guard let fingerprint = Self.fingerprint(of: fields[2]) else { continue }
            let names = fields[0].split(separator: ",").map { $0.lowercased() }
            if names.contains(where: { name in name.contains { "*?!".contains($0) } }) {
                patterns.append(Entry(patterns: names, fingerprint: fingerprint))
            } else {
                for name in names { exact[name, default: []].append(fingerprint) }
            }
        }
    }

    /// The fingerprints under a name as `ssh` looks it up: `host`, or `[host]:port`.
    func fingerprints(of name: String) -> [String] {
        let name = name.lowercased()
        return (exact[name] ?? [])
            + patterns.filter { Self.matches(name, $0.patterns) }.map(\.fingerprint)
    }

    /// `SHA256:…` of a key in base64, as `ssh-keygen -l` shows it.
    private static func fingerprint(of key: Substring) -> String? {
        guard let blob = Base64.decode(key) else { return nil }
        let digits = Array(Digest.sha256(of: blob).rawValue.utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { place in
            UInt8(String(decoding: digits[place..<(place + 2)], as: UTF8.self), radix: 16)
        }
        return "SHA256:" + Base64.encode(bytes)
    }

    private static func matches(_ name: String, _ patterns: [String]) -> Bool {
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

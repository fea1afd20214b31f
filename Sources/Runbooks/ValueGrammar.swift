/// The grammars of parameter types that are more than a name, as predicates over text.
enum ValueGrammar {
    /// A host name (RFC 1123, section 2.1): labels of letters, digits and inner dashes, 253 bytes
    /// at most, the last label not all digits.
    static func isHostname(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last, !last.utf8.allSatisfy(isDigit) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// Four decimal numbers from 0 to 255 without leading zeros.
    static func isIPv4(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy(isDigit)
                    && !(part.utf8.count > 1 && part.hasPrefix("0")) && (Int(part) ?? 256) < 256
            }
    }

    /// An address as RFC 4291, section 2.2, writes it; without zone and prefix length.
    static func isIPv6(_ text: some StringProtocol) -> Bool {
        guard text.utf8.count <= 45, !text.contains(":::") else { return false }
        let halves = text.split(
            separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        var groups = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            guard let count = groupCount(half, isLast: index == halves.count - 1) else {
                return false
            }
            groups += count
        }
        return halves.count == 2 ? groups <= 7 : groups == 8
    }

    private static func groupCount(_ text: some StringProtocol, isLast: Bool) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var count = 0
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.contains(".") {
                guard isIPv4(part) else { return nil }
                count += 2
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit) else {
                    return nil
                }
                count += 1
            }
        }
        return count
    }

    /// A mailbox with an unquoted local part (RFC 5321, section 4.1.2) of 64 bytes at most, that
    /// no program takes for an option.
    static func isEmail(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 254, !text.hasPrefix("-"),
            (1...64).contains(parts[0].utf8.count), isHostname(String(parts[1]))
        else { return false }
        let atoms = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let special = Set("!#$%&'*+-/=?^_`{|}~".utf8)
        return atoms.allSatisfy { atom in
            !atom.isEmpty && atom.utf8.allSatisfy { isAlphanumeric($0) || special.contains($0) }
        }
    }

    /// A time with date, seconds and zone (RFC 3339, section 5.6), on a day that exists; without
    /// leap seconds, which most programs can't read.
    static func isTimestamp(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (20...40).contains(bytes.count) else { return false }
        func number(_ range: Range<Int>) -> Int? {
            guard bytes[range].allSatisfy(isDigit) else { return nil }
            return Int(String(decoding: bytes[range], as: UTF8.self))
        }
        let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")]
        guard marks.allSatisfy({ bytes[$0.0] == $0.1.utf8.first }),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19), (1...12).contains(month), hour < 24, minute < 60,
            second < 60, day >= 1, day <= daysInMonth(month, of: year)
        else { return false }
        var zone = bytes[19...]
        if zone.first == UInt8(ascii: ".") {
            let digits = zone.dropFirst().prefix(while: isDigit)
            guard !digits.isEmpty else { return false }
            zone = zone.dropFirst(1 + digits.count)
        }
        if zone.elementsEqual("Z".utf8) { return true }
        let start = zone.startIndex
        guard zone.count == 6, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(zone[start]),
            zone[start + 3] == UInt8(ascii: ":"), let hours = number(start + 1..<start + 3),
            let minutes = number(start + 4..<start + 6)
        else { return false }
        return hours < 24 && minutes < 60
    }

    private static func daysInMonth(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2:
            year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
                ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The schemes of a `url`: those that name a server and that scripts fetch from or talk to.
    static let urlSchemes = [
        "http", "https", "ftp", "ftps", "sftp", "ssh", "git", "ldap", "ldaps", "smtp", "smtps",
        "imap", "imaps", "ws", "wss",
    ]

    /// What is wrong with a text as a URL (RFC 3986); nil when nothing is.
    static func problemOfURL(_ text: String) -> String? {
        guard let colon = text.firstRange(of: "://") else { return "it has no `scheme://`" }
        let scheme = text[..<colon.lowerBound]
        guard urlSchemes.contains(String(scheme)) else {
            return "the scheme is none of \(urlSchemes.joined(separator: ", "))"
        }
        let rest = text[colon.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else {
            return "it holds a user or password; use a parameter of type secret"
        }
        guard isAuthority(authority) else { return "the host or port is no valid one" }
        let allowed = Set("-._~:/?#[]@!$&'()*+,;=%".utf8)
        let path = Array(rest.dropFirst(authority.count).utf8)
        guard path.allSatisfy({ isAlphanumeric($0) || allowed.contains($0) }) else {
            return "it holds a character that a URL writes as %XX"
        }
        for (index, byte) in path.enumerated() where byte == UInt8(ascii: "%") {
            let digits = path[(index + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy(isHexDigit) else {
                return "a `%` is not followed by two hexadecimal digits"
            }
        }
        return nil
    }

    private static func isAuthority(_ text: Substring) -> Bool {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return false }
            return isIPv6(text[text.index(after: text.startIndex)..<end])
                && isPort(rest.isEmpty ? nil : rest.dropFirst())
        }
        var host = text
        var port: Substring?
        if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        return (isHostname(String(host)) || isIPv4(host)) && isPort(port)
    }

    private static func isPort(_ text: Substring?) -> Bool {
        guard let text else { return true }
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(isDigit),
            let number = Int(text)
        else { return false }
        return (1...65535).contains(number)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

/// The URL that an `http` step asks for, made so that no value can lead it elsewhere.
///
/// The base says where it goes; path segments and query parameters are data, percent-encoded down to
/// the unreserved characters of RFC 3986.
package struct HTTPAddress: Sendable, Hashable {
    /// Why no URL can be made, in one sentence without its full stop.
    package struct Problem: Error, Sendable, Hashable {
        /// The sentence.
        package let message: String
    }

    /// The whole URL.
    package let text: String
    /// Whether it is asked for over TLS.
    package let isEncrypted: Bool
    /// The host, as it stands in the URL, without brackets and port.
    package let host: String

    /// Makes the URL of a base and the data that is added to it.
    ///
    /// - Parameters:
    ///   - base: `https://server:port/path`, without query, fragment, user and password.
    ///   - path: segments that are appended.
    ///   - query: parameters by name.
    /// - Throws: `Problem` where a part of it would lead elsewhere, or can't be one.
    package init(
        base: String, path: [String] = [], query: [String: String] = [:]
    ) throws(Problem) {
        if let problem = Self.problem(ofBase: base) { throw Problem(message: problem) }
        for segment in path {
            guard !Self.isDots(segment), !segment.isEmpty else {
                throw Problem(
                    message: segment.isEmpty
                        ? "an element of 'path' is empty"
                        : "'\(segment)' in 'path' would lead to another path")
            }
        }
        let scheme = base.prefix { $0 != ":" }
        isEncrypted = scheme == "https"
        let authority = base.dropFirst(scheme.count + 3).prefix { $0 != "/" }
        host = Self.host(of: authority)
        var text = base
        if !path.isEmpty {
            while text.hasSuffix("/") { text.removeLast() }
            text += path.map { "/" + Self.encoded($0) }.joined()
        }
        if !query.isEmpty {
            text += "?"
            text += query.sorted { $0.key < $1.key }
                .map { "\(Self.encoded($0.key))=\(Self.encoded($0.value))" }
                .joined(separator: "&")
        }
        self.text = text
    }

    /// Whether it stays on this machine, by its name.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1"
            || (host.hasPrefix("127.") && ValueGrammar.isIPv4(host))
    }

    /// What is wrong with a text as the URL of an `http` step; nil when nothing is.
    package static func problem(ofBase text: String) -> String? {
        if let problem = ValueGrammar.problemOfURL(text) { return problem }
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
            return "only http:// and https:// can be asked"
        }
        guard !text.contains("?"), !text.contains("#") else {
            return "it holds a query or a fragment; give the query's parameters in 'query'"
        }
        guard !text.split(separator: "/").contains(where: { isDots(String($0)) }) else {
            return "its path goes back by '.' or '..'"
        }
        return nil
    }

    /// Whether servers take a segment for a way back, written in whatever way.
    private static func isDots(_ segment: String) -> Bool {
        let plain = segment.lowercased().replacing("%2e", with: ".")
        return plain == "." || plain == ".."
    }

    private static func host(of authority: Substring) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isUnreserved =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || "-._~".utf8.contains(byte)
            if isUnreserved {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = Array("0123456789ABCDEF".unicodeScalars)
                result.unicodeScalars.append("%")
                result.unicodeScalars.append(digits[Int(byte >> 4)])
                result.unicodeScalars.append(digits[Int(byte & 15)])
            }
        }
        return result
    }
}

extension HTTPAction {
    /// What is wrong with a text as a header's name; nil when nothing is.
    ///
    /// Names that decide where a request goes, how it is framed or how the connection is used are
    /// Handrail's own.
    package static func problem(ofHeader name: String) -> String? {
        let taken = Set(
            """
            host content-length transfer-encoding connection expect upgrade te trailer keep-alive \
            proxy-authorization proxy-connection cookie
            """.split(separator: " ").map(String.init))
        let lower = name.lowercased()
        if taken.contains(lower) { return "'\(name)' is set by Handrail, or not at all" }
        if lower == "authorization" { return "give who asks in 'bearer' or 'basic'" }
        return nil
    }

    /// What is wrong with a text as a header's value; nil when nothing is.
    package static func problem(ofHeaderValue value: String) -> String? {
        // RFC 9110, 5.5: visible characters, spaces and tabs; other bytes are opaque.
        let isOdd = value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
        if isOdd { return "a header's value holds a line end or another control character" }
        return value.utf8.count > 8192 ? "a header's value has more than 8192 bytes" : nil
    }
}

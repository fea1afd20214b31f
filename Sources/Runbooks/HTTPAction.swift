/// A request that the controller makes over HTTP, and what its answer must be.
package struct HTTPAction: Sendable, Hashable, Codable {
    /// The methods of RFC 9110 and RFC 5789 that a step may use.
    package enum Method: String, Sendable, Codable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"

        /// Whether it asks for nothing to be changed (RFC 9110, 9.2.1).
        package var isSafe: Bool { self == .get || self == .head }
    }

    /// Who asks; put into the header `Authorization`.
    package enum Login: Sendable, Hashable {
        /// A token; usually a secret.
        case bearer(Argument)
        /// A user and a password; the password is usually a secret.
        case basic(user: Argument, password: Argument)
    }

    /// A value of JSON: a member of an object, or an element of a list.
    package indirect enum Member: Sendable, Hashable {
        /// How the text of a value is written.
        package enum Kind: String, Sendable, CaseIterable { case string, number, boolean }

        /// A text, and how it is written.
        case scalar(Kind, Argument)
        case object([String: Member])
        case list([Member])
    }

    /// What is sent after the headers.
    package enum Body: Sendable, Hashable {
        case text(Argument)
        /// An object, its members by name.
        case json([String: Member])
    }

    /// Where an output's text is found in the answer.
    package enum Source: Sendable, Hashable {
        /// The answer's status, such as 200.
        case status
        /// A JSON pointer (RFC 6901) to a string, number or truth value of the answer's body.
        case pointer(String)
    }

    /// What is asked for.
    package var method: Method
    /// Scheme, server and perhaps a path; without query, fragment, user and password.
    package var url: Argument
    /// What is appended to the URL's path, one segment each; percent-encoded, whatever it holds.
    package var path: [Argument]
    /// The query's parameters, by name; percent-encoded.
    package var query: [String: Argument]
    /// By name, as written.
    package var headers: [String: Argument]
    /// Who asks; nobody when nil.
    package var login: Login?
    /// What is sent; nothing when nil.
    package var body: Body?
    /// The statuses that are a success; 200 to 299 when empty.
    package var expect: [Int]
    /// Text that the answer's body must hold.
    package var contains: Argument?
    /// What the step's outputs are taken from.
    package var take: [String: Source]
    /// A file of the runbook (`files/x`) with the certificates, in PEM, that are trusted instead of
    /// the machine's own.
    package var authorities: String?

    private enum CodingKeys: String, CodingKey {
        case method, url, path, query, headers, login, body, expect, contains, take
        case authorities = "ca_file"
    }

    package init(method: Method = .get, url: Argument) {
        self.method = method
        self.url = url
        path = []
        query = [:]
        headers = [:]
        login = nil
        body = nil
        expect = []
        contains = nil
        take = [:]
        authorities = nil
    }

    /// Whether an answer's status is a success.
    package func expects(_ status: Int) -> Bool {
        expect.isEmpty ? (200...299).contains(status) : expect.contains(status)
    }
}

extension HTTPAction.Member.Kind {
    /// Whether a text can be written as it stands (RFC 8259, 3 and 6).
    package func canBe(_ text: String) -> Bool {
        switch self {
        case .string: true
        case .boolean: text == "true" || text == "false"
        case .number: Self.isNumber(Array(text.utf8))
        }
    }

    private static func isNumber(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= 64 else { return false }
        var rest = bytes[...]
        func digits() -> Int {
            let found = rest.prefix { ValueGrammar.isDigit($0) }
            rest = rest.dropFirst(found.count)
            return found.count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let first = rest.first
        let count = digits()
        guard count > 0, first != UInt8(ascii: "0") || count == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if let sign = rest.first, sign | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, "+-".utf8.contains(sign) { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}

extension HTTPAction.Source {
    /// Reads `status`, or a JSON pointer; nil for anything else.
    package init?(_ text: String) {
        if text == "status" {
            self = .status
            return
        }
        guard text.hasPrefix("/"), text.utf8.count <= 512 else { return nil }
        // RFC 6901, 3: a tilde is followed by 0 or 1.
        let pieces = text.split(separator: "~", omittingEmptySubsequences: false).dropFirst()
        guard pieces.allSatisfy({ $0.hasPrefix("0") || $0.hasPrefix("1") }) else { return nil }
        self = .pointer(text)
    }

    /// As it is written in a document.
    package var text: String {
        switch self {
        case .status: "status"
        case .pointer(let pointer): pointer
        }
    }
}

extension HTTPAction {
    /// The statuses of a success, in words.
    package var expected: String {
        expect.isEmpty ? "200 to 299" : expect.map(String.init).joined(separator: ", ")
    }

    /// Every argument of it, in a fixed order.
    package var arguments: [Argument] {
        var found = [url] + path + query.sorted { $0.key < $1.key }.map(\.value)
        found += headers.sorted { $0.key < $1.key }.map(\.value)
        switch login {
        case .bearer(let token)?: found.append(token)
        case .basic(let user, let password)?: found += [user, password]
        case nil: break
        }
        switch body {
        case .text(let text)?: found.append(text)
        case .json(let members)?: found += HTTPAction.Member.object(members).arguments
        case nil: break
        }
        return found + [contains].compactMap { $0 }
    }
}

extension HTTPAction.Member {
    /// Every argument in it, by the names of members and the order of elements.
    package var arguments: [Argument] {
        switch self {
        case .scalar(_, let value): [value]
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap(\.value.arguments)
        case .list(let elements): elements.flatMap(\.arguments)
        }
    }

    /// The same with every argument in it put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> HTTPAction.Member {
        switch self {
        case .scalar(let kind, let value): return .scalar(kind, try transform(value))
        case .object(var members):
            for (name, member) in members {
                members[name] = try member.mappingArguments(transform)
            }
            return .object(members)
        case .list(var elements):
            for index in elements.indices {
                elements[index] = try elements[index].mappingArguments(transform)
            }
            return .list(elements)
        }
    }
}

import Foundation
import Runbooks
import Runner

/// Makes the request of an `http` step, once all of its values are known.
struct HTTPComposition {
    /// The longest body, in bytes.
    static let longestBody = 1 << 20

    /// Why the request can't be made, in one sentence without its full stop.
    struct Problem: Error, Sendable, Hashable { let message: String }

    let action: HTTPAction
    let secrets: [ParameterName: Secret]
    /// The bytes of `ca_file`.
    let authorities: [UInt8]?
    let timeout: Duration

    func request() throws(Problem) -> HTTPRequest {
        let address = try address()
        let usesSecrets = action.arguments.contains { $0.referenced != nil }
        if !address.isEncrypted, !address.isLoopback, usesSecrets || action.login != nil {
            throw Problem(
                message: "a secret would go to \(address.host) without TLS; use https://")
        }
        var headers = try headers()
        var body: [UInt8]?
        switch action.body {
        case .text(let argument)?: body = Array(try text(of: argument).utf8)
        case .json(let members)?:
            body = Array(try json(.object(members)).utf8)
            if !hasHeader("content-type") { headers.append("Content-Type: application/json") }
        case nil: break
        }
        if let body, body.count > Self.longestBody {
            throw Problem(
                message: "its body has \(body.count) bytes; \(Self.longestBody) is the limit")
        }
        if body == nil, [.post, .put, .patch].contains(action.method) { body = [] }
        if body != nil, !hasHeader("content-type"), case .text? = action.body {
            headers.append("Content-Type: text/plain; charset=utf-8")
        } else if body?.isEmpty == true, !hasHeader("content-type") {
            // Without a body libcurl would still call it a form.
            headers.append("Content-Type:")
        }
        return HTTPRequest(
            method: action.method.rawValue, url: address.text, headers: headers, body: body,
            authorities: authorities,
            isAnswerRead: action.contains != nil || !action.take.isEmpty, timeout: timeout)
    }

    /// Where the request goes; nothing of it is secret.
    func address() throws(Problem) -> HTTPAddress {
        let base = try plainText(of: action.url)
        var path: [String] = []
        for argument in action.path { path.append(try plainText(of: argument)) }
        var query: [String: String] = [:]
        for (name, argument) in action.query { query[name] = try plainText(of: argument) }
        do {
            return try HTTPAddress(base: base, path: path, query: query)
        } catch {
            throw Problem(message: "it has no URL that can be asked: \(error.message)")
        }
    }

    private func headers() throws(Problem) -> [String] {
        var lines: [String] = []
        for (name, argument) in action.headers.sorted(by: { $0.key < $1.key }) {
            let value = try text(of: argument)
            if let problem = HTTPAction.problem(ofHeaderValue: value) {
                throw Problem(message: "'\(name)': \(problem)")
            }
            // An empty value is written with a semicolon; a colon would remove the header.
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        switch action.login {
        case .bearer(let token)?:
            let token = try text(of: token)
            guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Problem(
                    message: "the token of 'bearer' is empty, or holds a space or line end")
            }
            lines.append("Authorization: Bearer \(token)")
        case .basic(let user, let password)?:
            let user = try text(of: user)
            guard !user.contains(":") else {
                throw Problem(message: "a user's name with ':' can't be told from the password")
            }
            let both = Array("\(user):\(try text(of: password))".utf8)
            lines.append("Authorization: Basic \(Data(both).base64EncodedString())")
        case nil: break
        }
        return lines
    }

    private func hasHeader(_ name: String) -> Bool {
        action.headers.keys.contains { $0.lowercased() == name }
    }

    /// A value of JSON as it is sent; `name` is the member that it belongs to, for messages.
    private func json(
        _ member: HTTPAction.Member, of name: String = "json"
    ) throws(Problem) -> String {
        switch member {
        case .scalar(let kind, let argument):
            let value = try text(of: argument)
            guard kind.canBe(value) else {
                throw Problem(
                    message: "'\(name)' of json is no \(kind.rawValue): \(printableExcerpt(value))")
            }
            return kind == .string ? Self.quoted(value) : value
        case .object(let members):
            var parts: [String] = []
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                parts.append("\(Self.quoted(name)):\(try json(member, of: name))")
            }
            return "{\(parts.joined(separator: ","))}"
        case .list(let elements):
            var parts: [String] = []
            for element in elements { parts.append(try json(element, of: name)) }
            return "[\(parts.joined(separator: ","))]"
        }
    }

    private static func quoted(_ text: String) -> String {
        String(decoding: CanonicalJSON.bytes(of: .string(text)), as: UTF8.self)
    }

    /// The text of a value that is shown and recorded.
    private func plainText(of argument: Argument) throws(Problem) -> String {
        guard case .text(let text) = argument else {
            throw Problem(message: "where it goes depends on a secret, which would be shown")
        }
        return text
    }

    private func text(of argument: Argument) throws(Problem) -> String {
        switch argument {
        case .text(let text): return text
        case .reference(let name):
            guard let secret = secrets.first(where: { "\($0.key)" == "\(name)" })?.value else {
                throw Problem(message: "the value of \(name) is not known")
            }
            return secret.reveal()
        }
    }
}

import Foundation
import Runbooks
import Runner
import Testing

@testable import Plugins

/// Requests to a real server.
@Suite(.serialized) final class HTTPExecutorTests: Sendable {
    private let server: HTTPServer
    private let executor = HTTPExecutor(files: RunbookFiles(listed: []) { _ in [] })

    init() async throws { server = try await HTTPServer(address: "127.0.0.1") }

    deinit { server.stop() }

    private static func target() throws -> PlannedTarget {
        try Requests.target("mbx01", address: "127.1.0.1", port: 1)
    }

    private func attempt(
        _ path: [String], _ method: HTTPAction.Method = .get, effect: Effect = .read,
        timeout: Duration = .seconds(20), _ change: (inout HTTPAction) -> Void = { _ in }
    ) async throws -> AttemptReport {
        var action = HTTPAction(method: method, url: .text(server.url))
        action.path = path.map(Argument.text)
        change(&action)
        var request = try Requests.request(
            .http(action), on: Self.target(), timeout: timeout, wantsOutputs: true)
        request.effect = effect
        request.secrets = [try #require(ParameterName(rawValue: "token")): Secret("s3cret/ü")]
        return await executor.perform(request)
    }

    private static func text(_ output: CapturedOutput) -> String {
        String(decoding: output.rest, as: UTF8.self)
    }

    private static func echoed(_ report: AttemptReport) throws -> [String: JSONValue] {
        guard case .object(let members) = try JSONReader.read(report.stdout.rest, largest: 1 << 20)
        else { return [:] }
        return members
    }

    @Test func anAnswerIsTheOutputAndItsValuesAreTaken() async throws {
        let report = try await attempt(["node"]) { action in
            action.contains = .text("drained")
            action.take = [
                "state": .pointer("/node/state"), "sessions": .pointer("/node/sessions"),
                "ok": .pointer("/node/ok"), "code": .status, "first": .pointer("/node/of/0"),
            ]
        }
        #expect(report.ending == .exited(0))
        #expect(
            String(decoding: report.outputs, as: UTF8.self)
                == "code=200\nfirst=1\nok=true\nsessions=3\nstate=drained\n")
        #expect(Self.text(report.stdout).contains("drained"))
        #expect(Self.text(report.stderr).hasPrefix("GET \(server.url)/node: 200, "))
    }

    @Test(arguments: HTTPAction.Method.allCases)
    func everyMethodArrivesWithItsBodyAndHeaders(_ method: HTTPAction.Method) async throws {
        let report = try await attempt(["echo"], method, effect: .once) { action in
            action.headers = ["X-Plain": .text("a; b"), "X-Empty": .text("")]
            if !method.isSafe {
                action.body = .json([
                    "state": .scalar(.string, .text("a\"b\\\n\u{1F600}")),
                    "n": .scalar(.number, .text("-1.5e3")),
                    "on": .scalar(.boolean, .text("true")),
                    "in": .list([
                        .object(["\"": .list([]), "x": .object([:])]), .scalar(.number, .text("0")),
                    ]),
                ])
            }
        }
        #expect(report.ending == .exited(0))
        #expect(server.requests == ["\(method.rawValue) /echo"])
        guard method != .head else {
            #expect(report.stdout.totalBytes == 0)
            return
        }
        let echo = try Self.echoed(report)
        #expect(echo["method"] == .string(method.rawValue))
        guard case .object(let headers) = echo["headers"] else {
            Issue.record("no headers")
            return
        }
        #expect(headers["X-Plain"] == .string("a; b"))
        #expect(headers["X-Empty"] == .string(""))
        #expect(headers["Expect"] == nil)
        if !method.isSafe {
            #expect(headers["Content-Type"] == .string("application/json"))
            guard case .string(let body) = echo["body"] else {
                Issue.record("no body")
                return
            }
            let bytes = body.unicodeScalars.map { UInt8($0.value) }
            #expect(
                try JSONReader.read(bytes, largest: 1000)
                    == .object([
                        "state": .string("a\"b\\\n\u{1F600}"), "n": .number(-1500),
                        "on": .boolean(true),
                        "in": .array([
                            .object(["\"": .array([]), "x": .object([:])]), .integer(0),
                        ]),
                    ]))
        }
    }

    @Test func valuesStayInTheirSegmentAndParameter() async throws {
        let hostile = ["../../x", "a b", "?q=1", "#f", "%2e%2e", "ü", "a/b", "@evil", "\r\nX: y"]
        let report = try await attempt(["echo"] + hostile) { action in
            action.query = ["q": .text("a&b=c\r\nHost: evil #+%"), "p": .text("")]
        }
        // A segment that is `..`, however it is written, is refused; these are not.
        guard case .notStarted(let why) = report.ending else {
            Issue.record("\(report.ending)")
            return
        }
        #expect(why.contains("%2e%2e"))
        let other = try await attempt(["echo"] + hostile.filter { $0 != "%2e%2e" }) { action in
            action.query = ["q": .text("a&b=c\r\nHost: evil #+%"), "p": .text("")]
        }
        #expect(other.ending == .exited(0))
        #expect(
            server.requests == [
                "GET /echo/..%2F..%2Fx/a%20b/%3Fq%3D1/%23f/%C3%BC/a%2Fb/%40evil/%0D%0AX%3A%20y"
                    + "?p=&q=a%26b%3Dc%0D%0AHost%3A%20evil%20%23%2B%25"
            ])
    }

    @Test func secretsGoInHeadersAndBody() async throws {
        let name = Argument.reference(Expression.Name(parts: ["token"]))
        let basic = try await attempt(["echo"], .post, effect: .once) { action in
            action.login = .basic(user: .text("op"), password: name)
            action.body = .text(name)
        }
        guard case .object(let headers) = try Self.echoed(basic)["headers"] else {
            Issue.record("no headers")
            return
        }
        let login = Data("op:s3cret/ü".utf8).base64EncodedString()
        #expect(headers["Authorization"] == .string("Basic \(login)"))
        // What can't be a token is not sent at all.
        let bearer = try await attempt(["echo"]) { $0.login = .bearer(name) }
        guard case .notStarted(let why) = bearer.ending else {
            Issue.record("\(bearer.ending)")
            return
        }
        #expect(!why.contains("s3cret"))
        #expect(server.requests == ["POST /echo"])
    }

    @Test func anotherStatusFailsAndSaysWhatWasExpected() async throws {
        let report = try await attempt(["status", "503"])
        #expect(report.ending == .exited(1))
        #expect(Self.text(report.stdout) == "told so")
        #expect(
            Self.text(report.stderr).hasSuffix(
                "the answer's status is 503, expected 200 to 299\n"))
        let expected = try await attempt(["status", "503"]) { $0.expect = [200, 503] }
        #expect(expected.ending == .exited(0))
    }

    @Test func aRedirectionIsNotFollowed() async throws {
        let report = try await attempt(["redirect"])
        #expect(report.ending == .exited(1))
        #expect(Self.text(report.stderr).contains("it points to 'file:///etc/passwd'"))
        #expect(server.requests == ["GET /redirect"])
    }

    @Test(arguments: ["half", "drop"])
    func aLostAnswerIsUnknownUnlessItOnlyReads(_ path: String) async throws {
        let post = try await attempt([path], .post, effect: .once)
        guard case .unknown(let why) = post.ending else {
            Issue.record("\(post.ending)")
            return
        }
        #expect(why.contains("whether it was acted upon is not known"))
        let get = try await attempt([path])
        #expect(get.ending == .exited(1))
        #expect(server.requests == ["POST /\(path)", "GET /\(path)"])
    }

    @Test func anAnswerThatComesTooLate() async throws {
        let get = try await attempt(["slow"], timeout: .seconds(1))
        #expect(get.ending == .timedOut)
        let put = try await attempt(["slow"], .put, effect: .idempotent, timeout: .seconds(1))
        guard case .unknown = put.ending else {
            Issue.record("\(put.ending)")
            return
        }
    }

    @Test func aCancelledRequestEnds() async throws {
        let target = try Self.target().name
        async let report = attempt(["slow"], timeout: .seconds(50))
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        await executor.cancel(target)
        #expect(try await report.ending == .cancelled)
    }

    @Test func aLongAnswerIsBoundedAndNotLookedInto() async throws {
        let size = 5_000_000
        let report = try await attempt(["big", "\(size)"])
        #expect(report.ending == .exited(0))
        #expect(report.stdout.totalBytes == size)
        #expect(report.stdout.count == 1 << 20)
        let looked = try await attempt(["big", "\(size)"]) { $0.contains = .text("y") }
        #expect(looked.ending == .exited(1))
        #expect(Self.text(looked.stderr).contains("5000000 bytes; what is looked at has 1 MiB"))
    }

    @Test func nothingIsUnpackedAndAnyByteIsKept() async throws {
        let packed = try await attempt(["gzip"])
        #expect(packed.ending == .exited(0))
        #expect(packed.stdout.totalBytes < 20_000)
        let binary = try await attempt(["binary"]) { $0.take = ["x": .pointer("/x")] }
        #expect(binary.stdout.rest == Array(0...255))
        #expect(binary.ending == .exited(1))
        #expect(Self.text(binary.stderr).contains("can't be read as JSON"))
    }

    @Test(arguments: [
        "http://127.0.0.1:9", "http://no-such-host.invalid", "http://169.254.169.254",
        "http://[fe80::1]", "http://[::ffff:169.254.169.254]", "http://[64:ff9b::a9fe:a9fe]",
    ])
    func whatIsNotSentSaysWhy(_ url: String) async throws {
        let report = try await attempt([], .post, effect: .once) { $0.url = .text(url) }
        guard case .notStarted(let why) = report.ending else {
            Issue.record("\(report.ending)")
            return
        }
        #expect(why.hasPrefix("POST \(url): "))
        let isNear = url.contains("9.254") || url.contains("fe80") || url.contains("a9fe")
        #expect(why.contains("link-local") == isNear)
    }
}

/// Requests over TLS.
@Suite(.serialized) struct HTTPOverTLSTests {
    @Test func onlyATrustedCertificateIsTalkedTo() async throws {
        let server = try await HTTPServer(address: "127.0.0.1", isEncrypted: true)
        defer { server.stop() }
        let authority = try server.authority
        let digest = try #require(Digest(rawValue: String(repeating: "a", count: 64)))
        let files = RunbookFiles(listed: [
            PlannedRunbook.File(
                path: "files/ca.pem", sha256: digest, sizeBytes: authority.count)
        ]) { _ in authority }
        let executor = HTTPExecutor(files: files)
        func ask(_ url: String, _ authorities: String?) async throws -> Ending {
            var action = HTTPAction(url: .text(url))
            action.path = [.text("node")]
            action.authorities = authorities
            action.login = .bearer(.text("abc"))
            let target = try Requests.target("mbx01", address: "127.1.0.1", port: 1)
            return await executor.perform(try Requests.request(.http(action), on: target)).ending
        }
        #expect(try await ask(server.url, "files/ca.pem") == .exited(0))
        let others = [
            (server.url, nil),
            (server.url.replacing("localhost", with: "127.0.0.1"), "files/ca.pem"),
        ]
        for (url, authorities) in others {
            guard case .notStarted(let why) = try await ask(url, authorities) else {
                Issue.record("it was talked to")
                continue
            }
            #expect(why.contains("certificate is not one to be trusted"))
        }
        #expect(server.requests == ["GET /node"])
    }

    @Test func aSecretDoesNotLeaveWithoutTLS() async throws {
        let executor = HTTPExecutor(files: RunbookFiles(listed: []) { _ in [] })
        var action = HTTPAction(url: .text("http://192.0.2.1"))
        action.login = .bearer(.text("abc"))
        let target = try Requests.target("mbx01", address: "127.1.0.1", port: 1)
        let report = await executor.perform(try Requests.request(.http(action), on: target))
        guard case .notStarted(let why) = report.ending else {
            Issue.record("\(report.ending)")
            return
        }
        #expect(why.contains("a secret would go to 192.0.2.1 without TLS"))
    }
}

struct LinkLocalTests {
    @Test(
        arguments: [
            [169, 254, 0, 1], [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFE, 0xBF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 169, 254, 169, 254],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254],
            [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 169, 254, 169, 254],
            [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254],
            [0, 0x64, 0xFF, 0x9B, 0, 1, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254],
            [0x20, 2, 169, 254, 169, 254, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54],
        ] as [[UInt8]])
    func isFoundInEveryForm(_ bytes: [UInt8]) { #expect(LinkLocal.isLinkLocal(bytes)) }

    @Test(
        arguments: [
            [127, 0, 0, 1], [169, 253, 0, 1], [192, 168, 0, 1], [10, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFE, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1],
            [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 0, 1],
        ] as [[UInt8]])
    func othersAreNot(_ bytes: [UInt8]) { #expect(!LinkLocal.isLinkLocal(bytes)) }
}

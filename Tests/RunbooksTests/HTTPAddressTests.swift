import Runbooks
import Testing

struct HTTPAddressTests {
    @Test(arguments: [
        ("https://a.example", ["x"], "https://a.example/x"),
        ("https://a.example/", ["x"], "https://a.example/x"),
        ("https://a.example/api//", ["x", "y z"], "https://a.example/api/x/y%20z"),
        ("http://[::1]:8080/a", [], "http://[::1]:8080/a"),
        ("https://a.example/a%20b", ["a%20b"], "https://a.example/a%20b/a%2520b"),
        (
            "https://a.example", ["…", "a;b=c", "~-._"],
            "https://a.example/%E2%80%A6/a%3Bb%3Dc/~-._"
        ),
    ])
    func aPathIsAppended(_ base: String, _ path: [String], _ url: String) throws {
        #expect(try HTTPAddress(base: base, path: path).text == url)
    }

    @Test func aQueryIsSortedAndEncoded() throws {
        let address = try HTTPAddress(
            base: "https://a.example/x", query: ["b": "1&c=2", "a": "ü+ ", "c": ""])
        #expect(address.text == "https://a.example/x?a=%C3%BC%2B%20&b=1%26c%3D2&c=")
    }

    @Test(arguments: [
        "ftp://a.example", "https://", "https://u:p@a.example", "https://a.example/?q", "x",
        "https://a.example/#f", "https://a.example/../x", "https://a.example/%2e%2E/x",
        "https://a.example:0", "https://a.example:99999", "https://a b", "HTTPS://a.example",
        "https://a.example/a\nb", "https://a.example\\@b", "file:///etc/passwd", "",
    ])
    func otherBasesAreRefused(_ base: String) {
        #expect(HTTPAddress.problem(ofBase: base) != nil)
        #expect(throws: HTTPAddress.Problem.self) { try HTTPAddress(base: base) }
    }

    @Test(arguments: ["", ".", "..", "%2e", ".%2E", "%2E%2e"])
    func aSegmentThatLeadsElsewhereIsRefused(_ segment: String) {
        #expect(throws: HTTPAddress.Problem.self) {
            try HTTPAddress(base: "https://a.example", path: ["x", segment])
        }
    }

    @Test(arguments: [
        ("http://127.9.0.1", true), ("http://localhost:80/x", true), ("http://[::1]", true),
        ("http://127.0.0.1.example", false), ("http://localhost.example", false),
        ("http://10.0.0.1", false),
    ])
    func whetherItStaysHere(_ base: String, _ stays: Bool) throws {
        #expect(try HTTPAddress(base: base).isLoopback == stays)
    }

    @Test(arguments: ["0", "-1", "1.5", "1e9", "-0.1E-3", "10"])
    func isANumber(_ text: String) { #expect(HTTPAction.Member.Kind.number.canBe(text)) }

    @Test(arguments: ["", "01", "+1", "1.", ".5", "1e", "0x1", "NaN", "1 ", "١"])
    func isNoNumber(_ text: String) { #expect(!HTTPAction.Member.Kind.number.canBe(text)) }

    @Test(arguments: ["a\r\nX: y", "a\0", "\u{7F}", String(repeating: "x", count: 8193)])
    func aHeaderThatWouldBeTwoIsRefused(_ value: String) {
        #expect(HTTPAction.problem(ofHeaderValue: value) != nil)
    }
}

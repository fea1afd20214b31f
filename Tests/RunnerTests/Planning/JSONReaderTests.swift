import Runner
import Testing

struct JSONReaderTests {
    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
        "tru", "nul", "01", "-", "1.", ".5", "1e", "+1", "1e999", "NaN", "Infinity", "'a'",
        "\"a", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"", "\"a\nb\"", "\"a\tb\"", "1 2", "[] []", "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}", "// c\n1", "\u{FEFF}1", "\u{0}",
    ])
    func refuses(source: String) {
        #expect(throws: JSONError.self) {
            try JSONReader.read(Array(source.utf8), largest: 1000)
        }
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(throws: JSONError.self) {
            try JSONReader.read([UInt8(ascii: "\""), 0xC3, UInt8(ascii: "\"")], largest: 10)
        }
    }

    @Test func refusesWhatIsTooLargeOrTooDeep() throws {
        #expect(throws: JSONError.self) { try JSONReader.read(Array("[1]".utf8), largest: 2) }
        let deepest = JSONReader.deepestNesting
        func nested(_ depth: Int) -> [UInt8] {
            Array(
                (String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSONReader.read(nested(deepest), largest: 1000)
        #expect(throws: JSONError.self) {
            try JSONReader.read(nested(deepest + 2), largest: 1000)
        }
    }

    @Test func tellsIntegersFromOtherNumbers() throws {
        let source = Array("[1,-7,1.0,1e2,9223372036854775808,-0]".utf8)
        #expect(
            try JSONReader.read(source, largest: 100)
                == .array([
                    .integer(1), .integer(-7), .number(1), .number(100),
                    .number(9_223_372_036_854_775_808), .number(-0.0),
                ]))
    }

    @Test func readsSurrogatePairsAndEscapes() throws {
        let source = Array(#" "\ud83d\ude00\b\f\n\r\t\/\\\"" "#.utf8)
        #expect(
            try JSONReader.read(source, largest: 100)
                == .string("\u{1F600}\u{8}\u{C}\n\r\t/\\\""))
    }
}

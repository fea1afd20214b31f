import Testing

/// The cutting of source into tokens, on everything that makes it hard.
struct SwiftTextTests {
    @Test func textAndCommentsAreNoCode() {
        let source = #"""
            let a = "print(1) // no \" comment" // print(2)
            /* print(3) /* nested */ print(4) */ let b = 5
            """#
        #expect(words(source) == ["let", "a", "let", "b", "5"])
    }

    @Test func whatIsInterpolatedIsCode() {
        #expect(words(#"let a = "x \(name(of: "y \(z)")) w""#) == ["let", "a", "name", "of", "z"])
        #expect(strings(#"let a = "x \(name) w""#) == ["x  w"])
    }

    @Test func rawAndMultilineStringsEndWhereTheyEnd() {
        let source =
            "let a = #\"one \" two \\(no)\"#; let b = \"\"\"\n  { \"quoted\" }\n  \"\"\"; c"
        #expect(words(source) == ["let", "a", "let", "b", "c"])
        #expect(strings(source) == ["one \" two \\(no)", "\n  { \"quoted\" }\n  "])
    }

    @Test func linesAreCountedThroughTextAndComments() {
        let source = "/*\n*/\nlet a = \"\"\"\n\n\"\"\"\nlast"
        #expect(SwiftText.tokens(of: source).last == Token(kind: .word, text: "last", line: 6))
    }

    @Test func documentationIsToldFromComments() {
        let kinds = SwiftText.tokens(of: "/// one\n// two\nlet").map(\.kind)
        #expect(kinds == [.documentation, .comment, .word])
    }

    @Test(arguments: ["\"open", "/* open", "\"\\(open", "`open", "#\"open\"", "\"\"\"\nopen"])
    func brokenSourceEndsToo(_ source: String) {
        #expect(!SwiftText.tokens(of: source).isEmpty)
    }

    private func words(_ source: String) -> [String] {
        SwiftText.tokens(of: source).filter { $0.kind == .word }.map(\.text)
    }

    private func strings(_ source: String) -> [String] {
        SwiftText.tokens(of: source).filter { $0.kind == .string }.map(\.text)
    }
}

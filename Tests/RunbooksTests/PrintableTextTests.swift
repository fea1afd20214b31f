import Runbooks
import TestSupport
import Testing

struct PrintableTextTests {
    @Test(arguments: [
        ("plain text ~ \\ \t", "plain text ~ \\ \t"), ("\u{1B}[31mred", "\\x1b[31mred"),
        ("a\rb", "a\\rb"), ("\0\u{7}\u{7F}", "\\x00\\x07\\x7f"), ("\u{9B}31m", "\\u{9b}31m"),
        ("\u{202E}abc\u{2066}", "\\u{202e}abc\\u{2066}"),
        ("\u{E9}\u{4E2D}\u{1F600}", "\u{E9}\u{4E2D}\u{1F600}"),
        ("\u{2028}\u{FEFF}\u{200B}", "\\u{2028}\\u{feff}\\u{200b}"),
        ("\u{E000}\u{FFFF}", "\\u{e000}\\u{ffff}"),
        ("\u{E0041}", "\\u{e0041}"), ("\u{3164}\u{115F}", "\\u{3164}\\u{115f}"), ("a\nb", "a\\nb"),
        ("\u{2764}\u{FE0F}", "\u{2764}\u{FE0F}"), ("", ""),
    ])
    func makesHostileTextVisible(text: String, expected: String) {
        #expect(printable(text.utf8, keepNewlines: false) == expected)
    }

    @Test(
        arguments: [
            ([0x61, 0xFF, 0x62], "a\\xffb"), ([0xC3], "\\xc3"), ([0xE2, 0x82], "\\xe2\\x82"),
            ([0xC0, 0xAF], "\\xc0\\xaf"), ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"),
            ([0xF4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"), ([0x80, 0x1B], "\\x80\\x1b"),
            ([0xE2, 0x82, 0x41], "\\xe2\\x82A"), ([0xFF, 0xC3, 0xA9], "\\xff\u{E9}"),
        ] as [([UInt8], String)])
    func showsInvalidBytes(bytes: [UInt8], expected: String) {
        #expect(printable(bytes, keepNewlines: true) == expected)
    }

    @Test func keepsLineEndsWhenAsked() {
        #expect(printable("a\nb\r\nc\rd\r".utf8, keepNewlines: true) == "a\nb\nc\\rd\\r")
        #expect(printable("a\r\nb".utf8, keepNewlines: false) == "a\\r\\nb")
    }

    @Test func neverLetsAnUnprintableThrough() {
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = printable(String(scalar).utf8, keepNewlines: false)
            if isUnprintable(scalar), scalar != "\t" {
                if !text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
                    Issue.record("U+\(String(value, radix: 16)) came through")
                }
            } else if text != String(scalar) {
                Issue.record("U+\(String(value, radix: 16)) was changed")
            }
        }
    }

    @Test func callsEveryDangerousClassUnprintable() {
        let ranges: [ClosedRange<UInt32>] = [
            0x00...0x1F, 0x7F...0x9F, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064,
            0x2066...0x206F, 0x2028...0x2029, 0xE000...0xF8FF, 0xE0001...0xE007F,
            0xFFF9...0xFFFB, 0xFDD0...0xFDEF, 0xAD...0xAD, 0x61C...0x61C, 0xFEFF...0xFEFF,
        ]
        for value in ranges.joined() {
            #expect(
                Unicode.Scalar(value).map(isUnprintable) == true, "U+\(String(value, radix: 16))")
        }
        #expect((0x20...0x7E).allSatisfy { !isUnprintable(Unicode.Scalar($0)) })
    }

    @Test func neverLetsAnyBytesThroughRaw() {
        var random = SeededNumbers(seed: 5)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let text = printable(bytes, keepNewlines: false)
            #expect(text.unicodeScalars.allSatisfy { !isUnprintable($0) || $0 == "\t" })
        }
    }

    @Test func cutsExcerpts() {
        #expect(printableExcerpt("a\u{1B}b") == "'a\\x1bb'")
        #expect(printableExcerpt("abcdef", limit: 3) == "'abc…'")
        #expect(printableExcerpt("abc", limit: 3) == "'abc'")
    }
}

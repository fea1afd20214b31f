import Foundation
import Runbooks
import TestSupport
import Testing

struct RedactorTests {
    private static let secret = #"p'a/s "s$w ö&r+d?\x"#

    /// The secret as programs write it, made by other means than the redactor's own.
    private static var written: [String] {
        let bytes = Data(secret.utf8)
        let hex = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let json =
            (try? JSONEncoder().encode([secret])).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let percent = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return [
            secret, bytes.base64EncodedString(), hex, hex.uppercased(), percent,
            percent.lowercasedEscapes,
            String(json.dropFirst(2).dropLast(2)), secret.replacing("'", with: #"'\''"#),
            secret.replacing("'", with: #"'"'"'"#),
            #"p\'a/s\ \"s\$w\ ö\&r+d\?\\x"#,
            secret.replacing("'", with: #"\'"#).replacing(#"\x"#, with: #"\\x"#),
            #"p'a/s \"s$w \u00f6&r+d?\\x"#, #"p'a\/s \"s$w \u00F6&r+d?\\x"#,
            #"p'a/s \"s$w ö\u0026r+d?\\x"#, #"p'a/s \"s\$w ö&r+d?\\x"#,
            #"p\'a/s "s$w \303\266&r+d?\\x"#, #"p\'a/s "s$w \xc3\xb6&r+d?\\x"#,
            "p&#39;a/s &quot;s$w ö&amp;r+d?\\x", "p%27a/s+%22s%24w+%C3%B6%26r%2Bd%3F%5Cx",
        ]
    }

    @Test(arguments: written)
    func replacesEveryForm(form: String) {
        let redactor = Redactor(secrets: [Secret(Self.secret)])
        #expect(redactor.scrub("<\(form)>") == "<[secret]>")
    }

    @Test(arguments: 0..<9)
    func findsBase64AtEveryPlace(before: Int) throws {
        let secret = "correct horse battery"
        let whole = Data((String(repeating: "x", count: before) + secret + "yy").utf8)
        let scrubbed = Redactor(secrets: [Secret(secret)]).scrub(whole.base64EncodedString())
        #expect(scrubbed.contains("[secret]"))
        let rest = scrubbed.replacing("[secret]", with: "")
        let most = (Double(before) * 8 / 6).rounded(.up) + 7
        #expect(Double(rest.count) <= most, "\(scrubbed)")
    }

    @Test func replacesTheLinesOfALongSecret() {
        let redactor = Redactor(secrets: [Secret("first line\r\nno\nthird line\n")])
        #expect(redactor.scrub("a first line b no c third line") == "a [secret] b no c [secret]")
        #expect(redactor.scrub("first line\r\nno\nthird line\n") == "[secret]")
    }

    @Test func leavesNothingOfSecretsThatOverlap() {
        let redactor = Redactor(secrets: [Secret("abcdef"), Secret("defghi"), Secret("cdef")])
        #expect(redactor.scrub("-abcdefghi-") == "-[secret]-")
        #expect(redactor.scrub("-cdef-defghi-abcde-") == "-[secret]-[secret]-abcde-")
        #expect(redactor.scrub("abcdefabcdef") == "[secret]")
    }

    @Test func handsEverythingThroughWithoutSecrets() {
        let bytes: [UInt8] = [0, 1, 255, 10]
        #expect(Redactor(secrets: []).scrub(bytes) == bytes)
        #expect(Redactor(secrets: [Secret("")]).isEmpty)
        var stream = RedactingStream(Redactor(secrets: []))
        #expect(stream.feed(bytes) == bytes)
        #expect(stream.finish() == [])
    }

    @Test func releasesWhatCannotBeASecret() {
        var stream = RedactingStream(Redactor(secrets: [Secret("hunter22")]))
        #expect(stream.feed(Array("a hun".utf8)) == Array("a ".utf8))
        #expect(stream.feed(Array("d hunter2".utf8)) == Array("hund ".utf8))
        #expect(stream.feed(Array("2!".utf8)) == Array("[secret]!".utf8))
        #expect(stream.finish() == [])
    }

    @Test func releasesAnUnfinishedSecretAtTheEnd() {
        var stream = RedactingStream(Redactor(secrets: [Secret("hunter22")]))
        #expect(stream.feed(Array("hunter2".utf8)) == [])
        #expect(stream.finish() == Array("hunter2".utf8))
    }

    @Test func isTheSameHoweverTheOutputIsCut() {
        var random = SeededNumbers(seed: 6)
        for _ in 0..<1500 {
            let secrets = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                Self.letters(4...7, &random)
            }
            let redactor = Redactor(secrets: secrets.map { Secret($0) })
            var text = Self.letters(0...20, &random)
            for secret in secrets.shuffled(using: &random) {
                text += secret + Self.letters(0...5, &random)
            }
            let expected = Self.naive(text, secrets)
            #expect(redactor.scrub(text) == expected, "\(secrets) in \(text)")
            var stream = RedactingStream(redactor)
            var pieces: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 0...4, using: &random))
                pieces += stream.feed(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            pieces += stream.finish()
            #expect(String(decoding: pieces, as: UTF8.self) == expected)
        }
    }

    @Test func staysFastOnHostileOutput() {
        let secret = String(repeating: "a", count: 4000) + "b"
        let redactor = Redactor(secrets: [Secret(secret)])
        let output = [UInt8](repeating: UInt8(ascii: "a"), count: 300_000)
        #expect(redactor.scrub(output) == output)
    }

    /// Marks every place of every secret (raw only: these have no other form in two letters but
    /// quoting forms that equal them), then writes one marker per marked stretch.
    private static func naive(_ text: String, _ secrets: [String]) -> String {
        let bytes = Array(text.utf8)
        var marked = [Bool](repeating: false, count: bytes.count)
        for secret in secrets {
            let wanted = Array(secret.utf8)
            for start in 0...bytes.count where bytes[start...].starts(with: wanted) {
                for place in start..<(start + wanted.count) { marked[place] = true }
            }
        }
        var result = ""
        for (place, byte) in bytes.enumerated() {
            if !marked[place] {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else if place == 0 || !marked[place - 1] {
                result += "[secret]"
            }
        }
        return result
    }

    private static func letters(_ count: ClosedRange<Int>, _ random: inout SeededNumbers) -> String
    {
        String(
            (0..<Int.random(in: count, using: &random)).map { _ in
                Bool.random(using: &random) ? "." : "-"
            })
    }
}

extension String {
    /// The text with the letters of its percent escapes in lower case.
    fileprivate var lowercasedEscapes: String {
        split(separator: "%", omittingEmptySubsequences: false).enumerated().map { index, part in
            index == 0 ? String(part) : part.prefix(2).lowercased() + part.dropFirst(2)
        }.joined(separator: "%")
    }
}

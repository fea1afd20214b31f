import Foundation
import Runbooks
import TestSupport
import Testing

/// The encodings that docs/parameters.md lists ("Redaction"), each made by other means than the
/// redactor's own, of random secrets, cut at random places.
struct RedactorEncodingTests {
    /// One way to write a secret.
    struct Encoding: Sendable, CustomTestStringConvertible {
        let name: String
        let write: @Sendable (String) -> [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ write: @escaping @Sendable (String) -> String) {
            self.name = name
            self.write = { Array(write($0).utf8) }
        }

        init(bytes name: String, _ write: @escaping @Sendable (String) -> [UInt8]) {
            self.name = name
            self.write = write
        }
    }

    static let encodings: [Encoding] = [
        Encoding("as it is") { $0 },
        Encoding("base64") { Data($0.utf8).base64EncodedString() },
        Encoding("base64 with a line feed") { Data(($0 + "\n").utf8).base64EncodedString() },
        Encoding("base64 without padding") {
            Data($0.utf8).base64EncodedString().replacing("=", with: "")
        },
        Encoding("base64url") {
            Data($0.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        },
        Encoding("base64, 76 and LF") {
            wrapped($0, [.lineLength76Characters, .endLineWithLineFeed])
        },
        Encoding("base64, 64 and CRLF") {
            wrapped(
                $0,
                [.lineLength64Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        },
        Encoding("base64 in indented lines of 10") {
            lines(Data($0.utf8).base64EncodedString(), 10).joined(separator: "\n    ")
        },
        Encoding("base64 lines inside JSON") {
            lines(Data($0.utf8).base64EncodedString(), 16).joined(separator: #"\r\n"#)
        },
        Encoding("base32") { base32($0, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") },
        Encoding("base32 in lines") {
            lines(base32($0, "abcdefghijklmnopqrstuvwxyz234567"), 8).joined(separator: "\n")
        },
        Encoding("hex") { pairs($0).joined() },
        Encoding("hex, upper case") { pairs($0).joined().uppercased() },
        Encoding("hex, mixed case") {
            pairs($0).enumerated().map { $0 % 2 == 0 ? $1 : $1.uppercased() }.joined()
        },
        Encoding("hex with spaces") { pairs($0).joined(separator: " ") },
        Encoding("hex with colons") { pairs($0).joined(separator: ":").uppercased() },
        Encoding("hex with dashes") { pairs($0).joined(separator: "-") },
        Encoding("hex in lines of 16") {
            lines(pairs($0).joined(separator: " "), 48).joined(separator: "\n")
        },
        Encoding("hex as words") { lines(pairs($0).joined(), 4).joined(separator: " ") },
        Encoding("hex as \\x") { pairs($0).map { #"\x"# + $0 }.joined() },
        Encoding("hex as an array") { pairs($0).map { "0x" + $0 }.joined(separator: ", ") },
        Encoding("percent, all bytes") { pairs($0).map { "%" + $0 }.joined() },
        Encoding("percent") {
            $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics.intersection(ascii))
                ?? ""
        },
        Encoding("percent, lower case") {
            mapped($0) { byte in
                isWord(byte) ? nil : "%" + hex(byte)
            }
        },
        Encoding("form") {
            mapped($0) { byte in
                byte == 0x20 ? "+" : isWord(byte) ? nil : "%" + hex(byte).uppercased()
            }
        },
        Encoding("JSON") {
            let whole = try? JSONEncoder().encode([$0])
            return String(decoding: whole ?? Data(), as: UTF8.self).dropFirst(2).dropLast(2)
                .description
        },
        Encoding("single quotes") { $0.replacing("'", with: #"'\''"#) },
        Encoding("markup") {
            $0.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
                .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
                .replacing("'", with: "&#39;")
        },
        Encoding(bytes: "UTF-16LE") { Array($0.data(using: .utf16LittleEndian) ?? Data()) },
        Encoding(bytes: "UTF-16BE") { Array($0.data(using: .utf16BigEndian) ?? Data()) },
        Encoding("base64 of UTF-16LE") {
            ($0.data(using: .utf16LittleEndian) ?? Data()).base64EncodedString()
        },
    ]

    @Test(arguments: encodings) func findsRandomSecretsHoweverTheOutputIsCut(
        _ encoding: Encoding
    ) {
        var random = SeededNumbers(seed: UInt64(encoding.name.utf8.count) &* 7919)
        for number in 0..<60 {
            let secrets = (0...Int.random(in: 0...2, using: &random)).map { _ in
                Self.secret(&random)
            }
            let secret = secrets[0]
            let redactor = Redactor(secrets: secrets.map { Secret($0) })
            let output = Array("<< ".utf8) + encoding.write(secret) + Array(" >>".utf8)
            var stream = RedactingStream(redactor)
            var safe: [UInt8] = []
            var rest = output[...]
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 1...20, using: &random))
                safe += stream.feed(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            safe += stream.finish()
            // The sign before the first byte tells nothing.
            let text = String(decoding: safe, as: UTF8.self)
                .replacing(/(\\x|0x|%)\[secret\]/, with: "[secret]")
            #expect(text == "<< [secret] >>", "\(number): \(secret.debugDescription)")
            #expect(redactor.scrub(output) == safe)
        }
    }

    /// In a longer text that is encoded as a whole, what the secret alone decides is gone.
    @Test(arguments: 0..<30) func findsEncodedSecretsInsideLongerTexts(_ before: Int) {
        let secret = "correct horse battery staple"
        let redactor = Redactor(secrets: [Secret(secret)])
        let text = String(repeating: "x", count: before) + secret + "yyyy"
        for (written, bits) in [
            (Self.wrapped(text, [.lineLength64Characters, .endLineWithLineFeed]), 6),
            (Self.wrapped(text, [.lineLength76Characters, .endLineWithCarriageReturn]), 6),
            (
                Self.lines(Self.base32(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 20)
                    .joined(separator: "\r\n"), 5
            ),
        ] {
            let safe = redactor.scrub(written)
            #expect(safe.contains("[secret]"), "\(written)")
            let left = safe.replacing("[secret]", with: "").filter { !$0.isWhitespace && $0 != "=" }
            #expect(left.count <= (8 * (before + 4)) / bits + 3, "\(safe)")
        }
    }

    @Test func leavesWhatOnlyLooksAlike() {
        let redactor = Redactor(secrets: [Secret("hunter22")])
        for text in [
            "hunter2 2", "68 75 6e 74 65 72 32 and 32", "aHVudGVyM jI=", "hunter\n22",
            "68:75:6e:74:65:72:32:33", "0x68, 0x75, 0x6e", "aHVudGVy",
        ] {
            #expect(redactor.scrub(text) == text)
        }
    }

    /// A gap has a limit, so that what is held back has one.
    @Test func givesUpOnASecretThatIsSpreadTooWide() {
        let redactor = Redactor(secrets: [Secret("hunter22")])
        let wide = String(repeating: "\n", count: 40)
        #expect(redactor.scrub("aHVudGVy\(wide)MjI=") == "aHVudGVy\(wide)MjI=")
        var stream = RedactingStream(redactor)
        var released = 0
        for _ in 0..<1000 { released += stream.feed(Array("68 75\n\n\n\n\n".utf8)).count }
        #expect(released > 10_000 - 100)
    }

    @Test func secretsOfFourBytesAreFoundInEveryForm() {
        let redactor = Redactor(secrets: [Secret("k9#Z")])
        for encoding in Self.encodings {
            let safe = redactor.scrub([60] + encoding.write("k9#Z") + [62])
            let text = String(decoding: safe, as: UTF8.self)
                .replacing(/(\\x|0x|%)\[secret\]/, with: "[secret]")
            #expect(text == "<[secret]>", "\(encoding.name)")
        }
    }

    private static func secret(_ random: inout SeededNumbers) -> String {
        let signs = Array("abcdefgXYZ0123456789 '\"\\/$&<>%+=?#!.:;,|öé€😀")
        let count = Int.random(in: 4...60, using: &random)
        return String((0..<count).map { _ in signs.randomElement(using: &random) ?? "x" })
    }

    private static let ascii = CharacterSet(charactersIn: Unicode.Scalar(0)..<Unicode.Scalar(128))

    private static func wrapped(_ text: String, _ options: Data.Base64EncodingOptions) -> String {
        Data(text.utf8).base64EncodedString(options: options)
    }

    private static func lines(_ text: String, _ width: Int) -> [String] {
        let characters = Array(text)
        return stride(from: 0, to: characters.count, by: width).map {
            String(characters[$0..<min($0 + width, characters.count)])
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func pairs(_ text: String) -> [String] { text.utf8.map(hex) }

    private static func isWord(_ byte: UInt8) -> Bool {
        Character(Unicode.Scalar(byte)).isASCII && Character(Unicode.Scalar(byte)).isLetter
            || (0x30...0x39).contains(byte)
    }

    private static func mapped(_ text: String, _ replace: (UInt8) -> String?) -> String {
        text.utf8.map { replace($0) ?? String(Unicode.Scalar($0)) }.joined()
    }

    /// From a string of all bits, five at a time.
    private static func base32(_ text: String, _ alphabet: String) -> String {
        let signs = Array(alphabet)
        var bits = text.utf8.map { byte in
            String(repeating: "0", count: byte.leadingZeroBitCount)
                + (byte == 0 ? "" : String(byte, radix: 2))
        }.joined()
        while bits.count % 5 != 0 { bits += "0" }
        let body = lines(bits, 5).map { signs[Int($0, radix: 2) ?? 0] }
        return String(body) + String(repeating: "=", count: (8 - body.count % 8) % 8)
    }
}

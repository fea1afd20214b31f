import Runbooks
import Testing

struct ParameterCheckTests {
    @Test(
        arguments: [
            (.string, "", .string("")), (.string, "a\n'$(x)\u{1B}-", .string("a\n'$(x)\u{1B}-")),
            (.string, "--flag", .string("--flag")), (.integer, "0", .integer(0)),
            (.integer, "-42", .integer(-42)), (.integer, "9223372036854775807", .integer(.max)),
            (.number, "0.5", .number(0.5)), (.number, "-1e6", .number(-1_000_000)),
            (.boolean, "true", .boolean(true)), (.boolean, "false", .boolean(false)),
            (.list, "a,b, c", .list(["a", "b", "c"])), (.list, "", .list([])),
            (.list, "a,b\nc", .list(["a,b", "c"])), (.list, "a,,b", .list(["a", "", "b"])),
            (.duration, "1h30m", .duration(milliseconds: 5_400_000)),
            (.size, "20MiB", .size(bytes: 20_971_520)),
            (.timestamp, "2028-02-29T23:59:59.25+02:00", .string("2028-02-29T23:59:59.25+02:00")),
            (.timestamp, "2027-05-01T20:00:00Z", .string("2027-05-01T20:00:00Z")),
            (.target, "hub07", .string("hub07")), (.path, "/var/log/a b", .string("/var/log/a b")),
            (.hostname, "mbx01.example.org", .string("mbx01.example.org")),
            (.ip, "192.0.2.7", .string("192.0.2.7")),
            (.ip, "2001:db8::7", .string("2001:db8::7")), (.ip, "::", .string("::")),
            (.ip, "::ffff:192.0.2.7", .string("::ffff:192.0.2.7")),
            (.ip, "1:2:3:4:5:6:7:8", .string("1:2:3:4:5:6:7:8")),
            (
                .url, "https://example.org:8443/a?b=%20#c",
                .string("https://example.org:8443/a?b=%20#c")
            ),
            (.url, "http://[2001:db8::7]/", .string("http://[2001:db8::7]/")),
            (.email, "a.b+c@example.org", .string("a.b+c@example.org")),
        ] as [(Parameter.Kind, String, Value)])
    func reads(kind: Parameter.Kind, text: String, expected: Value) {
        let reading = ParameterCheck(kind, Parameter.Constraints(), targets: ["hub07"]).read(text)
        #expect(reading == ParameterCheck.Reading(value: expected, problems: []))
    }

    @Test(
        arguments: [
            (.string, ["a\0b"]),
            (.integer, ["", "+1", "1.0", "007", "-0x1", " 1", "9223372036854775808", "\u{661}"]),
            (.number, ["", ".5", "5.", "nan", "inf", "0x10", "1e999", "1,5", "--1", "1e", "+1"]),
            (.boolean, ["yes", "True", "1", ""]), (.duration, ["5", "1.5h", "-5s"]),
            (.size, ["5", "5 MB"]),
            (
                .timestamp,
                [
                    "2027-05-01", "2027-05-01 20:00:00Z", "2027-02-29T00:00:00Z",
                    "2027-05-01T24:00:00Z",
                    "2027-05-01T20:00:00", "2027-05-01T20:00:60Z", "2027-13-01T20:00:00Z",
                    "2027-05-01T20:00:00.Z",
                    "2027-05-01T20:00:00+2:00", "2027-05-01T20:00:00+24:00", "1900-02-29T00:00:00Z",
                ]
            ),
            (.target, ["hub70", "-x", "a b", ""]),
            (.path, ["a", "/a/../b", "/..", "/a\nb", "~/x", "", "/a\u{202E}"]),
            (
                .hostname,
                ["", "-a", "a-", "a..b", "a.", "a_b", "1.2.3.4", String(repeating: "a", count: 64)]
            ),
            (
                .ip,
                [
                    "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", ":::", "1::2::3",
                    "1:2:3:4:5:6:7", "12345::",
                    "fe80::1%eth0", "1:2:3:4:5:6:7::8", "1.2.3.4::", "::1.2.3", "10.0.0.0/8",
                    ":1:2:3:4:5:6:7", "::1:",
                ]
            ),
            (
                .url,
                [
                    "example.org", "file:///etc/passwd", "https://u:p@example.org", "https://",
                    "https://a b/",
                    "https://example.org:0/", "https://example.org/%zz", "javascript://x",
                    "https://-a/", "http://[::1",
                ]
            ),
            (
                .email,
                ["a", "a@", "@b", "a@b@c", "-a@example.org", "a..b@example.org", "a b@example.org"]
            ),
            (.secret, ["hunter22"]), (.choice, ["anything"]),
        ] as [(Parameter.Kind, [String])])
    func refuses(kind: Parameter.Kind, texts: [String]) {
        for text in texts {
            let reading = ParameterCheck(kind, Parameter.Constraints(), targets: ["hub07"]).read(
                text)
            #expect(reading.problems.count == 1, "\(text)")
        }
    }

    @Test func findsEveryBrokenConstraint() {
        let constraints = Parameter.Constraints(pattern: "[a-z]+", minLength: 3, choices: ["abc"])
        let reading = ParameterCheck(.choice, constraints).read("A")
        #expect(
            reading.problems.map(\.message) == [
                "has 1 characters, fewer than 3", "is 'A', which is none of abc",
                "is 'A', which doesn't fit the pattern [a-z]+",
            ])
    }

    @Test(
        arguments: [
            (.integer, "9", "is 9, less than 10"), (.integer, "1001", "is 1001, more than 1000"),
            (.duration, "5ms", "is 5ms, less than 10ms"), (.size, "2kB", "is 2kB, more than 1kB"),
            (.number, "9.5", "is 9.5, less than 10"),
        ] as [(Parameter.Kind, String, String)])
    func keepsNumbersWithinBounds(kind: Parameter.Kind, text: String, expected: String) {
        let check = ParameterCheck(kind, Parameter.Constraints(min: 10, max: 1000))
        #expect(check.read(text).problems.map(\.message) == [expected])
    }

    @Test func boundsEveryLength() {
        let plain = ParameterCheck(.string, Parameter.Constraints())
        #expect(plain.read(String(repeating: "ö", count: 4096)).problems == [])
        #expect(plain.read(String(repeating: "a", count: 4097)).problems.count == 1)
        let wide = ParameterCheck(.string, Parameter.Constraints(maxLength: 2_000_000))
        #expect(wide.read(String(repeating: "a", count: 1_048_576)).problems == [])
        #expect(wide.read(String(repeating: "a", count: 1_048_577)).value == nil)
        let list = ParameterCheck(
            .list, Parameter.Constraints(pattern: "[a-z]", maxLength: 2, choices: ["a", "b"]))
        #expect(list.read(["a", "b"]).problems == [])
        #expect(list.read(["a", "b", "C\n"]).problems.count == 2)
        #expect(list.read(["a\0"]).problems.count == 1)
    }

    @Test func tellsNothingOfASecret() {
        let reference = SecretReference(source: "prompt", name: "token")
        let check = ParameterCheck(.secret, Parameter.Constraints(pattern: "[0-9]+", minLength: 30))
        for secret in ["hunter22xyz", "abc", "pw\0pw"] {
            let reading = check.read(Secret(secret), from: reference)
            #expect(!reading.problems.isEmpty)
            #expect(
                !reading.problems.contains {
                    $0.message.contains(secret) || $0.hint?.contains(secret) == true
                })
        }
        let good = ParameterCheck(.secret, Parameter.Constraints()).read(
            Secret("hunter22"), from: reference)
        #expect(good == ParameterCheck.Reading(value: .secret(reference), problems: []))
    }

    @Test(
        arguments: [
            (.string("a\nb"), "a\nb"), (.integer(-5), "-5"), (.number(50), "50"),
            (.number(0.1), "0.1"),
            (.number(-0.0), "0"), (.number(1e21), "1e+21"), (.boolean(true), "true"),
            (.duration(milliseconds: 1500), "1.5"),
            (.duration(milliseconds: 60_000), "60"), (.duration(milliseconds: 1), "0.001"),
            (.size(bytes: 2048), "2048"),
            (.list(["a b", "", "c"]), "a b\n\nc"),
            (.secret(SecretReference(source: "prompt", name: "x")), "[secret]"),
        ] as [(Value, String)])
    func hasOneEncodingForScripts(value: Value, expected: String) {
        #expect(value.text == expected)
    }

    @Test(arguments: [
        ("[0-9]+(\\.[0-9]+){2}", ["1.2.3"], ["1.2", "1.2.3.4", "1.2.3\n", "a1.2.3"]),
        ("^a|b$", ["a", "b"], ["ab", ""]),
        ("(?:ab){2,3}", ["abab", "ababab"], ["ab", "abababab"]),
        ("[^a-c-]x?", ["d", "zx"], ["a", "-", "dxx"]),
        ("\\d\\w\\s", ["1_ "], ["\u{661}a ", "1-a"]),
        (".*", ["", "aö\t"], ["a\nb"]), ("a{2,}", ["aa", "aaaaa"], ["a"]),
        ("[\\d_-]+", ["1-_"], ["a"]),
        ("\\.\\{\\\\", [".{\\"], ["a"]), ("(a|b|)c", ["ac", "bc", "c"], ["abc"]),
        ("[]a]", [], ["]"]),
        ("\\D\\S\\W", ["ab-"], ["1b-", "a -", "abc"]), ("(a*)*", ["", "aaa"], ["b"]),
        ("a{0}", [""], ["a"]),
    ])
    func patternsFitWholeValues(pattern: String, fitting: [String], others: [String]) throws {
        guard pattern != "[]a]" else {
            #expect(throws: TextPattern.SyntaxError.self) { try TextPattern(pattern) }
            return
        }
        let compiled = try TextPattern(pattern)
        for text in fitting { #expect(compiled.matches(text), "\(pattern) \(text)") }
        for text in others { #expect(!compiled.matches(text), "\(pattern) \(text)") }
    }

    @Test(arguments: [
        "(", ")", "a**", "a+?", "*a", "[a", "[z-a]", "\\1", "\\b", "(?=a)", "(?i)a", "a{3,2}",
        "a{1001}", "a{",
        "a^b", "a$b", "[[:alpha:]]", "((((a{100}){100}){100}){100})",
        "(((((){999}){999}){999}){999})", "\\",
        String(repeating: "(", count: 33) + String(repeating: ")", count: 33),
        String(repeating: "a", count: 513),
    ])
    func refusesPatterns(pattern: String) {
        #expect(throws: TextPattern.SyntaxError.self) { try TextPattern(pattern) }
    }

    @Test(arguments: ["(a+)+b", "(a|aa)*b", "(a*)*b", "a*a*a*a*a*b", "(.*.*)*=x"])
    func noPatternHangs(pattern: String) throws {
        #expect(try !TextPattern(pattern).matches(String(repeating: "a", count: 4096)))
    }
}

import Testing

@testable import Runbooks

struct ParameterFileTests {
    private func read(_ text: String, hidesText: Bool = false) -> Checked<[String: GivenValue]> {
        ParameterFile.read(Array(text.utf8), file: "p.yaml", hidesText: hidesText)
    }

    /// A value as a test can compare it.
    private func plain(_ value: GivenValue?) -> [String]? {
        switch value {
        case .text(let text): [text]
        case .list(let texts): ["list"] + texts
        case .secret, nil: nil
        }
    }

    @Test(arguments: [
        ("a: 1.10", ["1.10"]), ("a: yes", ["yes"]), ("a: 'null'", ["null"]), ("a: \"\"", [""]),
        ("a: [x, 007]", ["list", "x", "007"]), ("a:\n  - x\n  - y z", ["list", "x", "y z"]),
        ("a: []", ["list"]), ("a: |\n  one\n  two\n", ["one\ntwo\n"]),
    ])
    func valuesAreTextsOfWhichNoTypeIsGuessed(text: String, value: [String]) {
        let read = read(text)
        #expect(read.diagnostics == [])
        #expect(plain(read.value?["a"]) == value)
    }

    @Test(arguments: [
        ("a: &x 1\nb: *x", "yaml-alias"), ("a: !!str 1", "yaml-tag"),
        ("a: 1\na: 2", "duplicate-key"),
        ("a: { b: 1 }", "wrong-type"), ("- a", "wrong-type"), ("just text", "wrong-type"),
        ("a: [[1]]", "wrong-type"), ("a:", "bad-value"), ("a: ~", "bad-value"),
        ("a: [x, null]", "bad-value"), ("a: 1\n---\nb: 2", "several-documents"),
        ("", "several-documents"),
    ])
    func whatIsNoMappingOfTextsIsRefusedWithItsPlace(text: String, code: String) {
        let read = read(text)
        #expect(read.value == nil)
        let codes = read.diagnostics.map(\.code)
        #expect(codes.contains(code))
        #expect(read.diagnostics.allSatisfy { $0.position != nil })
    }

    @Test(arguments: ["pw: hunter22: x", "pw: &hunter22 y", "pw: { hunter22: y }", "pw: [hunter22"])
    func aFileWithASecretIsNeverQuoted(text: String) {
        #expect(read(text).diagnostics.contains { "\($0)".contains("hunter22") })
        let hidden = read(text, hidesText: true)
        #expect(hidden.value == nil)
        #expect(!hidden.diagnostics.isEmpty)
        #expect(!hidden.diagnostics.contains { "\($0)".contains("hunter22") })
    }
}

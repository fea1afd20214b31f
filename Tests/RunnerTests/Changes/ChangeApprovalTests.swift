import Runbooks
import Runner
import Testing

/// The bytes that an approver signs.
struct ChangeApprovalTests {
    private let sample = ChangeSamples.statement("ann", nonce: "0123456789abcdef").statement

    @Test func itsBytesAreThisCanonicalForm() {
        let text = String(decoding: sample.bytes, as: UTF8.self)
        #expect(
            text == """
                {"approver":"ann","change":"CHG-42","decision":"approved","digest":"\
                \(String(repeating: "a", count: 64))","environment":"production","expires":\
                "2026-12-08T11:06:40.000Z","forecast_digest":"\(String(repeating: "f", count: 64))\
                ","issued":"2026-11-18T11:07:30.000Z","library":"house","nonce":\
                "0123456789abcdef0000000000000000","origin":"home","role":"board","type":"change"}
                """)
    }

    @Test func itIsReadBack() {
        #expect(ChangeApproval(reading: sample.bytes) == sample)
        let blind = ChangeSamples.statement("ann", forecast: nil).statement
        #expect(ChangeApproval(reading: blind.bytes) == blind)
        #expect(blind.digest != sample.digest)
    }

    @Test(arguments: [
        ("\"type\":\"change\"", "\"type\":\"content\""), ("\"CHG-42\"", "\"CHG-042\""),
        ("\"approved\"", "\"maybe\""), ("{\"approver\"", "{ \"approver\""),
        (",\"role\":\"board\"", ""), ("\"type\":\"change\"", "\"type\":\"change\",\"zone\":1"),
        ("0000\"", "000G\""), ("2026-12-08T", "2026-12-8T"), ("\"home\"", "7"),
    ])
    func whatIsNotExactlyOneIsNone(_ old: String, _ new: String) {
        let text = String(decoding: sample.bytes, as: UTF8.self)
        let altered = text.replacing(old, with: new)
        #expect(altered != text)
        #expect(ChangeApproval(reading: Array(altered.utf8)) == nil)
    }

    @Test(arguments: [
        ("CHG-1", 1), ("chg-42", 42), ("42", 42), ("CHG-999999999", 999_999_999),
    ])
    func anIDIsTypedInSeveralWays(_ text: String, _ number: Int) throws {
        #expect(try #require(ChangeID(typed: text)).number == number)
    }

    @Test(arguments: [
        "", "CHG-", "CHG-0", "CHG-01", "CHG-1000000000", "CHG-1x", "x1", "-1", "RFC-1",
    ])
    func otherTextIsNoID(_ text: String) { #expect(ChangeID(typed: text) == nil) }
}

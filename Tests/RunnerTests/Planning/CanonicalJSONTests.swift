import Runner
import Testing

struct CanonicalJSONTests {
    /// RFC 8785, appendix B: the bits of a double, and its text.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
            (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
            (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
            (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"),
            (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"),
            (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"),
            (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"),
            (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func numbersAreWrittenAsECMAScriptDoes(bits: UInt64, text: String) {
        let bytes = CanonicalJSON.bytes(of: JSONValue.number(Double(bitPattern: bits)))
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    /// RFC 8785, section 3.2.2.
    @Test func theSampleDocumentHasItsPublishedForm() throws {
        let source = #"""
            { "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false] }
            """#
        let wanted =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(try canonical(source) == wanted)
    }

    /// RFC 8785, section 3.2.3.
    @Test func keysAreSortedByTheirUTF16Units() throws {
        let source = #"""
            { "\u20ac": "Euro Sign", "\r": "Carriage Return",
              "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
              "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
              "\u00f6": "Latin Small Letter O With Diaeresis" }
            """#
        let text = try canonical(source)
        let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
        let places = order.compactMap { text.firstRange(of: $0)?.lowerBound }
        #expect(places.count == order.count)
        #expect(places == places.sorted())
    }

    @Test(
        arguments: [
            (9_007_199_254_740_991, "9007199254740991"),
            (-9_007_199_254_740_991, "-9007199254740991"),
            (9_007_199_254_740_992, "\"9007199254740992\""),
            (Int64.min, "\"-9223372036854775808\""), (0, "0"),
        ] as [(Int64, String)])
    func integersThatADoubleCantHoldBecomeStrings(integer: Int64, text: String) {
        let bytes = CanonicalJSON.bytes(of: JSONValue.integer(integer))
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func encodingKeepsIntegersExact() throws {
        let bytes = try CanonicalJSON.bytes(of: ["n": Int64.max, "a": 1])
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"a":1,"n":"9223372036854775807"}"#)
    }

    /// FIPS 180-4's example "abc".
    @Test func digestsAreSHA256() {
        #expect(
            Digest.sha256(of: Array("abc".utf8)).rawValue
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    private func canonical(_ source: String) throws -> String {
        let bytes = Array(source.utf8)
        let value = try JSONReader.read(bytes, largest: bytes.count)
        return String(decoding: CanonicalJSON.bytes(of: value), as: UTF8.self)
    }
}

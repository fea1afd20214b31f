import Runner
import Testing

struct HexadecimalTests {
    @Test func everyByteHasTwoDigits() {
        let bytes = Array(UInt8.min...UInt8.max)
        let wanted = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(Hexadecimal.text(of: bytes) == wanted)
        #expect(bytes.withUnsafeBytes { Hexadecimal.text(of: $0) } == wanted)
        #expect(Hexadecimal.text(of: [UInt8]()) == "")
    }
}

/// Bytes as lower-case hexadecimal digits, as digests are written.
package enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two digits for each byte.
    package static func text(of bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.underestimatedCount)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether a text is exactly so many lower-case digits.
    package static func isDigits(_ text: some StringProtocol, _ count: Int) -> Bool {
        guard text.utf8.count == count else { return false }
        let isAll = { (bytes: UnsafeBufferPointer<UInt8>) in
            bytes.allSatisfy { $0 &- 48 < 10 || $0 &- 97 < 6 }
        }
        return text.utf8.withContiguousStorageIfAvailable(isAll)
            ?? text.utf8.allSatisfy { $0 &- 48 < 10 || $0 &- 97 < 6 }
    }
}

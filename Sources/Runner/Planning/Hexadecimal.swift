/// Bytes as lower-case hexadecimal digits, as digests are written.
package enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two digits for each byte.
    package static func text(of bytes: some Sequence<UInt8>) -> String {
        Array(bytes).withUnsafeBytes { text(of: $0) }
    }

    /// Two digits for each byte; of a digest much faster than byte by byte.
    package static func text(of bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            digits.withUnsafeBufferPointer { digits in
                for (place, byte) in bytes.enumerated() {
                    text[2 * place] = digits[Int(byte >> 4)]
                    text[2 * place + 1] = digits[Int(byte & 15)]
                }
            }
            return 2 * bytes.count
        }
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

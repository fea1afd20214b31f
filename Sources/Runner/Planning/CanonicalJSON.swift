import Runbooks

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The one form of a JSON value that digests are taken of (RFC 8785).
///
/// Keys are sorted by UTF-16 code units, there is no space, numbers are written as ECMAScript
/// does. Our own rule on top (docs/plan.md): integers beyond ±(2^53−1), which a double can't
/// hold, are written as strings of their digits.
package enum CanonicalJSON {
    /// The greatest integer that every JSON reader keeps (RFC 7493, section 2.2).
    package static let greatestInteger: Int64 = 9_007_199_254_740_991

    /// The canonical bytes of a value.
    package static func bytes(of value: JSONValue) -> [UInt8] {
        var output: [UInt8] = []
        append(value, to: &output)
        return output
    }

    /// The canonical bytes of anything that can be encoded.
    ///
    /// - Throws: what its `encode(to:)` throws, and `EncodingError` for a number that isn't finite.
    package static func bytes(of value: some Encodable) throws -> [UInt8] {
        bytes(of: try self.value(of: value))
    }

    /// The JSON value of anything that can be encoded.
    ///
    /// - Throws: what its `encode(to:)` throws, and `EncodingError` for a number that isn't finite.
    package static func value(of value: some Encodable) throws -> JSONValue {
        let bytes = Array(try JSONEncoder().encode(value))
        return try JSONReader.read(bytes, largest: bytes.count)
    }

    /// Adds the canonical bytes of a value to a document that is being written.
    package static func append(_ value: JSONValue, to output: inout [UInt8]) {
        switch value {
        case .null: output += "null".utf8
        case .boolean(let truth): output += (truth ? "true" : "false").utf8
        case .integer(let integer): append(integer, to: &output)
        case .number(let number): output += Array(text(of: number).utf8)
        case .string(let string): append(string, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(element, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            let sorted = members.sorted { precedes($0.key, $1.key) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                append(member.value, to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// Whether a key comes first: by UTF-16 code units (RFC 8785, section 3.2.3).
    static func precedes(_ left: String, _ right: String) -> Bool {
        // Most keys are short and plain: where both first different bytes lie below the lead bytes
        // of U+E000 and later, UTF-8 has the order of UTF-16.
        var (ours, theirs) = (left.utf8.makeIterator(), right.utf8.makeIterator())
        while true {
            switch (ours.next(), theirs.next()) {
            case (nil, let other): return other != nil
            case (_, nil): return false
            case (let one?, let other?) where one != other:
                guard one >= 0xEE || other >= 0xEE else { return one < other }
                return left.utf16.lexicographicallyPrecedes(right.utf16)
            default: continue
            }
        }
    }

    private static func append(_ integer: Int64, to output: inout [UInt8]) {
        let isSafe = (-greatestInteger...greatestInteger).contains(integer)
        output += (isSafe ? String(integer) : "\"\(integer)\"").utf8
    }

    /// Adds the canonical bytes of a text, in its quotes.
    package static func append(_ string: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var text = string
        text.withUTF8 { bytes in
            // What needs no escape goes over in one piece.
            var start = 0
            for (place, byte) in bytes.enumerated() where isEscaped(byte) {
                output += bytes[start..<place]
                start = place + 1
                escape(byte, to: &output)
            }
            output += bytes[start...]
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func escape(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
        case 0x08: output += "\\b".utf8
        case 0x09: output += "\\t".utf8
        case 0x0A: output += "\\n".utf8
        case 0x0C: output += "\\f".utf8
        case 0x0D: output += "\\r".utf8
        default:
            output += (byte < 0x10 ? "\\u000" : "\\u00").utf8
            output += String(byte, radix: 16).utf8
        }
    }

    /// A finite number as ECMAScript writes it (ECMA-262, Number::toString with radix 10).
    static func text(of number: Double) -> String {
        precondition(number.isFinite, "JSON has no text for a number that isn't finite")
        guard number != 0 else { return "0" }
        let (digits, point) = shortestDigits(number.magnitude)
        let count = digits.utf8.count
        let sign = number < 0 ? "-" : ""
        if point > 21 || point <= -6 {
            let exponent = point - 1
            let fraction = count > 1 ? "." + digits.dropFirst() : ""
            return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + "\(exponent.magnitude)"
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if count <= point { return sign + digits + String(repeating: "0", count: point - count) }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    /// The fewest digits that read back as the number, and where the decimal point stands.
    ///
    /// `0.<digits> × 10^point`. The digits are those that Swift prints: the shortest, and of the
    /// shortest the closest, as ECMAScript wants them.
    private static func shortestDigits(_ magnitude: Double) -> (digits: String, point: Int) {
        let parts = "\(magnitude)".split(separator: "e")
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = mantissa[0]
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        let all = whole + fraction
        let significant = all.drop { $0 == "0" }
        let point = whole.utf8.count - (all.utf8.count - significant.utf8.count) + exponent
        let trailing = significant.reversed().prefix { $0 == "0" }.count
        return (String(significant.dropLast(trailing)), point)
    }
}

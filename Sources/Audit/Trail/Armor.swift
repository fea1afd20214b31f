import Foundation

/// Base64 between a first and a last line, as OpenSSH writes keys and signatures.
enum Armor {
    /// The text; lines of 70 characters, a newline after the last.
    static func lines(_ bytes: [UInt8], begin: String, end: String) -> String {
        let text = Array(Data(bytes).base64EncodedString())
        let body = stride(from: 0, to: text.count, by: 70).map {
            String(text[$0..<min($0 + 70, text.count)])
        }
        return ([begin] + body + [end]).joined(separator: "\n") + "\n"
    }

    /// The bytes; nil when the text is anything but such lines.
    static func bytes(_ text: String, begin: String, end: String) -> [UInt8]? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        if lines.last == "" { lines.removeLast() }
        guard lines.count >= 3, lines.first == begin[...], lines.last == end[...] else {
            return nil
        }
        return Data(base64Encoded: lines.dropFirst().dropLast().joined()).map(Array.init)
    }
}

import Foundation
import Testing

/// Texts and documents kept in `Tests/CommandTests/Golden`, so that a changed word shows in review.
///
/// `HANDRAIL_GOLDEN=write swift test --filter Golden` writes them anew; look at the difference.
enum Golden {
    /// The folder of the goldens, beside these sources.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Golden")

    /// Expects lines to be those of a file.
    static func expect(_ lines: [String], in name: String) throws {
        try expect(lines.map { $0 + "\n" }.joined(), at: "text/\(name).txt")
    }

    /// Expects one JSON document to be that of a file, whatever its spaces.
    static func expect(document: String, in name: String) throws {
        let object = try JSONSerialization.jsonObject(with: Data(document.utf8))
        let data = try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        try expect(String(decoding: data, as: UTF8.self) + "\n", at: "json/\(name).json")
    }

    /// The document of a file.
    static func document(_ name: String) throws -> Any {
        let data = try Data(contentsOf: folder.appending(path: "json/\(name).json"))
        return try JSONSerialization.jsonObject(with: data)
    }

    private static func expect(_ text: String, at path: String) throws {
        let file = folder.appending(path: path)
        if ProcessInfo.processInfo.environment["HANDRAIL_GOLDEN"] == "write" {
            try Data(text.utf8).write(to: file)
        }
        let kept = try String(contentsOf: file, encoding: .utf8)
        guard kept != text else { return }
        let (old, new) = (lines(kept), lines(text))
        let place =
            zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset
            ?? min(old.count, new.count)
        Issue.record(
            """
            \(path) differs from line \(place + 1) on:
            kept:  \(place < old.count ? old[place] : "(the end)")
            found: \(place < new.count ? new[place] : "(the end)")
            If that is meant: HANDRAIL_GOLDEN=write swift test --filter Golden
            """)
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }
}

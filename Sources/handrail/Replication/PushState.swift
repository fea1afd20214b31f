import Audit
import Foundation
import Runner

/// What this home knows of its trail's remote: `push.json` in the home.
struct PushState: Sendable, Codable, Hashable {
    /// The address.
    var remote: String
    /// The last commit that it took; nil for none yet.
    var commit: String?
    /// How many events it has.
    var events = 0
    /// When that was.
    var at: Timestamp?
    /// Why the last push failed; nil after one that went well.
    var failure: String?
    /// The commit that it has and the trail hasn't; nil while they agree.
    var foreign: String?

    private static func path(_ home: Home) -> String { home.path + "/push.json" }

    /// What is known; nil before the first push.
    ///
    /// - Throws: `Failure` (invalidInput) for a file that is none of these.
    static func read(in home: Home) throws -> PushState? {
        guard FileManager.default.fileExists(atPath: path(home)) else { return nil }
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path(home)))
            return try JSONDecoder().decode(PushState.self, from: data)
        } catch {
            throw Failure(
                .invalidInput, code: "trail.state",
                "\(path(home)) says nothing that can be used about the trail's remote.",
                hint: "move it away, then run 'handrail audit push'")
        }
    }

    /// Takes the place of what was known, whole or not at all.
    func write(in home: Home) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(
            to: URL(fileURLWithPath: Self.path(home)), options: .atomic)
    }
}

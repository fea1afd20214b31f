import Foundation
import Runbooks
import Runner

/// What a backup says of itself: `manifest.json` (docs/backup.md).
package struct BackupManifest: Sendable, Codable, Hashable {
    /// The trail as it stands in the backup.
    package struct Trail: Sendable, Codable, Hashable {
        /// Whose trail it is.
        package let controller: String
        /// Where it ends: `size:hash`.
        package let anchor: String
        /// The commit that its branch names.
        package let commit: String
    }

    /// The format of the backup.
    package let format: Int
    /// When it was taken.
    package let created: Timestamp
    /// What took it, such as `handrail 1.2.0`.
    package let program: String
    /// On which machine.
    package let host: String
    /// Of which home.
    package let home: String
    /// How many runs the journal has.
    package let runs: Int
    /// Those that had not ended.
    package let openRuns: [String]
    /// How many events of the trail the journal has, sealed or not.
    package let events: Int
    /// The trail; nil where it had no commit yet.
    package let trail: Trail?
    /// Whether the controller's keys are in it.
    package let hasKeys: Bool
    /// How many contents of outputs are in it.
    package let contents: Int
    /// The SHA-256 of `SHA256SUMS`, in hex.
    package let sums: String

    static let name = "manifest.json"
    static let sumsName = "SHA256SUMS"
    /// The manifest's own digest: the last file of all.
    static let digestName = "manifest.json.sha256"
    static let newest = 1
    /// The largest manifest, and the largest list of digests, in bytes.
    static let largest = 4 << 20
    static let largestSums = 512 << 20

    private enum CodingKeys: String, CodingKey {
        case format, created, program, host, home, runs, events, trail, contents
        case openRuns = "open_runs"
        case hasKeys = "keys"
        case sums = "sums_sha256"
    }

    /// Whether a path may be in a backup: nothing else is ever written anywhere.
    static func isKnown(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch (parts.first, parts.count) {
        case ("journal.db", 1), ("trail.yaml", 1): return true
        case ("keys", 2): return ["controller", "first.pub", "next"].contains(parts[1])
        case ("push", 2):
            return parts[1].hasSuffix(".json") && Hexadecimal.isDigits(parts[1].dropLast(5), 16)
        case ("output", 3):
            return Hexadecimal.isDigits(parts[2], 64) && parts[2].prefix(2) == parts[1]
        case ("trust", 2):
            return ["environments.yaml", "controllers", "hosts"].contains(parts[1])
        case ("trust", 3):
            return parts[1] == "people"
                ? isPerson(parts[2])
                : TrustDocuments.isCalendar(parts.dropFirst().joined(separator: "/"))
        case ("trail.git", _): return isTrail(Array(parts.dropFirst()))
        default: return false
        }
    }

    private static func isPerson(_ name: String) -> Bool {
        name.hasSuffix(".yaml") && PersonID(rawValue: String(name.dropLast(5))) != nil
    }

    private static func isTrail(_ parts: [String]) -> Bool {
        switch parts.count {
        case 1: return ["HEAD", "config"].contains(parts[0])
        case 3 where parts[0] == "objects" && parts[1] == "pack": return isPack(parts[2])
        case 3: return parts[0] == "objects" && isLoose(parts[1], parts[2])
        case 4:
            return parts.dropLast() == ["refs", "heads", "trail"]
                && TrailOrigin.isController(parts[3])
        default: return false
        }
    }

    /// Whether a folder and a name are those of a loose object.
    static func isLoose(_ folder: String, _ name: String) -> Bool {
        Hexadecimal.isDigits(folder, 2) && Hexadecimal.isDigits(name, 38)
    }

    /// Whether a name is that of a pack, or of its index.
    static func isPack(_ name: String) -> Bool {
        guard name.hasPrefix("pack-"), name.hasSuffix(".pack") || name.hasSuffix(".idx") else {
            return false
        }
        return Hexadecimal.isDigits(name.dropFirst(5).prefix { $0 != "." }, 40)
    }
}

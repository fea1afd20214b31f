/// Where the rules of named zones come from; the real one is `ZoneFolder`.
package protocol ZoneSource: Sendable {
    /// The rules of a zone by its name, such as `Europe/Berlin`; nil where it isn't known.
    func zone(named name: String) -> ZoneRules?
    /// All names that are known, for "did you mean".
    var names: [String] { get }
}

/// Zones in memory, for tests and for what needs none.
package struct ListedZones: ZoneSource {
    private let zones: [String: ZoneRules]

    package init(_ zones: [ZoneRules]) {
        self.zones = Dictionary(
            zones.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The listed zone of that name; nil for any other.
    package func zone(named name: String) -> ZoneRules? { zones[name] }

    /// The names listed, in order.
    package var names: [String] { zones.keys.sorted() }
}

/// The names that zones have (IANA's database, "Theory and pragmatics", "Names of timezones").
enum ZoneName {
    /// Whether it is parts of letters, digits, `+`, `-` and `_` with single slashes between: it
    /// never leads out of a folder.
    static func isValid(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count) else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.utf8.first, first != UInt8(ascii: "-") else { return false }
            return part.utf8.allSatisfy { byte in
                UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte & 0xDF
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "+-_".utf8.contains(byte)
            }
        }
    }
}

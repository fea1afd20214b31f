import Crypto
import Runbooks
import Runner

/// One line of the trail: an event at its place in the chain.
package struct TrailLine: Sendable, Hashable {
    /// The longest line, its newline included.
    package static let longest = 16 << 10
    /// What the first line names as the one before it.
    package static let noLine = String(repeating: "0", count: 64)

    /// From 1, gap-free in a home.
    package let sequence: Int
    /// Canonical JSON, without a newline.
    package let text: String

    /// The SHA-256 of the line without its newline, in hex: what the next line names.
    package var digest: String { Self.digest(of: Array(text.utf8)) }

    /// The SHA-256 of bytes, in hex.
    package static func digest(of bytes: [UInt8]) -> String {
        Hexadecimal.text(of: SHA256.hash(data: bytes))
    }

    package init(sequence: Int, text: String) {
        self.sequence = sequence
        self.text = text
    }

    /// The line of an event; details that would not fit are cut, which it says.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - sequence: its place.
    ///   - previous: the digest of the line before.
    ///   - id: 128 random bits in hex.
    package init(_ event: TrailEvent, sequence: Int, after previous: String, id: String) {
        var members: [String: JSONValue] = [
            "v": .integer(1), "seq": .integer(Int64(sequence)), "prev": .string(previous),
            "id": .string(id), "at": .string(event.at.trailText),
            "actor": .string(event.actor), "via": .string(event.via.rawValue),
            "kind": .string(event.kind.rawValue), "data": .object(event.details),
        ]
        members["run"] = event.run.map { .string($0.rawValue) }
        members["plan"] = event.plan.map { .string($0.rawValue) }
        members["target"] = event.target.map { .string($0.rawValue) }
        members["step"] = event.step.map { .string($0.rawValue) }
        members["attempt"] = event.attempt.map { .integer(Int64($0)) }
        self.sequence = sequence
        text = Self.fitting(members, event.details)
    }

    /// The longest details are cut, one after the other, until the line fits; where there are too
    /// many small ones, all are.
    private static func fitting(
        _ members: [String: JSONValue], _ details: [String: JSONValue]
    ) -> String {
        var members = members
        var details = details
        while true {
            let bytes = CanonicalJSON.bytes(of: .object(members))
            guard bytes.count >= longest else { return String(decoding: bytes, as: UTF8.self) }
            if let widest = details.max(by: { size($0.value) < size($1.value) }),
                size(widest.value) > cutSize
            {
                details[widest.key] = cut(widest.value)
                details["cut"] = .boolean(true)
            } else {
                precondition(details["all"] == nil, "an event's names take a line of the trail")
                details = ["cut": .boolean(true), "all": cut(.object(details))]
            }
            members["data"] = .object(details)
        }
    }

    /// What a cut value takes at most, in bytes.
    private static let cutSize = 512

    private static func size(_ value: JSONValue) -> Int { CanonicalJSON.bytes(of: value).count }

    /// The digest and length of a value's canonical form; of a text's own bytes, and its start.
    private static func cut(_ value: JSONValue) -> JSONValue {
        guard case .string(let text) = value else {
            let bytes = CanonicalJSON.bytes(of: value)
            return .object([
                "sha256": .string(digest(of: bytes)), "bytes": .integer(Int64(bytes.count)),
            ])
        }
        var start = String(text.unicodeScalars.prefix(80))
        while size(.string(start)) > cutSize - 160 { start.unicodeScalars.removeLast() }
        return .object([
            "start": .string(start), "sha256": .string(digest(of: Array(text.utf8))),
            "bytes": .integer(Int64(text.utf8.count)),
        ])
    }
}

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
    package let digest: String

    /// The SHA-256 of bytes, in hex.
    package static func digest(of bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).withUnsafeBytes { Hexadecimal.text(of: $0) }
    }

    package init(sequence: Int, text: String) {
        self.init(sequence, Array(text.utf8), text)
    }

    private init(_ sequence: Int, _ bytes: [UInt8], _ text: String) {
        (self.sequence, self.text) = (sequence, text)
        digest = Self.digest(of: bytes)
    }

    /// The line of an event; details that would not fit are cut, which it says.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - sequence: its place.
    ///   - previous: the digest of the line before.
    ///   - id: 128 random bits in hex.
    package init(_ event: TrailEvent, sequence: Int, after previous: String, id: String) {
        self = Self.made(of: event, sequence: sequence, after: previous, id: id).line
    }

    /// The same, and whether all of the event's details are in it.
    static func made(
        of event: TrailEvent, sequence: Int, after previous: String, id: String
    ) -> (line: TrailLine, isWhole: Bool) {
        var details = event.details
        while true {
            let bytes = bytes(of: event, details, "\(sequence)", previous, id)
            guard bytes.count >= longest else {
                let text = String(decoding: bytes, as: UTF8.self)
                return (TrailLine(sequence, bytes, text), details == event.details)
            }
            shorten(&details)
        }
    }

    /// Canonical JSON: the keys are in their order.
    private static func bytes(
        of event: TrailEvent, _ details: [String: JSONValue], _ sequence: String,
        _ previous: String, _ id: String
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(640)
        func add(_ key: StaticString, _ text: String?) {
            guard let text else { return }
            key.withUTF8Buffer { bytes += $0 }
            CanonicalJSON.append(text, to: &bytes)
        }
        add("{\"actor\":", event.actor)
        add(",\"at\":", event.at.trailText)
        if let attempt = event.attempt { bytes += ",\"attempt\":\(attempt)".utf8 }
        add(",\"change\":", event.change?.rawValue)
        bytes += ",\"data\":".utf8
        CanonicalJSON.append(.object(details), to: &bytes)
        add(",\"id\":", id)
        add(",\"kind\":", event.kind.rawValue)
        add(",\"plan\":", event.plan?.rawValue)
        add(",\"prev\":", previous)
        add(",\"run\":", event.run?.rawValue)
        bytes += ",\"seq\":\(sequence)".utf8
        add(",\"step\":", event.step?.rawValue)
        add(",\"target\":", event.target?.rawValue)
        add(",\"v\":1,\"via\":", event.via.rawValue)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// Cuts the longest of the details; where there are too many small ones, all of them.
    private static func shorten(_ details: inout [String: JSONValue]) {
        if let widest = details.max(by: { size($0.value) < size($1.value) }),
            size(widest.value) > cutSize
        {
            details[widest.key] = cut(widest.value)
            details["cut"] = .boolean(true)
        } else {
            precondition(details["all"] == nil, "an event's names take a line of the trail")
            details = ["cut": .boolean(true), "all": cut(.object(details))]
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

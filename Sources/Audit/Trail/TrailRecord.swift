import Runbooks
import Runner

/// A line of the trail as it is read back: only what docs/trail.md, "One event, one line", allows.
package struct TrailRecord: Sendable, Hashable {
    /// From 1, gap-free in a home.
    package let sequence: Int
    /// The digest of the line before.
    package let previous: String
    /// Names the event outside its home.
    package let id: String
    /// When it was recorded.
    package let at: Timestamp
    /// Who did it.
    package let actor: String
    /// How they told Handrail.
    package let via: TrailEvent.Via
    /// What happened; a newer Handrail may know more kinds than this one.
    package let kind: String
    /// The run, target, step and so on that it is about, by the line's keys.
    package let about: [String: String]
    /// Which attempt it is about; nil for none.
    package let attempt: Int?
    /// What else is known.
    package let details: [String: JSONValue]

    /// Why bytes are no line of a trail.
    package enum Problem: Error, Sendable, Hashable {
        /// Not the canonical form of a JSON object.
        case form(String)
        /// A key is missing, unknown, or holds what it can't.
        case field(String)
    }

    private static let aboutKeys = ["run", "plan", "target", "step", "change"]
    private static let known: Set<String> = [
        "v", "seq", "prev", "id", "at", "actor", "via", "kind", "data", "run", "plan", "target",
        "step", "change", "attempt",
    ]

    /// Reads a line without its newline.
    package init(line: [UInt8]) throws(Problem) {
        let value: JSONValue
        do {
            value = try JSONReader.read(line, largest: TrailLine.longest - 1)
        } catch {
            throw .form("\(error.message) (byte \(error.offset))")
        }
        guard case .object(let members) = value else { throw .form("it is no object") }
        guard CanonicalJSON.bytes(of: value) == line else { throw .form("it is not canonical") }
        try self.init(members)
    }

    /// What the line of an event is read as, if all of its details are in it; nil where reading
    /// gives something else, or refuses it.
    init?(_ event: TrailEvent, sequence: Int, previous: String, id: String) {
        guard sequence > 0, event.attempt ?? 1 > 0, !event.actor.isEmpty,
            Timestamp.inTrail.contains(event.at),
            event.details.values.allSatisfy(\.isReadAsWritten)
        else { return nil }
        (self.sequence, self.previous, self.id, at) = (sequence, previous, id, event.at)
        (actor, via, kind) = (event.actor, event.via, event.kind.rawValue)
        (attempt, details) = (event.attempt, event.details)
        var about: [String: String] = [:]
        about["run"] = event.run?.rawValue
        about["plan"] = event.plan?.rawValue
        about["change"] = event.change?.rawValue
        about["target"] = event.target?.rawValue
        about["step"] = event.step?.rawValue
        self.about = about
    }

    private init(_ members: [String: JSONValue]) throws(Problem) {
        if let key = members.keys.first(where: { !Self.known.contains($0) }) { throw .field(key) }
        guard members["v"] == .integer(1) else { throw .field("v") }
        guard case .integer(let sequence)? = members["seq"], sequence > 0 else {
            throw .field("seq")
        }
        guard let previous = members["prev"]?.text, Hexadecimal.isDigits(previous, 64) else {
            throw .field("prev")
        }
        guard let id = members["id"]?.text, Hexadecimal.isDigits(id, 32) else {
            throw .field("id")
        }
        guard let at = members["at"]?.text.flatMap(Timestamp.init(trailText:)) else {
            throw .field("at")
        }
        guard let actor = members["actor"]?.text, !actor.isEmpty else { throw .field("actor") }
        guard let via = members["via"]?.text.flatMap(TrailEvent.Via.init(rawValue:)) else {
            throw .field("via")
        }
        guard let kind = members["kind"]?.text, Self.isKind(kind) else { throw .field("kind") }
        guard case .object(let details)? = members["data"] else { throw .field("data") }
        (self.sequence, self.previous, self.id, self.at) = (Int(sequence), previous, id, at)
        (self.actor, self.via, self.kind, self.details) = (actor, via, kind, details)
        about = try Self.about(members)
        attempt = try Self.attempt(members["attempt"])
    }

    private static func about(
        _ members: [String: JSONValue]
    ) throws(Problem) -> [String: String] {
        var about: [String: String] = [:]
        for key in aboutKeys {
            guard let value = members[key] else { continue }
            guard let text = value.text, !text.isEmpty else { throw .field(key) }
            about[key] = text
        }
        return about
    }

    private static func attempt(_ value: JSONValue?) throws(Problem) -> Int? {
        guard let value else { return nil }
        guard case .integer(let number) = value, number > 0 else { throw .field("attempt") }
        return Int(number)
    }

    private static func isKind(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { (97...122).contains($0) || $0 == 45 || $0 == 46 }
    }

    /// A detail that is text.
    package func detail(_ key: String) -> String? { details[key]?.text }

    /// Whether it is of a kind that this Handrail knows.
    func isA(_ kind: TrailEvent.Kind) -> Bool { self.kind == kind.rawValue }
}

extension JSONValue {
    /// Whether its canonical form is read as the same value again.
    fileprivate var isReadAsWritten: Bool {
        switch self {
        case .null, .boolean, .string: true
        case .integer(let integer): integer.magnitude <= CanonicalJSON.greatestInteger.magnitude
        case .number: false
        case .array(let elements): elements.allSatisfy(\.isReadAsWritten)
        case .object(let members): members.values.allSatisfy(\.isReadAsWritten)
        }
    }

    /// The text of a string; nil for anything else.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}

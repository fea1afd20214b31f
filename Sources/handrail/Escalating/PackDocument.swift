import Runbooks
import Runner

/// The JSON form of everything that is handed over: `pack.json` (docs/json.md, "pack.json").
struct PackDocument: Encodable, Sendable {
    /// A value that the run was given.
    struct Given: Encodable, Sendable {
        let name: ParameterName
        /// As scripts get it; left out for a secret, and for one that was not given.
        let value: String?
        /// Where the secret came from; its value is nowhere.
        let secret: String?
    }

    /// What a person did in the run.
    struct Act: Encodable, Sendable {
        let at: Timestamp
        let actor: String
        /// The verb, such as `answer` or `note`.
        let act: String
        let step: StepID?
        let target: TargetName?
        /// The choice, or what was noted.
        let said: String?
    }

    /// How a step would be undone.
    struct Undo: Encodable, Sendable {
        let step: StepID
        let how: String
    }

    /// A file of the pack.
    struct Kept: Encodable, Sendable, Hashable {
        /// Below the pack's folder.
        let path: String
        let sha256: Digest
        let sizeBytes: Int
        /// Such as `restart on mbx01, standard output`.
        let what: String

        private enum CodingKeys: String, CodingKey {
            case path, sha256, what
            case sizeBytes = "size_bytes"
        }
    }

    var format = 1
    let escalation: EscalationID
    let at: Timestamp
    let actor: String
    let to: String
    let note: String
    let ticket: String?
    /// The alert's name.
    let alert: String?
    /// The alerts themselves, with why they lead to no run.
    let alerts: [AlertDocument.OfAlert]
    /// The trail's head before this was recorded.
    let trail: String?
    /// The run as it stands; nil when there was none.
    let run: RunDocument?
    /// When the run ended; nil while it hasn't.
    let closed: Timestamp?
    let parameters: [Given]
    /// Every attempt with what it wrote, in the order in which they ended.
    let attempts: [AttemptLog]
    let acts: [Act]
    let undo: [Undo]
    /// Runs on the same targets in the seven days before, or for the same ticket; newest first.
    let earlier: [RunHeader]
    let files: [Kept]
    /// What the output store has no more, or can't give.
    let missing: [String]
}

/// The pack without what could hold a secret, for ever in the trail (docs/decisions/0006).
enum PackOutline {
    /// The members whose values stand as length and digest, wherever they are in a pack.
    static let hidden: Set<String> = ["text", "outputs", "diff", "alerts"]

    /// The canonical bytes of a pack's outline.
    ///
    /// - Throws: `JSONError` when the bytes are no pack's.
    static func bytes(of pack: [UInt8]) throws(JSONError) -> [UInt8] {
        CanonicalJSON.bytes(of: outline(try JSONReader.read(pack, largest: pack.count)))
    }

    private static func outline(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(outline))
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { name, value in
                        (name, hidden.contains(name) ? digest(of: value) : outline(value))
                    }))
        case .null, .boolean, .integer, .number, .string: value
        }
    }

    /// Of a text its own bytes, of anything else its canonical form.
    private static func digest(of value: JSONValue) -> JSONValue {
        let bytes =
            if case .string(let text) = value { Array(text.utf8) } else {
                CanonicalJSON.bytes(of: value)
            }
        return .object([
            "bytes": .integer(Int64(bytes.count)),
            "sha256": .string(Digest.sha256(of: bytes).rawValue),
        ])
    }
}

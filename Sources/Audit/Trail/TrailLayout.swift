import Foundation
import Runner

/// Names and contents of what the trail's tree holds (docs/trail.md, "The repository").
enum TrailLayout {
    /// What stands before the controller's name in the branch's.
    static let branches = "refs/heads/trail/"
    /// The content of `meta/format`.
    static let format = "handrail-trail 1\n"
    /// The file that says how far the chain goes.
    static let checkpoint = "checkpoint"
    /// The most lines of one batch.
    static let largestBatch = 256
    /// The largest piece of evidence, in bytes: what the output store takes.
    static let largestEvidence = 64 << 20
    /// The largest folder that is read, in bytes.
    static let largestFolder = 16 << 20

    /// The folders and the name of a batch's file: one folder for each minute, so that a folder
    /// that is written anew with every batch stays small.
    static func eventPath(firstSequence: Int, at: Timestamp) -> [String] {
        let text = at.trailText
        let parts = text.split { "-T:.".contains($0) }.map(String.init)
        return ["events", "\(parts[0])-\(parts[1])", parts[2], parts[3], parts[4]]
            + [number(firstSequence, digits: 12) + ".ndjson"]
    }

    /// The folders and the name of a piece of evidence.
    static func evidencePath(_ digest: String) -> [String] {
        ["evidence", String(digest.prefix(2)), digest]
    }

    /// A text of the principal and key of every signer so far, as `ssh-keygen -Y verify` reads it.
    static func allowedSigners(_ keys: [TrailPublicKey], controller: String) -> String {
        keys.map { "\(controller) namespaces=\"\(TrailCommit.namespace)\" \($0.line)\n" }.joined()
    }

    /// The keys of such a text; nil when a line is anything else.
    static func keys(inAllowedSigners text: String) -> [TrailPublicKey]? {
        var keys: [TrailPublicKey] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let start = line.firstRange(of: TrailPublicKey.kind + " "),
                let key = TrailPublicKey(line: String(line[start.lowerBound...]))
            else { return nil }
            keys.append(key)
        }
        return keys
    }

    private static func number(_ number: Int, digits: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// How far a trail goes: the content of `checkpoint`.
struct TrailCheckpoint: Sendable, Hashable {
    /// The id of the event `trail.created`.
    let origin: String
    /// The number of events, which is the last one's `seq`.
    let count: Int
    /// The SHA-256 of the last event's line, in hex.
    let digest: String

    init(origin: String, count: Int, digest: String) {
        (self.origin, self.count, self.digest) = (origin, count, digest)
    }

    /// Reads the three lines; nil when they are anything else.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 4, let count = Int(lines[1]) else { return nil }
        self.init(origin: lines[0], count: count, digest: lines[2])
        guard self.text == text, Hexadecimal.isDigits(origin, 32), Hexadecimal.isDigits(digest, 64)
        else { return nil }
    }

    /// The three lines.
    var text: String { "\(origin)\n\(count)\n\(digest)\n" }
}

/// What a trail is made with.
package struct TrailOrigin: Sendable, Hashable {
    /// The id of the event `trail.created`, its first: 32 hexadecimal digits.
    package let id: String
    /// The home's controller, which names the branch.
    package let controller: String

    /// An origin for a machine's name and the key that signs first.
    package init(id: String, hostName: String, key: TrailPublicKey) {
        self.id = id
        controller = Self.controller(hostName: hostName, key: key)
    }

    /// The machine's name and 8 digits of the key's digest, as a part of a branch's name.
    static func controller(hostName: String, key: TrailPublicKey) -> String {
        var name = ""
        for scalar in hostName.lowercased().unicodeScalars {
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || isDigit(scalar))
            if isPlain {
                name.unicodeScalars.append(scalar)
            } else if !name.isEmpty, !name.hasSuffix("-"), !name.hasSuffix(".") {
                name += scalar == "." ? "." : "-"
            }
        }
        let digits = TrailLine.digest(of: key.blob).prefix(8)
        let short = String(name.prefix(48)).trimmingCharacters(in: CharacterSet(charactersIn: ".-"))
        return (short.isEmpty ? "controller" : short) + "-" + digits
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// Whether a text is such a name.
    static func isController(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count > 1 && Hexadecimal.isDigits(parts[parts.count - 1], 8)
            && text.utf8.count <= 64 && text.first != "." && text.first != "-"
            && !text.contains("..")
            && text.utf8.allSatisfy { byte in
                byte == 45 || byte == 46 || (48...57).contains(byte) || (97...122).contains(byte)
            }
    }
}

/// Where a trail ends.
package struct TrailTip: Sendable, Hashable {
    /// The last event's `seq`; 0 before the first.
    package let sequence: Int
    /// The SHA-256 of the last event's line; 64 zeros before the first.
    package let digest: String
    /// The commit that the branch names; nil before the first.
    package let commit: String?
    /// The id of `trail.created`; nil before it.
    package let origin: String?

    /// The tip of a trail without a commit.
    static let none = TrailTip(sequence: 0, digest: TrailLine.noLine, commit: nil, origin: nil)
}

extension Home {
    /// The trail's repository.
    package var trailPath: String { path + "/trail.git" }
    /// What the one that writes the trail holds.
    var trailLockPath: String { path + "/trail.lock" }
    /// The folder of the controller's keys.
    var keysPath: String { path + "/keys" }
}

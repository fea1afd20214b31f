/// What a session says about itself and its target when it starts.
struct SessionGreeting: Sendable, Hashable {
    /// `PG START BOOT`: proves later that the session's processes are gone.
    let proof: String
    let bootID: String
    let machineID: String
    /// The account's place on the machine; nil when the target doesn't tell enough to compare.
    let seat: MachineSeat?
    let user: String
    /// The private directory, where staged files are and steps start.
    let directory: String

    /// Reads a `hello` frame; nil when something that must be there is missing or odd.
    init?(_ frame: Frame) {
        guard frame.verb == "hello", frame.words.count > 2, frame.words[1] == "1" else {
            return nil
        }
        var values: [Substring: String] = [:]
        for word in frame.words.dropFirst(2) {
            guard let equals = word.firstIndex(of: "=") else { return nil }
            values[word[..<equals]] = String(word[word.index(after: equals)...])
        }
        guard let group = values["pg"], let start = values["start"], let boot = values["boot"],
            let directory = values["dir"], directory.hasPrefix("/")
        else { return nil }
        proof = "\(group) \(start) \(boot)"
        guard Self.isProof(proof) else { return nil }
        bootID = boot
        machineID = values["machine"] ?? "-"
        seat = MachineSeat(values)
        user = values["user"] ?? "-"
        self.directory = directory
    }

    /// Whether the text is a proof as this type writes it, and safe to send to a session.
    static func isProof(_ text: String) -> Bool {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ (1...64).contains($0.utf8.count) }) else {
            return false
        }
        return isNumber(parts[0]) && (parts[1] == "-" || isNumber(parts[1]))
            && parts[2].utf8.allSatisfy { byte in
                isDigit(byte) || (97...122).contains(byte | 0x20) || byte == UInt8(ascii: "-")
            }
    }

    private static func isNumber(_ text: Substring) -> Bool {
        text.utf8.count <= 18 && text.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// Where a session's steps act: an account with its home folder, on one boot of one machine.
///
/// Two targets with equal seats are one and the same (docs/decisions/0005-one-seat-per-target.md).
struct MachineSeat: Sendable, Hashable {
    private let parts: [String]

    /// Reads the words of a greeting; nil when they don't tell one machine from another.
    init?(_ words: [Substring: String]) {
        guard let boot = words["boot"], let host = words["host"], let uid = words["uid"],
            let home = words["home"], ![boot, host, uid, home].contains("-")
        else { return nil }
        parts = [words["machine"] ?? "-", boot, host, uid, home]
    }

    /// What people know of it.
    var words: String { "host name \(parts[2]), uid \(parts[3]), home \(parts[4])" }
}

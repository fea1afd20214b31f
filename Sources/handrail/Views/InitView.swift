/// The JSON form of a new library.
struct InitDocument: Encodable, Sendable {
    var format = 1
    let folder: String
    let files: [String]
    let commit: String
}

/// What is said about a new library.
struct InitView: Sendable {
    let folder: String
    let files: [String]
    let commit: String

    /// What was made, then what to do next.
    var lines: [String] {
        ["A new library in \(SafeText.line(folder)), commit \(commit):"]
            + files.sorted().map { "  " + $0 } + [
                "", "Next:",
                "  cd \(Self.quoted(folder))",
                "  write your targets into inventory/targets.yaml",
                "  handrail validate                                what is wrong, all at once",
                "  git commit -am 'Our targets'                     runs use commits only",
                "  handrail show service.down                       the runbook, as people read it",
                "  handrail plan service.down --on NAME --set service=cron",
            ]
    }

    /// A word that a shell takes as it is.
    private static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            (97...122).contains(byte | 0x20) || (48...57).contains(byte)
                || "/._-".utf8.contains(byte)
        }
        return plain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}

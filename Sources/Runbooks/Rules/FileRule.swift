/// Files that a runbook names exist, are plain, and can't be mistaken for others.
enum FileRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        for mention in draft.files { checkMention(mention, draft, files, &document) }
        checkFolder(draft, files, &document)
    }

    private static func checkMention(
        _ mention: RunbookDraft.FileMention, _ draft: RunbookDraft, _ files: RunbookFiles,
        _ document: inout DocumentReading
    ) {
        let path = mention.path
        let shown = Excerpt.line(path)
        guard let problem = RunbookPath.problem(path, kind: mention.kind) else {
            if path.hasPrefix("lib/"), mention.kind != .library, !draft.uses.contains(path) {
                document.error(
                    "bad-path", "'\(shown)' belongs to the library; `uses` doesn't name it.",
                    at: mention.mark, excerpt: path, hint: "Add `uses: [\(shown)]`.")
            }
            checkEntry(mention, files, &document)
            return
        }
        document.error(
            "bad-path", "'\(shown)' \(problem)", at: mention.mark, excerpt: path,
            hint: mention.kind.hint)
    }

    private static func checkEntry(
        _ mention: RunbookDraft.FileMention, _ files: RunbookFiles,
        _ document: inout DocumentReading
    ) {
        let path = mention.path
        guard let entry = files.entry(path) else {
            let known = files.paths.filter { $0 != "runbook.yaml" && $0 != "README.md" }
            document.error(
                "missing-file", "There is no file '\(Excerpt.line(path))'.", at: mention.mark,
                excerpt: path,
                hint: nearestName(to: path, among: known).map { "Did you mean '\($0)'?" }
                    ?? (path.hasPrefix("lib/")
                        ? "It is looked for at the library's root."
                        : "It is looked for beside runbook.yaml."))
            return
        }
        switch entry.kind {
        case .symlink, .submodule:
            document.error(
                "unsafe-file", "'\(Excerpt.line(path))' is a \(entry.kind.rawValue).",
                at: mention.mark, excerpt: path, hint: "Put the file itself there.")
        case .file, .executable:
            if entry.bytes.starts(with: "version https://git-lfs".utf8) {
                document.error(
                    "unsafe-file", "'\(Excerpt.line(path))' is a git LFS pointer, not the file.",
                    at: mention.mark, excerpt: path, hint: "Store the file itself in git.")
            }
        }
    }

    private static func checkFolder(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        var mentioned: Set<String> = []
        for mention in draft.files { mentioned.insert(mention.path) }
        var folded: [String: String] = [:]
        for path in files.paths.sorted() {
            if let other = folded.updateValue(path, forKey: path.lowercased()) {
                document.error(
                    "case-clash",
                    "'\(Excerpt.line(path))' and '\(Excerpt.line(other))' differ in "
                        + "case only.",
                    at: draft.start, excerpt: path, hint: "Rename one of them.")
            }
            guard path.hasPrefix("scripts/") || path.hasPrefix("files/"),
                !mentioned.contains(path)
            else { continue }
            let kind = files.entry(path)?.kind
            if RunbookPath.hasOddParts(path) || !RunbookPath.isSendable(path) {
                document.error(
                    "bad-path", "'\(Excerpt.line(path))' has a name that documents can't use.",
                    at: draft.start, excerpt: path, hint: "Rename the file.")
            } else if kind == .symlink || kind == .submodule {
                document.error(
                    "unsafe-file", "'\(Excerpt.line(path))' is a \(kind?.rawValue ?? "").",
                    at: draft.start, excerpt: path, hint: "Put the file itself there.")
            } else if !(document.hasErrors && document.source.has(path)) {
                document.warning(
                    "unused-file", "No step mentions '\(Excerpt.line(path))'.", at: draft.start,
                    excerpt: path,
                    hint: "Remove it, unless a script reads or calls it by itself.")
            }
        }
    }
}

/// Which paths documents may name (docs/format.md, "Files").
enum RunbookPath {
    /// Whether a part of the path is empty, climbs, or can't be shown.
    static func hasOddParts(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
            || path.unicodeScalars.contains {
                CharacterRule.isForbidden($0) || $0 == "\\" || $0 == "\n" || $0 == "\t"
            }
    }

    /// Whether a session can put a file in place under this path on any target
    /// (docs/session-protocol.md, section 4).
    static func isSendable(_ path: String) -> Bool {
        path.utf8.count <= 200
            && path.split(separator: "/").allSatisfy { !$0.hasPrefix("-") }
            && path.utf8.allSatisfy { byte in
                (97...122).contains(byte | 0x20) || (48...57).contains(byte)
                    || "._/-".utf8.contains(byte)
            }
    }

    /// What is wrong with a path, as the end of a sentence; nil when nothing is.
    static func problem(_ path: String, kind: RunbookDraft.FileMention.Kind) -> String? {
        if path.hasPrefix("/") { return "is absolute; paths are relative to the runbook." }
        if path.split(separator: "/").contains("..") { return "leaves its folder with '..'." }
        if hasOddParts(path) { return "has an empty or odd part." }
        if !isSendable(path) {
            return "can't be sent to targets: names are made of A-Z, a-z, 0-9, '.', '_' and '-', "
                + "don't start with '-', and a path has 200 characters at most."
        }
        let folders =
            switch kind {
            case .script: ["scripts/", "lib/"]
            case .content: ["files/"]
            case .library: ["lib/"]
            case .exceptions: [""]
            }
        guard folders.contains(where: path.hasPrefix) else {
            return "is not below \(folders.joined(separator: " or "))."
        }
        return nil
    }
}

extension RunbookDraft.FileMention.Kind {
    /// Where such a file lies, for people.
    var hint: String {
        switch self {
        case .script: "Put it below scripts/, or name a file of lib/ in `uses`."
        case .content: "Put it below files/."
        case .library: "Files that several runbooks use lie below lib/."
        case .exceptions: "It lies beside runbook.yaml."
        }
    }
}

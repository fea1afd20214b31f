/// Modules know each other as ARCHITECTURE.md draws them, and nothing else.
enum ImportRule {
    /// What each module may import; the arrows between our own modules are those of the picture.
    static let allowed: [String: Set<String>] = [
        "Runbooks": ["Yams", "CYaml", "_StringProcessing"],
        "Runner": ["Runbooks", "Crypto", "Synchronization"],
        "Audit": [
            "Runner", "Runbooks", "GRDB", "CGit2", "Crypto", "Foundation", "Dispatch", "Glibc",
            "Subprocess", "Synchronization",
        ],
        "Plugins": [
            "Runner", "Runbooks", "CCurl", "CEpoll", "Subprocess", "System", "SystemPackage",
            "Logging",
            "Crypto",
            "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Synchronization",
        ],
        "Calendars": ["Runner", "Runbooks", "Glibc", "Synchronization"],
        "handrail": [
            "Audit", "Calendars", "Plugins", "Runner", "Runbooks", "CMalloc", "ArgumentParser",
            "Logging",
            "Foundation", "Subprocess", "Dispatch", "Glibc", "Synchronization",
        ],
        "handrail-bench": [
            "Audit", "Runner", "Plugins", "Runbooks", "Foundation", "Glibc", "Synchronization",
        ],
    ]

    /// Files of pure modules that need more, and why.
    static let exempt: [String: Set<String>] = [
        // The shortest decimal form of a number is Foundation's alone.
        "Sources/Runner/Planning/CanonicalJSON.swift": ["Foundation", "FoundationEssentials"]
    ]

    private static let kinds: Set<String> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]

    static func findings(in file: SourceFile) -> [Finding] {
        guard let allowed = allowed[file.module] else {
            return [
                file.finding(
                    1, "the module '\(file.module)' has no row in ImportRule",
                    do: "Add what it may import, and draw it in ARCHITECTURE.md")
            ]
        }
        let names = allowed.union(exempt[file.path] ?? [])
        return imports(in: file).filter { !names.contains($0.text) }.map { name in
            file.finding(
                name.line, "\(file.module) may not import \(name.text)",
                do: "Move the code to a module that may, or pass what it needs through a port")
        }
    }

    private static func imports(in file: SourceFile) -> [Token] {
        file.code.indices.compactMap { index in
            guard file.isCode("import", at: index), !file.isCode(".", at: index - 1) else {
                return nil
            }
            let next = index + 1
            guard next < file.code.count else { return nil }
            return kinds.contains(file.code[next].text) && next + 1 < file.code.count
                ? file.code[next + 1] : file.code[next]
        }
    }
}

import Foundation

/// What a trail's folder may hold beside its objects, read without git (docs/trail.md, "Verify").
struct TrailFolderCheck {
    /// What was found, before the commits are looked at.
    private(set) var findings: [TrailFinding] = []
    /// The controller that HEAD names.
    private(set) var controller: String?
    /// The commit that the branch names.
    private(set) var tip: GitObjectID?
    /// Whether there is no branch, nor any other reference: so a trail is before its first seal.
    var hasNoReference: Bool { references.isEmpty }

    private let path: String
    private var references: [String: String] = [:]

    private static let largestFile = 1 << 20
    /// What `git init` and `git gc` put there, and Handrail.
    private static let known: Set<String> = [
        "HEAD", "config", "objects", "refs", "packed-refs", "hooks", "info", "description",
        "branches", "gc.log", "gc.pid",
    ]
    private static let inInfo: Set<String> = ["refs", "exclude"]

    init(_ path: String) throws {
        self.path = path
        try checkNames()
        try checkConfiguration()
        try readReferences()
        try checkHead()
    }

    private mutating func add(_ kind: TrailFinding.Kind, _ path: String, _ message: String) {
        findings.append(
            TrailFinding(
                kind: kind, commit: nil, path: path, sequence: nil, message: message,
                lastTrusted: 0))
    }

    private func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(path + "/" + name, &status) == 0
    }

    private func names(in folder: String) throws -> [String] {
        guard exists(folder) || folder.isEmpty else { return [] }
        let opened = try FileDescriptor(path + "/" + folder, O_RDONLY | O_DIRECTORY)
        return try opened.names().map { String(decoding: $0, as: UTF8.self) }
    }

    /// The text of a plain file; nil where it is missing or a symlink.
    private func text(of name: String) throws -> String? {
        guard let file = try opened(name), try file.status().st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return String(decoding: try file.read(upTo: Self.largestFile), as: UTF8.self)
    }

    private func opened(_ name: String) throws(FileError) -> FileDescriptor? {
        do {
            return try FileDescriptor(path + "/" + name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        } catch {
            guard error.number == ENOENT || error.number == ELOOP else { throw error }
            return nil
        }
    }

    // --- what only other programs read ----------------------------------------------------------

    private mutating func checkNames() throws {
        if exists("shallow") {
            add(.shallow, "shallow", "A list of commits whose parents git is not to look at.")
        }
        if exists("info/grafts") {
            add(.grafts, "info/grafts", "A list of other parents that git is to believe in.")
        }
        for name in ["objects/info/alternates", "objects/info/http-alternates"]
        where exists(name) {
            add(.alternates, name, "It makes git take objects from another place.")
        }
        for name in try names(in: "") where !Self.known.contains(name) && name != "shallow" {
            add(.fileUnexpected, name, "Nothing of this name belongs into a trail.")
        }
        for name in try names(in: "info") where !Self.inInfo.contains(name) && name != "grafts" {
            add(.fileUnexpected, "info/" + name, "It changes what git shows of a trail.")
        }
        for name in try names(in: "hooks") where !name.hasSuffix(".sample") {
            add(.fileUnexpected, "hooks/" + name, "A program that git would run.")
        }
    }

    private mutating func checkConfiguration() throws {
        guard let config = try text(of: "config") else {
            add(.configUnexpected, "config", "It is missing, or no plain file.")
            return
        }
        let own = Set(
            TrailFolder.config.split(separator: "\n").map {
                $0.trimmingCharacters(in: .whitespaces)
            })
        var isRemote = false
        for (number, line) in zip(1..., config.split(separator: "\n")) {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("[") {
                isRemote = text.hasPrefix("[remote \"") && text.hasSuffix("\"]")
                if isRemote, !text.contains("\\") { continue }
            }
            let isAddress =
                isRemote && ["url = ", "fetch = "].contains(where: text.hasPrefix)
                && !text.contains("\\") && !text.contains("::")
            if !own.contains(text) && !isAddress {
                add(
                    .configUnexpected, "config",
                    "Line \(number) says what no trail needs; git would follow it.")
            }
        }
    }

    // --- references -----------------------------------------------------------------------------

    private mutating func readReferences() throws {
        if let packed = try text(of: "packed-refs") {
            for line in packed.split(separator: "\n")
            where !line.hasPrefix("#") && !line.hasPrefix("^") {
                let words = line.split(separator: " ", maxSplits: 1).map(String.init)
                if words.count == 2 { references[words[1]] = words[0] }
            }
        } else if exists("packed-refs") {
            add(.refUnexpected, "packed-refs", "It is no plain file.")
        }
        try readLoose("refs", depth: 0)
    }

    private mutating func readLoose(_ folder: String, depth: Int) throws {
        guard depth < 16 else { return add(.refUnexpected, folder, "It is nested too deep.") }
        for name in try names(in: folder) {
            let below = folder + "/" + name
            var status = stat()
            guard lstat(path + "/" + below, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                try readLoose(below, depth: depth + 1)
            } else if let text = try text(of: below) {
                let value = text.hasSuffix("\n") ? String(text.dropLast()) : text
                // What is being written under a lock, or was when its writer died, is no reference:
                // git reads none of that name (git-check-ref-format(1)).
                if name.hasSuffix(".lock"), value.isEmpty || GitObjectID(text: value) != nil {
                    continue
                }
                references[below] = value
            } else if lstat(path + "/" + below, &status) == 0 {
                add(.refUnexpected, below, "It is no plain file.")
            }
        }
    }

    private mutating func checkHead() throws {
        let head = try text(of: "HEAD") ?? ""
        let start = TrailFolder.headPrefix
        let name =
            head.hasPrefix(start) && head.hasSuffix("\n")
            ? head.dropFirst(start.count).dropLast() : ""
        if TrailOrigin.isController(name) {
            controller = String(name)
        } else {
            add(.headWrong, "HEAD", "It names no branch of a trail.")
        }
        let branches = references.keys.filter { $0.hasPrefix(TrailLayout.branches) }
        if controller == nil, branches.count == 1 {
            controller = String(branches[0].dropFirst(TrailLayout.branches.count))
        }
        let branch = controller.map { TrailLayout.branches + $0 }
        for reference in references.keys.sorted() where reference != branch {
            if reference.hasPrefix("refs/replace/") {
                add(.replaceRef, reference, "It makes git show another object in one's place.")
            } else {
                add(.refUnexpected, reference, "A trail has one branch and nothing else.")
            }
        }
        guard let branch else { return }
        tip = references[branch].flatMap { GitObjectID(text: $0) }
        if tip == nil { add(.branchMissing, branch, "The branch names no commit.") }
    }
}

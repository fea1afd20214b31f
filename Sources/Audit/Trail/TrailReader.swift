import Foundation
import Runner

/// Reads what a trail says, commit by commit, for people who look something up in it.
///
/// Follows nothing that the repository configures. Believes what it reads: whether that can be
/// believed is `TrailVerifier`'s answer. Every call blocks.
///
///     let reader = try TrailReader(path: home.trailPath)
///     for commit in try reader.commits() { … try reader.lines(of: commit) … }
package struct TrailReader: Sendable {
    /// The repository's folder.
    package let path: String
    /// Whose trail it is.
    package let controller: String
    /// The branch, with `refs/heads/`.
    package var branch: String { TrailLayout.branches + controller }
    /// The last commit; nil while there is none.
    package var tip: String? { last?.text }

    private let objects: GitObjects
    private let last: GitObjectID?

    /// One commit, as its message's trailers describe it.
    package struct Commit: Sendable, Hashable {
        /// 40 hexadecimal digits.
        package let id: String
        /// The events that it sealed, by `seq`.
        package let events: ClosedRange<Int>
        /// The digest of the last of their lines.
        package let head: String
        /// The runs that they are about.
        package let runs: [String]
        /// The sentence that the message begins with.
        package let subject: String
        let tree: GitObjectID
        let parent: GitObjectID?
    }

    /// One event's line, and the commit that sealed it.
    package struct Line: Sendable, Hashable {
        /// What it says.
        package let record: TrailRecord
        /// The line as it was recorded, without its newline.
        package let text: String
        /// The commit's id.
        package let commit: String
    }

    /// A piece of evidence that an event names.
    package struct Evidence: Sendable, Hashable {
        /// What it is, such as `plan`.
        package let name: String
        /// The SHA-256 of its bytes, in hex.
        package let digest: String
        /// Whether the trail holds it.
        package let isThere: Bool
    }

    /// Opens a trail's folder; reads its references alone.
    ///
    /// - Throws: `JournalError`: `notFound`, `io`; `corrupt` for a folder that is no trail.
    package init(path: String) throws(JournalError) {
        do {
            let place = TrailFolder(path: path)
            guard place.exists else { throw JournalError.noTrail(path) }
            guard place.isRepository else {
                throw JournalError.noTrail(path, ": it is no repository")
            }
            let folder = try TrailFolderCheck(path)
            guard let controller = folder.controller else {
                throw JournalError.foreignTrail(path, "its HEAD names no branch of a trail")
            }
            (self.path, self.controller, last) = (path, controller, folder.tip)
            objects = try GitObjects(folder: path + "/objects")
        } catch {
            throw JournalError(trail: error, path: path)
        }
    }

    /// All commits, the newest first; memory for each, and none of their events.
    ///
    /// - Throws: `JournalError` (corrupt) at the first that can't be read.
    package func commits() throws(JournalError) -> [Commit] {
        var commits: [Commit] = []
        var next = last
        while let id = next {
            let commit = try commit(id)
            commits.append(commit)
            next = commit.parent
        }
        return commits
    }

    /// The newest commit; nil while there is none.
    func newest() throws(JournalError) -> Commit? {
        try last.map { id throws(JournalError) in try commit(id) }
    }

    /// The events of a commit, in order.
    package func lines(of commit: Commit) throws(JournalError) -> [Line] {
        let after = try tree(commit.tree)
        let before = try commit.parent.map { id throws(JournalError) in
            try tree(try self.commit(id).tree)
        }
        guard let file = try newFile(of: after, before, in: "events") else {
            throw .damagedTrail(path, "the commit \(commit.id) adds no events")
        }
        let bytes = try object(file, .blob, TrailLayout.largestBatch * TrailLine.longest)
        var lines: [Line] = []
        for bytes in bytes.split(separator: UInt8(ascii: "\n")) {
            do {
                let record = try TrailRecord(line: Array(bytes))
                lines.append(
                    Line(
                        record: record, text: String(decoding: bytes, as: UTF8.self),
                        commit: commit.id))
            } catch {
                throw .damagedTrail(
                    path, "a line of the commit \(commit.id) is none of a trail")
            }
        }
        return lines
    }

    /// The evidence that an event names by digests, and the files that a plan among it names.
    package func evidence(namedBy line: Line) throws(JournalError) -> [Evidence] {
        var named: [(String, String)] = []
        for key in [
            "plan_digest", "forecast_outline", "pack_digest", "trust_digest", "signed_digest",
        ] {
            if let digest = line.record.detail(key), Hexadecimal.isDigits(digest, 64) {
                named.append((String(key.prefix { $0 != "_" }), digest))
            }
        }
        if let plan = line.record.detail("plan_digest"), let bytes = try evidence(plan) {
            named += Self.files(ofPlan: bytes)
        }
        var list: [Evidence] = []
        for (name, digest) in named {
            list.append(
                Evidence(name: name, digest: digest, isThere: try entry(of: digest) != nil))
        }
        return list
    }

    /// The bytes of a piece of evidence; nil when the trail holds none of that digest.
    package func evidence(_ digest: String) throws(JournalError) -> [UInt8]? {
        guard let id = try entry(of: digest) else { return nil }
        return try object(id, .blob, TrailLayout.largestEvidence)
    }

    /// A file of `meta/` as it is at the end of the trail, such as `allowed_signers`.
    package func meta(_ name: String) throws(JournalError) -> String? {
        guard let last, let meta = try folder("meta", of: try tree(try commit(last).tree)),
            let entry = meta[name], entry.mode == .file
        else { return nil }
        return String(
            validating: try object(entry.id, .blob, TrailCommit.largest), as: UTF8.self)
    }

    /// The addresses of the remotes that the repository's configuration names.
    package func remotes() throws(JournalError) -> [String: String] {
        do {
            return try TrailFolder(path: path).remotes()
        } catch {
            throw JournalError(trail: error, path: path)
        }
    }

    // --- objects --------------------------------------------------------------------------------

    private func commit(_ id: GitObjectID) throws(JournalError) -> Commit {
        guard let read = ReadCommit(try object(id, .commit, TrailCommit.largest)),
            let tree = read.tree, let trailers = Trailers(read.message)
        else {
            throw .damagedTrail(
                path, "the commit \(id.text) isn't one that Handrail writes")
        }
        return Commit(
            id: id.text, events: trailers.events, head: trailers.head, runs: trailers.runs,
            subject: String(read.message.prefix { $0 != "\n" }), tree: tree,
            parent: read.parents.first)
    }

    private func tree(_ id: GitObjectID) throws(JournalError) -> GitTree {
        guard let tree = GitTree(bytes: try object(id, .tree, TrailLayout.largestFolder)) else {
            throw .damagedTrail(path, "the folder \(id.text) is malformed")
        }
        return tree
    }

    private func folder(_ name: String, of tree: GitTree) throws(JournalError) -> GitTree? {
        guard let entry = tree[name], entry.mode == .folder else { return nil }
        return try self.tree(entry.id)
    }

    /// The file below a folder that the tree before hasn't.
    private func newFile(
        of after: GitTree?, _ before: GitTree?, in name: String
    ) throws(JournalError) -> GitObjectID? {
        guard let after, let entry = after[name], entry != before?[name] else { return nil }
        guard entry.mode == .folder else { return entry.mode == .file ? entry.id : nil }
        let new = try tree(entry.id)
        let old = try before.flatMap { before throws(JournalError) in
            try folder(name, of: before)
        }
        for name in new.names.reversed() {
            if let found = try newFile(of: new, old, in: name) { return found }
        }
        return nil
    }

    private func entry(of digest: String) throws(JournalError) -> GitObjectID? {
        guard let last else { return nil }
        var tree: GitTree? = try tree(try commit(last).tree)
        let path = TrailLayout.evidencePath(digest)
        for name in path.dropLast() {
            tree = try tree.flatMap { tree throws(JournalError) in try folder(name, of: tree) }
        }
        guard let entry = tree?[digest], entry.mode == .file else { return nil }
        return entry.id
    }

    private func object(
        _ id: GitObjectID, _ kind: GitObjectKind, _ limit: Int
    ) throws(JournalError) -> [UInt8] {
        let found: GitObjects.Object?
        do {
            found = try objects.read(id, upTo: limit)
        } catch {
            throw .damagedTrail(path, "the \(kind.rawValue) \(id.text): \(error.message)")
        }
        guard let found, found.kind == kind else {
            throw .damagedTrail(path, "the \(kind.rawValue) \(id.text) is missing")
        }
        return found.bytes
    }

    /// The digests of a runbook's files, as a plan lists them.
    static func files(ofPlan bytes: [UInt8]) -> [(String, String)] {
        guard let value = try? JSONReader.read(bytes, largest: TrailLayout.largestEvidence),
            case .object(let plan) = value, case .object(let runbook)? = plan["runbook"],
            case .array(let files)? = runbook["files"]
        else { return [] }
        return files.compactMap { file in
            guard case .object(let members) = file, let path = members["path"]?.text,
                let digest = members["sha256"]?.text, Hexadecimal.isDigits(digest, 64)
            else { return nil }
            return (path, digest)
        }
    }
}

/// What the last paragraph of a commit's message says.
private struct Trailers {
    let events: ClosedRange<Int>
    let head: String
    private(set) var runs: [String] = []

    init?(_ message: String) {
        guard let start = message.range(of: "\n\n", options: .backwards) else { return nil }
        var values: [Substring: Substring] = [:]
        for line in message[start.upperBound...].split(separator: "\n") {
            guard let colon = line.firstRange(of: ": ") else { return nil }
            values[line[..<colon.lowerBound]] = line[colon.upperBound...]
        }
        let ends = (values["Trail-Seq"] ?? "").split(separator: "-").compactMap { Int($0) }
        guard ends.count == 2, ends[0] > 0, ends[0] <= ends[1],
            let head = values["Trail-Head"], Hexadecimal.isDigits(head, 64)
        else { return nil }
        (events, self.head) = (ends[0]...ends[1], String(head))
        runs = (values["Trail-Runs"] ?? "").split(separator: ", ").map(String.init)
    }
}

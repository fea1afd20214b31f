import CGit2
import Runner

/// Who wrote commits, by what these say; as `Authorship.identity` writes them.
struct CommitWriters {
    /// Authors and committers.
    private(set) var authors: Set<String> = []
    /// Those of `Co-authored-by:`.
    private(set) var coAuthors: Set<String> = []

    var isEmpty: Bool { authors.isEmpty && coAuthors.isEmpty }

    /// Nobody.
    init() {}

    /// Those of one commit; one that can't be read is somebody's whom nobody knows.
    init(of id: GitObjectID, in repository: OpaquePointer) {
        var oid = id.oid
        let commit: OpaquePointer
        do {
            commit = try Git.make("read a commit") { git_commit_lookup($0, repository, &oid) }
        } catch {
            authors = ["commit \(id.text.prefix(7)), whose author can't be read"]
            return
        }
        defer { git_commit_free(commit) }
        let signatures = [git_commit_author(commit), git_commit_committer(commit)]
        authors = Set(
            signatures.compactMap { $0 }.map { signature in
                Authorship.identity(
                    email: signature.pointee.email.map { String(cString: $0) } ?? "",
                    name: signature.pointee.name.map { String(cString: $0) } ?? "")
            })
        let message = git_commit_message(commit).map { String(cString: $0) } ?? ""
        coAuthors = Self.coAuthors(in: message)
    }

    mutating func add(_ other: CommitWriters) {
        authors.formUnion(other.authors)
        coAuthors.formUnion(other.coAuthors)
    }

    /// Whom the trailers of a message name, folded ones too.
    static func coAuthors(in message: String) -> Set<String> {
        var lines: [String] = []
        for line in message.split(whereSeparator: \.isNewline) {
            if line.first?.isWhitespace == true, let last = lines.popLast() {
                lines.append(last + " " + trimmed(line))
            } else {
                lines.append(String(line))
            }
        }
        var found: Set<String> = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":"),
                trimmed(line[..<colon]).lowercased() == "co-authored-by"
            else { continue }
            var rest = line[line.index(after: colon)...]
            while let start = rest.firstIndex(of: "<"),
                let end = rest[start...].firstIndex(of: ">")
            {
                found.insert(
                    Authorship.identity(
                        email: trimmed(rest[rest.index(after: start)..<end]),
                        name: trimmed(rest[..<start])))
                rest = rest[rest.index(after: end)...]
            }
        }
        return found
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0.isWhitespace }
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { String(start[...$0]) } ?? ""
    }
}

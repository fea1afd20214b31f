/// One commit of the trail, as the bytes of git's object.
struct TrailCommit: Sendable, Hashable {
    /// What the signature of a commit is for: git's own word.
    static let namespace = "git"
    /// The largest that is read, in bytes: 256 lines of a message fit many times.
    static let largest = 1 << 20

    let tree: GitObjectID
    /// Nil for the first.
    let parent: GitObjectID?
    /// The name of the branch after `refs/heads/trail/`.
    let controller: String
    /// When its last event was recorded, in seconds since 1970.
    let seconds: Int64
    /// Ends with a newline.
    let message: String

    /// What is signed: the object without its signature.
    var payload: [UInt8] { bytes(signature: nil) }

    /// The object with a signature, as `git commit -S` writes it.
    func bytes(signature: String?) -> [UInt8] {
        let person = "Handrail <\(controller)> \(seconds) +0000"
        var text = "tree \(tree.text)\n"
        if let parent { text += "parent \(parent.text)\n" }
        text += "author \(person)\ncommitter \(person)\n"
        if let signature {
            let lines = signature.split(separator: "\n", omittingEmptySubsequences: false)
            let body = lines.last == "" ? lines.dropLast() : lines[...]
            text += "gpgsig " + body.joined(separator: "\n ") + "\n"
        }
        return Array((text + "\n" + message).utf8)
    }

    /// The object with this key's signature.
    func signed(by key: TrailKey) throws -> [UInt8] {
        let signature = try SSHSignature(of: payload, namespace: Self.namespace, by: key)
        return bytes(signature: signature.text)
    }
}

/// A commit object of any origin, taken apart as git takes it apart.
struct ReadCommit: Sendable, Hashable {
    private(set) var tree: GitObjectID?
    private(set) var parents: [GitObjectID] = []
    /// Seconds since 1970, of the committer.
    private(set) var seconds: Int64?
    /// The armoured text of `gpgsig`, with a newline at its end; nil without one.
    private(set) var signature: String?
    /// The object without `gpgsig`: what git checks the signature of.
    private(set) var payload: [UInt8] = []
    let message: String

    /// Takes an object apart; nil when it has no header, or isn't UTF-8.
    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self),
            let end = text.firstRange(of: "\n\n")
        else { return nil }
        message = String(text[end.upperBound...])
        var kept = ""
        var isInSignature = false
        for line in text[..<end.lowerBound].split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if line.hasPrefix(" "), isInSignature {
                signature?.append(line.dropFirst() + "\n")
                continue
            }
            isInSignature = line.hasPrefix("gpgsig ")
            if isInSignature {
                signature = (signature ?? "") + line.dropFirst(7) + "\n"
                continue
            }
            kept += line + "\n"
            take(line)
        }
        payload = Array((kept + "\n" + message).utf8)
    }

    private mutating func take(_ line: Substring) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        switch words.first {
        case "tree"?: tree = GitObjectID(text: words.last ?? "")
        case "parent"?: GitObjectID(text: words.last ?? "").map { parents.append($0) }
        case "committer"? where words.count > 2: seconds = Int64(words[words.count - 2])
        default: break
        }
    }

    /// The commit of the trail that this would be, were it written as the trail's commits are.
    func commit(of controller: String) -> TrailCommit? {
        guard let tree, parents.count <= 1, let seconds else { return nil }
        return TrailCommit(
            tree: tree, parent: parents.first, controller: controller, seconds: seconds,
            message: message)
    }
}

import CGit2
import Foundation
import Runbooks
import Runner

/// Walks through a whole trail and checks all that docs/trail.md, "Verify", lists.
///
/// Reads objects and references by itself: nothing that the repository configures is followed.
/// Takes time in proportion to the trail, and memory for one batch, 1024
/// folders, and 20 bytes for each commit.
///
///     let found = try TrailVerifier(path: home.trailPath, signers: [key]).verify()
package struct TrailVerifier: Sendable {
    /// The repository's folder.
    package let path: String
    /// The keys that may sign first, from anywhere but the trail.
    package let signers: [TrailPublicKey]
    /// What was kept outside.
    package var anchors: [TrailAnchor] = []
    /// Commits that are known outside, such as a remote's branch; 40 hexadecimal digits.
    package var knownCommits: Set<String> = []
    /// Commits that must be in it too, but prove nothing: those of a copy that is on its own disk.
    package var copiedCommits: Set<String> = []
    /// The journal's lines of a range of events; fewer where it has fewer.
    package var journal: (@Sendable (ClosedRange<Int>) throws -> [String])?
    /// Whether the journal says that none of its lines was ever sealed: then a trail without a
    /// commit, or none at all, is as its writer left it, killed before the first seal.
    package var isBeforeFirstSeal = false

    package init(path: String, signers: [TrailPublicKey]) {
        (self.path, self.signers) = (path, signers)
    }

    /// The keys of a file in the form that `ssh-keygen -Y verify` reads; nil when it is none.
    package static func signers(in text: String) -> [TrailPublicKey]? {
        TrailLayout.keys(inAllowedSigners: text)
    }

    /// Reads everything; blocks for as long as that takes.
    ///
    /// - Returns: what was found; a trail with findings is no error.
    /// - Throws: `JournalError` (notFound, io) where the folder can't be read at all, and what the
    ///   journal's reader throws, as `io`.
    package func verify() throws(JournalError) -> TrailVerification {
        do {
            let place = TrailFolder(path: path)
            guard place.exists else {
                let isExpected = !anchors.isEmpty || !knownCommits.isEmpty || !copiedCommits.isEmpty
                guard isBeforeFirstSeal, !isExpected else { throw JournalError.noTrail(path) }
                return TrailVerification()
            }
            // Beside a journal it was one: then it is damaged, and not another folder.
            guard journal != nil || place.isRepository else {
                throw JournalError.noTrail(path, ": it is no repository")
            }
            let folder = try TrailFolderCheck(path)
            var walk = TrailWalk(self, objects: try GitObjects(folder: path + "/objects"))
            let mayBeEmpty = isBeforeFirstSeal && folder.hasNoReference
            for finding in folder.findings where !(mayBeEmpty && finding.kind == .branchMissing) {
                walk.result.add(finding)
            }
            walk.result.controller = folder.controller
            walk.result.commit = folder.tip?.text
            if let tip = folder.tip, let controller = folder.controller {
                try walk.run(from: tip, controller: controller)
            }
            return walk.finished()
        } catch {
            throw JournalError(trail: error, path: path)
        }
    }
}

/// The state of one walk, from the first commit to the last.
struct TrailWalk {
    let verifier: TrailVerifier
    let objects: GitObjects
    var result = TrailVerification()
    var controller = ""

    /// The commit that is looked at.
    var commit: GitObjectID?
    /// The tree of the one before.
    var root = GitTree()
    /// Every key so far.
    var keys: [TrailPublicKey] = []
    /// The id of the first event.
    var origin: String?
    /// The last event so far.
    var last = TrailAnchor(size: 0, digest: TrailLine.noLine)
    /// The latest time so far.
    var latest: Timestamp?
    /// The last event of the last commit before the first finding.
    private var trusted = 0
    /// Whether the walk has found nothing so far; what other programs read is not its business.
    private var isClean = true
    private var anchorsMet = 0
    /// Folders that were read: a commit's are compared with those of the one before.
    private var folders: [GitObjectID: GitTree] = [:]
    private static let mostFolders = 1024
    private var unseenCommits: Set<String>

    init(_ verifier: TrailVerifier, objects: GitObjects) {
        (self.verifier, self.objects) = (verifier, objects)
        unseenCommits = verifier.knownCommits.union(verifier.copiedCommits)
    }

    /// Notes what is wrong at the commit that is looked at.
    mutating func add(
        _ kind: TrailFinding.Kind, path: String? = nil, sequence: Int? = nil, _ message: String
    ) {
        isClean = false
        result.add(
            TrailFinding(
                kind: kind, commit: commit?.text, path: path, sequence: sequence,
                message: printable(message.utf8, keepNewlines: false), lastTrusted: trusted))
    }

    /// Walks from the first commit to this one.
    mutating func run(from tip: GitObjectID, controller: String) throws {
        self.controller = controller
        guard let commits = try history(from: tip) else { return }
        for (index, id) in commits.reversed().enumerated() {
            commit = id
            guard let object = try read(id, .commit, TrailCommit.largest, verified: true),
                let read = ReadCommit(object)
            else { return }
            try check(read, object, isFirst: index == 0)
            result.commits += 1
            if !unseenCommits.isEmpty, unseenCommits.remove(id.text) != nil,
                verifier.knownCommits.contains(id.text)
            {
                anchorsMet += 1
            }
            if isClean { trusted = last.size }
        }
        commit = nil
        result.tip = last
        result.lastTrusted = trusted
    }

    /// The commits from the last to the first; nil when one of them can't be read.
    private mutating func history(from tip: GitObjectID) throws -> [GitObjectID]? {
        var commits: [GitObjectID] = []
        var next: GitObjectID? = tip
        while let id = next {
            commit = id
            guard let object = try read(id, .commit, TrailCommit.largest) else { return nil }
            guard let read = ReadCommit(object) else {
                add(.commitForm, "The commit can't be read.")
                return nil
            }
            commits.append(id)
            next = read.parents.first
        }
        return commits
    }

    /// Says what is left to say when the walk is over.
    func finished() -> TrailVerification {
        var walk = self
        walk.commit = nil
        for anchor in verifier.anchors where anchor.size > last.size {
            walk.add(
                .anchorMissing, sequence: anchor.size,
                "The trail once had \(anchor.size) events; now it has \(last.size).")
        }
        walk.result.isAnchored = anchorsMet > 0
        for id in unseenCommits.sorted() {
            walk.add(.anchorMissing, "The commit \(id) is known outside and isn't in the trail.")
        }
        return walk.result
    }

    /// Compares an event with what was kept outside.
    mutating func compare(_ event: TrailAnchor) {
        for anchor in verifier.anchors where anchor.size == event.size {
            if anchor.digest == event.digest {
                anchorsMet += 1
            } else {
                add(
                    .anchorDiffers, sequence: event.size,
                    "Event \(event.size) was \(anchor.digest) when it was kept outside.")
            }
        }
    }

    // --- objects --------------------------------------------------------------------------------

    /// An object whose name was computed from its bytes; nil, and a finding, when there is none.
    mutating func read(
        _ id: GitObjectID, _ kind: GitObjectKind, _ limit: Int, path: String? = nil,
        verified: Bool = false
    ) throws -> [UInt8]? {
        let object: GitObjects.Object?
        do {
            object = try objects.read(id, upTo: limit)
        } catch {
            add(.objectDamaged, path: path, "The \(kind.rawValue) \(id.text): \(error.message).")
            return nil
        }
        guard let object else {
            add(.objectMissing, path: path, "The \(kind.rawValue) \(id.text) isn't there.")
            return nil
        }
        guard object.kind == kind,
            verified || GitObjectID(of: object.bytes, kind: object.kind) == id
        else {
            add(
                .objectDamaged, path: path,
                "The \(kind.rawValue) \(id.text) holds what has another name.")
            return nil
        }
        return object.bytes
    }

    /// A folder; nil, and a finding, when it can't be read.
    mutating func folder(_ id: GitObjectID, path: String) throws -> GitTree? {
        if let known = folders[id] { return known }
        guard let bytes = try read(id, .tree, TrailLayout.largestFolder, path: path) else {
            return nil
        }
        guard let tree = GitTree(bytes: bytes), !tree.names.isEmpty else {
            add(.treeForm, path: path, "The folder \(path) is malformed, unordered or empty.")
            return nil
        }
        if folders.count >= Self.mostFolders { folders = [:] }
        folders[id] = tree
        return tree
    }
}

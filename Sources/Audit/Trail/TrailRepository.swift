import CGit2
import Foundation
import Runner

/// The trail's repository, as the one that writes it sees it (docs/trail.md, "The repository").
///
/// Every call blocks, for files and for other processes that write; the caller gives it a queue of
/// its own.
///
///     let trail = try TrailRepository.open(in: home, create: origin)
///     let commit = try trail.seal(TrailBatch(lines: lines))
package final class TrailRepository: Sendable {
    // A class, because it owns handles of libgit2 and the lock's descriptor.

    /// How long another process's seal is waited for.
    package static let longestWait = Duration.seconds(10)

    private let home: Home
    private let folder: TrailFolder
    private let controller: String
    private let origin: TrailOrigin?
    private let objects: GitObjects
    private let branch: GitBranch
    private let writing: Writing

    /// Opens the home's trail, and makes an empty one where none is and an origin is given.
    ///
    /// - Parameters:
    ///   - home: where `trail.git` and `keys` are; its key must be there (`TrailKeyFile`).
    ///   - create: what to make a missing one with; nil refuses a missing one.
    /// - Returns: the trail, read up to its tip.
    /// - Throws: `JournalError`: `notFound`, `locked`, `full`, `io`; `corrupt` for a repository
    ///   that is damaged or not this home's.
    package static func open(
        in home: Home, create: TrailOrigin?
    ) throws(JournalError) -> TrailRepository {
        try TrailRepository(home, origin: create, wait: longestWait)
    }

    /// Opens it with another limit for the wait for other processes.
    package init(_ home: Home, origin: TrailOrigin?, wait: Duration) throws(JournalError) {
        do {
            (self.home, self.origin) = (home, origin)
            folder = TrailFolder(path: home.trailPath)
            writing = Writing(try TrailLock(home.trailLockPath, waiting: wait))
            controller = try Self.controller(folder, origin, writing)
            objects = try GitObjects(folder: home.trailPath + "/objects")
            branch = try GitBranch(
                of: home.trailPath, name: TrailLayout.branches + controller)
        } catch {
            throw JournalError(trail: error, path: home.trailPath)
        }
        _ = try tip()
    }

    private static func controller(
        _ folder: TrailFolder, _ origin: TrailOrigin?, _ writing: Writing
    ) throws -> String {
        if !folder.exists {
            guard let origin else { throw JournalError.noTrail(folder.path) }
            try writing.locked {
                if !folder.exists { try folder.make(controller: origin.controller) }
            }
        }
        do {
            if let controller = try folder.controller() { return controller }
        } catch let error as FileError where [ENOENT, ENOTDIR, ELOOP].contains(error.number) {
            throw JournalError.foreignTrail(folder.path, "it has no HEAD")
        }
        throw JournalError.foreignTrail(folder.path, "its HEAD names no branch of a trail")
    }

    /// Where the trail ends now.
    package func tip() throws(JournalError) -> TrailTip {
        do {
            return try writing.exclusively { try end(&$0).tip }
        } catch {
            throw JournalError(trail: error, path: home.trailPath)
        }
    }

    /// Runs a body while no other process can seal: what it reads of the journal's unsealed rows
    /// is then what it seals, and no other has sealed it in between.
    package func whileLocked<Value>(
        _ body: () throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        do {
            return try writing.locked { try body() }
        } catch {
            throw JournalError(trail: error, path: home.trailPath)
        }
    }

    /// Commits a batch, durably, and gives the commit's id.
    ///
    /// A batch that the tip's commit already holds gives that commit: after a crash it may be
    /// sealed again. When this throws, the branch is where it was, unless the code is `io`: then
    /// `tip` of a newly opened repository tells, and this one refuses every further seal.
    /// - Throws: `JournalError`: `locked`, `full`, `io`; `corrupt` when the batch doesn't follow
    ///   the tip.
    package func seal(_ batch: TrailBatch) throws(JournalError) -> String {
        do {
            return try writing.exclusively { state in
                guard !state.isBroken else {
                    throw JournalError(
                        .io,
                        "The trail \(home.trailPath) failed before and isn't written any more.",
                        hint: "Start Handrail again: it goes on from what was recorded.")
                }
                do {
                    return try seal(batch, &state).text
                } catch {
                    state.isBroken = JournalError(trail: error, path: home.trailPath).code == .io
                    state.end = nil
                    throw error
                }
            }
        } catch {
            throw JournalError(trail: error, path: home.trailPath)
        }
    }

    /// Finds out whether the home has the key that signs next, and puts it in its place where a
    /// rotation was interrupted just before that.
    ///
    /// - Throws: `JournalError`: `corrupt`, `io` for a key that is another one, gone, or open to
    ///   other accounts; `locked`.
    package func confirmKey() throws(JournalError) {
        do {
            try writing.exclusively { state in
                let end = try end(&state)
                // Before the first commit, the key that made the first event is as good as any.
                let keys = try end.keys.isEmpty ? present() : end.keys
                _ = try key(keys)
            }
        } catch {
            throw JournalError(trail: error, path: home.trailPath)
        }
    }

    private func present() throws -> [TrailPublicKey] {
        try TrailKeyFile.key(of: home).map { [$0.publicKey] } ?? []
    }

    private func seal(_ batch: TrailBatch, _ state: inout Writing.State) throws -> GitObjectID {
        let end = try end(&state)
        if let known = try sealed(batch, end) { return known }
        guard batch.first == end.tip.sequence + 1, batch.records[0].previous == end.tip.digest
        else { throw JournalError.brokenChain(at: batch.first) }
        let key = try key(end.keys.isEmpty ? Self.keys(addedBy: batch.records) : end.keys)
        var written = ObjectBatch()
        let (root, next) = try tree(with: batch, after: end, &written)
        let commit = TrailCommit(
            tree: root, parent: end.commit, controller: controller,
            seconds: Self.seconds(batch.records[batch.records.count - 1].at),
            message: batch.message)
        let id = written.add(try commit.signed(by: key), .commit)
        try objects.write(written)
        try folder.removeStaleLock(of: branch.name)
        try branch.move(from: end.commit, to: id)
        state.end = End(
            commit: id, root: next.root, folders: next.folders, keys: next.keys, tip: next.tip(id))
        return id
    }

    /// Seconds since 1970, rounded down.
    static func seconds(_ at: Timestamp) -> Int64 {
        (at.milliseconds - (at.milliseconds % 1000 + 1000) % 1000) / 1000
    }

    /// The tip's commit when it already holds these lines; nil when none of them is sealed.
    private func sealed(_ batch: TrailBatch, _ end: End) throws -> GitObjectID? {
        guard batch.first <= end.tip.sequence else { return nil }
        if batch.last == end.tip.sequence,
            batch.lines[batch.lines.count - 1].digest == end.tip.digest,
            let commit = end.commit
        {
            return commit
        }
        throw JournalError(
            .locked,
            "Another process has sealed the trail up to event \(end.tip.sequence) meanwhile.",
            hint: "Try again: what is sealed is not sealed twice.")
    }

    /// The key that signs next: the last of those that the trail knows.
    private func key(_ keys: [TrailPublicKey]) throws -> TrailKey {
        let now = try TrailKeyFile.key(of: home)
        if let now, keys.last == now.publicKey { return now }
        // A crash between the seal of `key.added` and the new key's move into its place.
        if let next = try TrailKeyFile.nextKey(of: home), keys.last == next.publicKey {
            try TrailKeyFile.useNextKey(of: home)
            return next
        }
        let place = home.keysPath
        throw JournalError(
            .corrupt,
            now == nil
                ? "There is no key in \(place): nothing can be recorded without it."
                : "The key in \(place) isn't the one that signs this trail.",
            hint: "Restore 'keys' from the same backup as 'trail.git'.")
    }

    /// The keys that lines introduce, by `trail.created` and `key.added`.
    static func keys(addedBy records: [TrailRecord]) -> [TrailPublicKey] {
        records.compactMap { record in
            guard record.isA(.trailCreated) || record.isA(.keyAdded) else { return nil }
            return record.detail("key").flatMap(TrailPublicKey.init(line:))
        }
    }
}

// --- reading the end ----------------------------------------------------------------------------

extension TrailRepository {
    /// What the next commit is built on.
    struct End: Sendable {
        let commit: GitObjectID?
        let root: GitTree
        /// Folders below the root, by their names among the objects: those that the commit wrote.
        var folders: [GitObjectID: GitTree] = [:]
        /// Every key so far; the last one signs.
        let keys: [TrailPublicKey]
        let tip: TrailTip
    }

    private func end(_ state: inout Writing.State) throws -> End {
        let commit = try branch.commit()
        if let end = state.end, end.commit == commit { return end }
        let end = try read(commit)
        state.end = end
        return end
    }

    private func read(_ commit: GitObjectID?) throws -> End {
        guard let commit else {
            guard let origin else { return End(commit: nil, root: GitTree(), keys: [], tip: .none) }
            guard origin.controller == controller else {
                throw JournalError.foreignTrail(
                    home.trailPath, "it was made for the controller \(controller)")
            }
            return End(commit: nil, root: GitTree(), keys: [], tip: .none)
        }
        let bytes = try object(commit, .commit, TrailCommit.largest)
        guard let read = ReadCommit(bytes), let tree = read.tree,
            let root = GitTree(bytes: try object(tree, .tree, TrailLayout.largestFolder))
        else {
            throw JournalError.damagedTrail(
                home.trailPath, "the commit \(commit.text) can't be read")
        }
        guard let meta = try folder("meta", of: root),
            try text("format", of: meta) == TrailLayout.format
        else {
            throw JournalError.foreignTrail(
                home.trailPath, "it holds no trail in the form that this Handrail writes")
        }
        guard
            let checkpoint = try text(TrailLayout.checkpoint, of: root)
                .flatMap(TrailCheckpoint.init(text:)),
            let keys = try text("allowed_signers", of: meta)
                .flatMap(TrailLayout.keys(inAllowedSigners:))
        else {
            throw JournalError.damagedTrail(
                home.trailPath, "the commit \(commit.text) doesn't say how far the chain goes")
        }
        let tip = TrailTip(
            sequence: checkpoint.count, digest: checkpoint.digest, commit: commit.text,
            origin: checkpoint.origin)
        return End(commit: commit, root: root, keys: keys, tip: tip)
    }

    private func object(
        _ id: GitObjectID, _ kind: GitObjectKind, _ limit: Int
    ) throws -> [UInt8] {
        let found: GitObjects.Object?
        do {
            found = try objects.read(id, upTo: limit)
        } catch {
            throw JournalError(
                .corrupt, "The trail \(home.trailPath) is damaged: \(error.message).",
                hint: JournalError.damagedTrail(home.trailPath, "").hint, cause: error)
        }
        guard let found, found.kind == kind else {
            throw JournalError.damagedTrail(
                home.trailPath, "the \(kind.rawValue) \(id.text) is missing")
        }
        return found.bytes
    }

    private func folder(_ name: String, of tree: GitTree) throws -> GitTree? {
        guard let entry = tree[name], entry.mode == .folder else { return nil }
        return GitTree(bytes: try object(entry.id, .tree, TrailLayout.largestFolder))
    }

    private func text(_ name: String, of tree: GitTree) throws -> String? {
        guard let entry = tree[name], entry.mode == .file else { return nil }
        return String(
            validating: try object(entry.id, .blob, TrailCommit.largest), as: UTF8.self)
    }
}

// --- building the next --------------------------------------------------------------------------

extension TrailRepository {
    /// What the tree after a batch is.
    private struct Next {
        let root: GitTree
        let folders: [GitObjectID: GitTree]
        let keys: [TrailPublicKey]
        let checkpoint: TrailCheckpoint

        func tip(_ commit: GitObjectID) -> TrailTip {
            TrailTip(
                sequence: checkpoint.count, digest: checkpoint.digest, commit: commit.text,
                origin: checkpoint.origin)
        }
    }

    /// Makes the batch's blobs and the folders on the way to them, and nothing of any other.
    private func tree(
        with batch: TrailBatch, after end: End, _ written: inout ObjectBatch
    ) throws -> (GitObjectID, Next) {
        let added = Self.keys(addedBy: batch.records)
        let keys = end.keys + added
        let origin = end.tip.origin ?? batch.records[0].id
        if end.commit == nil { try checkFirst(batch) }
        let checkpoint = TrailCheckpoint(
            origin: origin, count: batch.last, digest: batch.lines[batch.lines.count - 1].digest)
        var files = [
            NewFile(
                TrailLayout.eventPath(firstSequence: batch.first, at: batch.records[0].at),
                batch.content)
        ]
        files += batch.evidence.map {
            NewFile(TrailLayout.evidencePath(TrailLine.digest(of: $0)), $0)
        }
        files.append(NewFile([TrailLayout.checkpoint], Array(checkpoint.text.utf8)))
        if end.commit == nil {
            files.append(NewFile(["meta", "format"], Array(TrailLayout.format.utf8)))
            files.append(NewFile(["meta", "origin"], Array((origin + "\n").utf8)))
        }
        if !added.isEmpty {
            let text = TrailLayout.allowedSigners(keys, controller: controller)
            files.append(NewFile(["meta", "allowed_signers"], Array(text.utf8)))
        }
        var root = end.root
        var folders = Folders(known: end.folders, written: written)
        _ = try put(files[...], in: &root, &folders)
        written = folders.written
        let id = written.add(root.bytes(), .tree)
        return (
            id, Next(root: root, folders: folders.made, keys: keys, checkpoint: checkpoint)
        )
    }

    private func checkFirst(_ batch: TrailBatch) throws {
        let first = batch.records[0]
        guard first.isA(.trailCreated), Self.keys(addedBy: [first]).count == 1,
            origin.map({ $0.id == first.id }) ?? true
        else {
            throw JournalError(
                .corrupt, "The first event of the trail \(home.trailPath) isn't its beginning.",
                hint: "Restore the trail from a backup or from its remote: the journal goes on "
                    + "from a trail that is gone.")
        }
    }

    /// A file that a commit brings, below the folder that is looked at.
    private struct NewFile {
        let path: ArraySlice<String>
        let content: [UInt8]

        init(_ path: some Collection<String>, _ content: [UInt8]) {
            (self.path, self.content) = (Array(path)[...], content)
        }
    }

    /// The folders that a commit makes anew, out of those of the commit before.
    private struct Folders {
        let known: [GitObjectID: GitTree]
        var made: [GitObjectID: GitTree] = [:]
        var written: ObjectBatch
    }

    /// Puts files into a folder, each folder below it made once: no object is left over.
    ///
    /// - Returns: whether anything is new. What has its place already was written with an earlier
    ///   commit.
    private func put(
        _ files: ArraySlice<NewFile>, in tree: inout GitTree, _ folders: inout Folders
    ) throws -> Bool {
        var isNew = false
        var below: [String: [NewFile]] = [:]
        for file in files {
            guard let name = file.path.first else { continue }
            if file.path.count > 1 {
                below[name, default: []].append(NewFile(file.path.dropFirst(), file.content))
            } else {
                if let old = tree[name], old.mode == .file,
                    old.id == GitObjectID(of: file.content, kind: .blob)
                {
                    continue
                }
                tree.put(
                    name, .init(mode: .file, id: folders.written.add(file.content, .blob)))
                isNew = true
            }
        }
        for (name, files) in below.sorted(by: { $0.key < $1.key }) {
            let known = tree[name].flatMap { $0.mode == .folder ? folders.known[$0.id] : nil }
            var inner = try known ?? folder(name, of: tree) ?? GitTree()
            guard try put(files[...], in: &inner, &folders) else { continue }
            let id = folders.written.add(inner.bytes(), .tree)
            folders.made[id] = inner
            tree.put(name, .init(mode: .folder, id: id))
            isNew = true
        }
        return isNew
    }
}

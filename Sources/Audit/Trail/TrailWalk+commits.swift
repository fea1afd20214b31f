import Foundation
import Runner

/// What is checked of one commit.
extension TrailWalk {
    mutating func check(_ read: ReadCommit, _ object: [UInt8], isFirst: Bool) throws {
        if read.parents.count > 1 {
            add(.merge, "The commit has \(read.parents.count) parents.")
        } else if read.commit(of: controller)?.bytes(signature: read.signature) != object {
            add(.commitForm, "The commit's header isn't one that Handrail writes.")
        }
        guard let id = read.tree, let tree = try folder(id, path: "/") else { return }
        let changes = try changes(from: root, to: tree)
        root = tree
        let batch = try checkBatch(changes, isFirst: isFirst)
        try checkEntries(changes, batch, isFirst: isFirst)
        checkSignature(of: read, batch.records, isFirst: isFirst)
        takeKeys(of: batch)
        guard let lastRecord = batch.records.last else { return }
        if read.seconds != TrailRepository.seconds(lastRecord.at) {
            add(.commitTime, "The commit's time isn't its last event's.")
        }
        let trailers = TrailMessage.trailers(of: batch.records, digest: last.digest)
        if !read.message.hasSuffix("\n\n" + trailers) {
            add(.messageWrong, "The message's last lines say something else than its events.")
        }
        for record in batch.records { try checkEvidence(namedBy: record) }
    }

    /// Takes the keys that a batch introduces, and finds one that was introduced before: it would
    /// sign again after it was retired.
    private mutating func takeKeys(of batch: ReadBatch) {
        for record in batch.records {
            for key in TrailRepository.keys(addedBy: [record]) {
                if keys.contains(key) {
                    add(
                        .keyRepeated, path: batch.path, sequence: record.sequence,
                        "\(key.fingerprint) was introduced before; every new key is another one.")
                }
                keys.append(key)
            }
        }
    }

    /// Checks whose signature it is, and that it is one.
    private mutating func checkSignature(
        of read: ReadCommit, _ records: [TrailRecord], isFirst: Bool
    ) {
        guard let text = read.signature else {
            return add(.signatureMissing, "The commit isn't signed.")
        }
        guard let signature = SSHSignature(text: text) else {
            return add(.signatureForm, "The signature isn't an Ed25519 one of OpenSSH.")
        }
        guard signature.namespace == TrailCommit.namespace else {
            return add(
                .signatureNamespace, "The signature was made for '\(signature.namespace)'.")
        }
        guard signature.holds(for: read.payload, namespace: TrailCommit.namespace) else {
            return add(.signatureWrong, "The signature is of something else.")
        }
        let key = signature.publicKey
        if isFirst {
            let first = TrailRepository.keys(addedBy: Array(records.prefix(1))).first
            if !verifier.signers.contains(key) || key != first {
                add(
                    .keyUnknown,
                    "The first commit is signed by \(key.fingerprint), which nobody vouches for.")
            }
        } else if key != keys.last {
            let isRetired = keys.contains(key)
            add(
                isRetired ? .keyRetired : .keyUnknown,
                isRetired
                    ? "\(key.fingerprint) signed, which a newer key had followed."
                    : "\(key.fingerprint) signed, which no earlier key introduced.")
        }
    }

    // --- what it changes ------------------------------------------------------------------------

    /// A file that a commit adds, changes or removes.
    struct Change {
        let path: String
        let old: GitTree.Entry?
        let new: GitTree.Entry?
    }

    /// The files that differ; folders that are the same aren't opened.
    private mutating func changes(
        from old: GitTree, to new: GitTree, in folder: String = "", depth: Int = 0
    ) throws -> [Change] {
        var changes: [Change] = []
        let names = new.names + old.names.filter { new[$0] == nil }
        for name in names where old[name] != new[name] {
            let path = folder + name
            let (before, after) = (old[name], new[name])
            guard before?.mode == .folder || after?.mode == .folder, depth < 8 else {
                changes.append(Change(path: path, old: before, new: after))
                continue
            }
            let left = try before.flatMap { try entries(of: $0, path) }
            let right = try after.flatMap { try entries(of: $0, path) }
            changes += try self.changes(
                from: left ?? GitTree(), to: right ?? GitTree(), in: path + "/", depth: depth + 1)
            // A file in a folder's place, or the other way round.
            if let before, before.mode != .folder {
                changes.append(Change(path: path, old: before, new: nil))
            }
            if let after, after.mode != .folder {
                changes.append(Change(path: path, old: nil, new: after))
            }
        }
        return changes
    }

    private mutating func entries(of entry: GitTree.Entry, _ path: String) throws -> GitTree? {
        guard entry.mode == .folder else { return nil }
        return try folder(entry.id, path: path)
    }

    private mutating func checkEntries(
        _ changes: [Change], _ batch: ReadBatch, isFirst: Bool
    ) throws {
        for change in changes where change.path != batch.path {
            guard let new = change.new else {
                add(.entryRemoved, path: change.path, "\(change.path) was removed.")
                continue
            }
            if new.mode != .file {
                add(.entryMode, path: change.path, "\(change.path) is no plain file.")
            } else if change.path == TrailLayout.checkpoint {
                try checkCheckpoint(new.id)
            } else if change.path.hasPrefix("meta/") {
                try checkMeta(change, new.id, batch, isFirst: isFirst)
            } else if change.old != nil {
                add(.entryChanged, path: change.path, "\(change.path) was changed.")
            } else if change.path.hasPrefix("evidence/") {
                try checkEvidence(at: change.path, new.id)
            } else {
                add(.entryUnexpected, path: change.path, "\(change.path) doesn't belong there.")
            }
        }
        if !changes.contains(where: { $0.path == TrailLayout.checkpoint }) {
            add(
                .checkpointWrong, path: TrailLayout.checkpoint,
                "The checkpoint is the one before.")
        }
        let added = TrailRepository.keys(addedBy: batch.records)
        if !added.isEmpty, !changes.contains(where: { $0.path == "meta/allowed_signers" }) {
            add(.metaWrong, path: "meta/allowed_signers", "It doesn't list the new key.")
        }
    }

    private mutating func checkCheckpoint(_ id: GitObjectID) throws {
        let path = TrailLayout.checkpoint
        guard let bytes = try read(id, .blob, TrailCommit.largest, path: path) else { return }
        let right = TrailCheckpoint(origin: origin ?? "", count: last.size, digest: last.digest)
        if bytes != Array(right.text.utf8) {
            add(.checkpointWrong, path: path, "The checkpoint isn't the last event's.")
        }
    }

    private mutating func checkMeta(
        _ change: Change, _ id: GitObjectID, _ batch: ReadBatch, isFirst: Bool
    ) throws {
        let added = TrailRepository.keys(addedBy: batch.records)
        let right: String
        switch change.path {
        case "meta/format" where isFirst: right = TrailLayout.format
        case "meta/origin" where isFirst: right = (origin ?? "") + "\n"
        case "meta/allowed_signers" where !added.isEmpty:
            right = TrailLayout.allowedSigners(keys + added, controller: controller)
        default:
            let kind: TrailFinding.Kind = change.old == nil ? .entryUnexpected : .entryChanged
            return add(kind, path: change.path, "\(change.path) doesn't belong to this commit.")
        }
        guard let bytes = try read(id, .blob, TrailCommit.largest, path: change.path) else {
            return
        }
        if bytes != Array(right.utf8) {
            add(.metaWrong, path: change.path, "\(change.path) says something else.")
        }
    }

    // --- evidence -------------------------------------------------------------------------------

    /// The details whose digests must be evidence, by the kind of event.
    static let evidenceKeys: [TrailEvent.Kind: [String]] = [
        .runOpened: ["plan_digest", "forecast_outline"], .escalated: ["pack_digest"],
        .changeOpened: ["plan_digest", "forecast_outline"],
        .changeAmended: ["plan_digest", "forecast_outline"],
        .trustChanged: ["trust_digest"], .actSigned: ["signed_digest"],
    ]

    private mutating func checkEvidence(at path: String, _ id: GitObjectID) throws {
        guard let bytes = try read(id, .blob, TrailLayout.largestEvidence, path: path) else {
            return
        }
        let digest = TrailLine.digest(of: bytes)
        if path != TrailLayout.evidencePath(digest).joined(separator: "/") {
            add(.evidenceWrong, path: path, "\(path) isn't named by what it holds.")
        }
    }

    private mutating func checkEvidence(namedBy record: TrailRecord) throws {
        guard let kind = TrailEvent.Kind(rawValue: record.kind) else { return }
        for key in Self.evidenceKeys[kind] ?? [] {
            guard let digest = record.detail(key) else { continue }
            let path = TrailLayout.evidencePath(digest)
            var tree: GitTree? = root
            for name in path.dropLast() {
                let entry = tree?[name]
                tree = nil
                guard let entry, entry.mode == .folder else { continue }
                // What can't be read is a finding already.
                guard let below = try folder(entry.id, path: "evidence") else { return }
                tree = below
            }
            if tree?[digest] == nil {
                add(
                    .evidenceMissing, path: path.joined(separator: "/"),
                    sequence: record.sequence,
                    "Event \(record.sequence) names \(key) \(digest), which isn't there.")
            }
        }
    }
}

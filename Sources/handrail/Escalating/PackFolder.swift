import Audit
import Foundation
import Runbooks
import Runner

/// The folder of a pack: made beside its place, and renamed when all is in it.
struct PackFolder: Sendable {
    /// Where it will be.
    let path: String
    private let draft: String
    /// Held while the draft is filled: what nobody holds was left by a process that was killed.
    private let lock: FolderLock?

    /// Makes the folder that is filled, readable by its owner alone; what killed ones left beside
    /// it is removed.
    ///
    /// - Throws: `Failure` (invalidInput) when something is there already, or it can't be made.
    init(at path: String, _ world: World) throws {
        var clean = world.path(path)
        while clean.count > 1, clean.hasSuffix("/") { clean.removeLast() }
        self.path = clean
        let mark = world.randomBytes(4).map { String($0, radix: 16) }.joined()
        draft = clean + StaleDrafts.mark + mark
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: clean, isDirectory: &isFolder) {
            let names = isFolder.boolValue ? try Self.names(in: clean) : ["itself"]
            guard names.isEmpty else {
                throw Failure(
                    .invalidInput, code: "file",
                    "\(printableExcerpt(clean)) is there already: nothing was escalated.",
                    hint: "name a folder with --out that isn't there yet")
            }
        }
        StaleDrafts(beside: clean, now: world.now()).remove()
        try Self.make(draft)
        lock = FolderLock.untaken(draft)
    }

    private static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw refusal(folder, error)
        }
    }

    private static func make(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw refusal(folder, error)
        }
    }

    /// Writes a file, and the folders on the way to it.
    ///
    /// - Throws: `Failure` (invalidInput).
    func add(_ bytes: [UInt8], as name: String, what: String) throws -> PackDocument.Kept {
        let file = draft + "/" + name
        try Self.make(PathText.folder(of: file))
        do {
            guard
                FileManager.default.createFile(
                    atPath: file, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            defer { handle.closeFile() }
            try handle.write(contentsOf: Data(bytes))
        } catch {
            throw Self.refusal(file, error)
        }
        return PackDocument.Kept(
            path: name, sha256: .sha256(of: bytes), sizeBytes: bytes.count, what: what)
    }

    /// Gives the folder its name.
    ///
    /// - Throws: `Failure` (invalidInput).
    func finish() throws {
        guard rename(draft, path) == 0 else {
            throw Self.refusal(path, NSError(domain: NSPOSIXErrorDomain, code: Int(errno)))
        }
    }

    /// Removes what was written.
    func discard() { Self.remove(draft) }

    /// Removes the folder that has its name already, since nothing was recorded of it.
    func takeBack() { Self.remove(path) }

    fileprivate static func remove(_ folder: String) {
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            // Nothing was recorded of what is left, and the next escalation removes a draft.
        }
    }

    private static func refusal(_ path: String, _ error: any Error) -> Failure {
        Failure(
            .invalidInput, code: "file",
            "The pack can't be written to \(printableExcerpt(path)): \(InputFile.reason(error)).",
            hint: "name a folder with --out that you may make, and where there is room")
    }

    /// A part of a file's name: letters, digits, dot, dash and underscore; never empty or hidden.
    static func name(_ text: String) -> String {
        let plain = text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: "_"): byte
            default: UInt8(ascii: "-")
            }
        }
        let kept = String(decoding: plain, as: UTF8.self)
            .split(separator: "-").joined(separator: "-")
        let visible = kept.drop { $0 == "." || $0 == "-" }.suffix(60)
        return visible.isEmpty ? "unnamed" : String(visible)
    }
}

/// Drafts of packs whose process was killed.
struct StaleDrafts: Sendable {
    /// How old a draft is before it counts, in milliseconds: its process has taken its lock by then.
    private static let youngest: Int64 = 60_000
    /// Between a pack's name and the random end of its draft's.
    static let mark = ".new-"

    /// A pack's place: its drafts are beside it, as are those of other escalations in a home.
    let place: String
    let now: Timestamp

    init(beside place: String, now: Timestamp) { (self.place, self.now) = (place, now) }

    /// Removes this account's drafts that no process holds; what can't be removed hinders nothing.
    func remove() {
        let parent = PathText.folder(of: place)
        let folder = parent.isEmpty ? "." : parent
        for draft in drafts(in: folder).map({ folder + "/" + $0 }) where isOld(draft) {
            guard let lock = FolderLock.untaken(draft) else { continue }
            PackFolder.remove(draft)
            withExtendedLifetime(lock) {}
        }
    }

    private func drafts(in folder: String) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).filter(isDraft)
        } catch {
            return []
        }
    }

    /// Whether a name is one that this program gave: nothing else is ever removed.
    func isDraft(_ name: String) -> Bool {
        guard let range = name.range(of: Self.mark, options: .backwards) else { return false }
        let pack = String(name[..<range.lowerBound])
        let end = name[range.upperBound...]
        return (4...8).contains(end.utf8.count) && end.utf8.allSatisfy(Self.isHexadecimal)
            && (pack == PathText.name(of: place) || EscalationID(rawValue: pack) != nil)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte)
    }

    private func isOld(_ draft: String) -> Bool {
        var status = stat()
        guard lstat(draft, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == geteuid()
        else { return false }
        let changed = Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000)
        return now.since(changed) > Self.youngest
    }
}

import CGit2
import Foundation

/// Objects of git that are written together, each into a file of its own.
///
///     var batch = ObjectBatch()
///     let tree = batch.add(bytes, .tree)
///     try batch.write(below: "trail.git/objects")   // then, and not before, name what was added
struct ObjectBatch: Sendable {
    /// Files that are open at once: a commit without evidence has 8 or 9.
    private static let mostOpen = 16

    private struct Object: Sendable {
        let id: GitObjectID
        /// What its file holds.
        let packed: [UInt8]
    }

    private var objects: [Object] = []
    private var known: Set<GitObjectID> = []

    /// Adds an object, unless it is there already, and gives its name.
    mutating func add(_ bytes: [UInt8], _ kind: GitObjectKind) -> GitObjectID {
        let id = GitObjectID(of: bytes, kind: kind)
        if known.insert(id).inserted {
            objects.append(Object(id: id, packed: LooseObject.packed(bytes, kind)))
        }
        return id
    }

    /// Writes all of them; on the disk, under their names, when this returns.
    ///
    /// One that is there already is written anew: who wrote it may have died before it was synced.
    /// Every file and every folder is synced, as git and libgit2 do it, but not one after the
    /// other: the first sync takes along what the others have handed over by then, so that the disk
    /// is waited for a few times and not twice for each object.
    func write(below folder: String) throws(FileError) {
        var rest = objects[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.mostOpen)
            rest = rest.dropFirst(Self.mostOpen)
            try Self.write(part, below: folder)
        }
    }

    private static func write(
        _ objects: ArraySlice<Object>, below folder: String
    ) throws(FileError) {
        var files: [NewFile] = []
        do {
            for object in objects {
                let file = try NewFile(for: object.id, below: folder)
                files.append(file)
                try file.write(object.packed)
            }
            for file in files { try file.synchronize() }
            for file in files { try file.rename() }
        } catch {
            for file in files { file.remove() }
            throw error
        }
        for folder in Set(files.map(\.folder)).sorted() {
            try FileDescriptor(folder, O_RDONLY | O_DIRECTORY).synchronize()
        }
    }
}

/// A file on its way to its place among the objects.
///
/// A class, since an array can't hold what must not be copied.
private final class NewFile {
    let folder: String
    private let path: String
    /// Git removes what is left of that name (git-prune(1)).
    private let temporary: String
    private let file: FileDescriptor

    init(for id: GitObjectID, below objects: String) throws(FileError) {
        let name = id.text
        folder = "\(objects)/\(name.prefix(2))"
        path = "\(folder)/\(name.dropFirst(2))"
        temporary = "\(folder)/tmp_obj_\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        do {
            file = try FileDescriptor(temporary, Self.flags, mode: 0o400)
        } catch {
            guard error.number == ENOENT else { throw error }
            // `git gc` removes folders that have become empty.
            try Self.make(folder, in: objects)
            file = try FileDescriptor(temporary, Self.flags, mode: 0o400)
        }
    }

    private static let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW

    private static func make(_ folder: String, in parent: String) throws(FileError) {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw FileError(call: "mkdir", path: folder, number: errno)
        }
        try FileDescriptor(parent, O_RDONLY | O_DIRECTORY).synchronize()
    }

    /// Writes all bytes, and has the kernel begin to bring them to the disk.
    func write(_ bytes: [UInt8]) throws(FileError) {
        try file.write(bytes)
        // A hint: `synchronize` is what counts, and tells what went wrong.
        handrail_begin_writing(file.number)
    }

    /// Waits until it is on the disk.
    func synchronize() throws(FileError) { try file.synchronize() }

    /// Gives it its name.
    func rename() throws(FileError) {
        guard Glibc.rename(temporary, path) == 0 else {
            throw FileError(call: "rename", path: path, number: errno)
        }
    }

    /// Removes what didn't get to its place.
    func remove() { unlink(temporary) }
}

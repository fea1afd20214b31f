import struct Crypto.SHA256
import Foundation
import Runbooks
import Runner

/// Contents as files under `output/`, named by the SHA-256 of their bytes (docs/journal.md).
///
/// Writes are in order, on a thread of their own.
package struct FileContentStore: ContentStore {
    let folder: String
    private let queue = BlockingQueue(label: "handrail.contents")
    /// Reads spooled outputs for their digests, while others are written.
    private let reading = BlockingQueue(label: "handrail.contents.digests")

    /// Opens the store of a home, and removes what unfinished writes left there a day ago.
    ///
    /// - Throws: `io` when the folder can't be read.
    package init(in home: Home) throws(JournalError) {
        folder = home.outputPath
        do {
            try Self.removeLeftovers(in: home.newOutputPath, before: time(nil) - 86_400)
        } catch {
            throw JournalError(content: error, folder: folder)
        }
    }

    /// Stores bytes durably; storing the same bytes again does nothing.
    ///
    /// - Throws: `full` over the limit or without space, `io`.
    package func put(_ bytes: [UInt8]) async throws(JournalError) -> Digest {
        try Self.check(bytes.count)
        let digest = Self.digest(of: bytes)
        let folder = folder
        return try await blocking { () throws in
            try Self.store(bytes.count, as: digest, under: folder) { try $0.write(bytes) }
            return digest
        }
    }

    /// Stores what was kept of a stream, a page at a time.
    ///
    /// - Throws: `full` over the limit or without space, `io`.
    package func put(_ output: CapturedOutput) async throws(JournalError) -> Digest {
        guard output.spooled != nil else { return try await put(output.rest) }
        try Self.check(output.count)
        let digest = try await blocking(on: reading) { () throws in
            try Digest.sha256(of: output)
        }
        let folder = folder
        return try await blocking { () throws in
            try Self.store(output.count, as: digest, under: folder) { file in
                try output.forEachPiece { try file.write($0) }
            }
            return digest
        }
    }

    private static func check(_ count: Int) throws(JournalError) {
        guard count <= JournalLimit.contentBytes else {
            throw JournalError(
                .full, "\(count) bytes are too many to store at once.",
                hint: "The limit is \(JournalLimit.contentBytes) bytes.")
        }
    }

    /// The bytes of a digest, checked against it.
    ///
    /// - Throws: `notFound`, `corrupt`, `io`.
    package func get(_ digest: Digest) async throws(JournalError) -> [UInt8] {
        let path = Self.path(of: digest, under: folder)
        return try await blocking { () throws in try Self.bytes(of: digest, at: path) }
    }

    /// The same as `get`; blocks the calling thread, which must be none of the cooperative pool's.
    func getBlocking(_ digest: Digest) throws(JournalError) -> [UInt8] {
        do {
            return try Self.bytes(of: digest, at: Self.path(of: digest, under: folder))
        } catch {
            throw JournalError(content: error, folder: folder)
        }
    }

    private static func bytes(of digest: Digest, at path: String) throws -> [UInt8] {
        let file = try FileDescriptor(path, O_RDONLY | O_NOFOLLOW)
        let bytes = try file.read(upTo: JournalLimit.contentBytes)
        guard Self.digest(of: bytes) == digest else {
            throw JournalError(
                .corrupt, "The content \(path) was changed: its bytes have another digest.",
                hint: "Restore the file from a backup; what it held is lost otherwise.")
        }
        return bytes
    }

    /// The SHA-256 of bytes.
    package static func digest(of bytes: [UInt8]) -> Digest {
        Digest.sha256(of: bytes)
    }

    static func path(of digest: Digest, under folder: String) -> String {
        folder + "/" + digest.rawValue.prefix(2) + "/" + digest.rawValue
    }

    private static func store(
        _ count: Int, as digest: Digest, under folder: String,
        _ write: (borrowing FileDescriptor) throws -> Void
    ) throws {
        let path = path(of: digest, under: folder)
        let parent = PathText.folder(of: path)
        var status = stat()
        let isThere = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        // A file of another size was damaged; the same bytes replace it.
        if !isThere || Int(status.st_size) != count {
            if mkdir(parent, 0o700) == 0 {
                try FileDescriptor(folder, O_RDONLY | O_DIRECTORY).synchronize()
            } else if errno != EEXIST {
                throw FileError(call: "mkdir", path: parent, number: errno)
            }
            try make(path, through: folder + "/new/" + temporaryName(digest), write)
        }
        // Also when it was there: another process may have renamed it a moment ago.
        try FileDescriptor(parent, O_RDONLY | O_DIRECTORY).synchronize()
    }

    private static func make(
        _ path: String, through temporary: String,
        _ write: (borrowing FileDescriptor) throws -> Void
    ) throws {
        do {
            let file = try FileDescriptor(
                temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            try write(file)
            try file.synchronize()
            guard rename(temporary, path) == 0 else {
                throw FileError(call: "rename", path: path, number: errno)
            }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func removeLeftovers(in folder: String, before end: time_t) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            var status = stat()
            let path = folder + "/" + name
            if lstat(path, &status) == 0, status.st_mtim.tv_sec < end { unlink(path) }
        }
    }

    private static func temporaryName(_ digest: Digest) -> String {
        "\(digest.rawValue.prefix(16))-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    }

    func blocking<Value: Sendable>(
        on queue: BlockingQueue? = nil, _ body: @escaping @Sendable () throws -> Value
    ) async throws(JournalError) -> Value {
        let folder = folder
        let result: Result<Value, JournalError> = await (queue ?? self.queue).run {
            do {
                return .success(try body())
            } catch {
                return .failure(JournalError(content: error, folder: folder))
            }
        }
        return try result.get()
    }
}

extension JournalError {
    /// The refusal for an error that storing or reading a content ended with.
    fileprivate init(content error: any Error, folder: String) {
        switch error {
        case let known as JournalError:
            self = known
        case let error as FileError where error.isFull:
            self.init(
                .full, "No space is left for outputs in \(folder): nothing was stored.",
                hint: "Free space on its file system ('df -h').", cause: error)
        case let error as FileError where error.number == ENOENT:
            self.init(
                .notFound, "There is no \(error.path).",
                hint: "Its time to be kept may be over.", cause: error)
        case let error as FileError:
            self.init(
                .io, "\(error.call) of \(error.path) failed: \(error.reason).", cause: error)
        default:
            self.init(.io, "The outputs in \(folder) can't be used.", cause: error)
        }
    }
}

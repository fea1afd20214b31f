import Crypto
import Foundation
import Runner

/// Writes plain files into a ustar archive, one after the other; every call blocks.
final class TarWriter {
    // A class, because it owns the descriptor and the digest of all that was written.

    /// The bytes that are read or written at once.
    static let piece = 1 << 20

    /// How many bytes were written, the end included once it is.
    private(set) var count = 0
    private let file: FileDescriptor
    private let seconds: Int
    private var digest = SHA256()
    private var buffer: [UInt8] = []

    /// Makes the archive's file, which must not be there yet, with mode 0600.
    ///
    /// `seconds`: the time of change that all files are given.
    init(_ path: String, seconds: Int) throws {
        file = try FileDescriptor(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        self.seconds = seconds
    }

    /// Keeps others from taking the file for what a killed process left, as long as this one lives.
    func hold() { flock(file.number, LOCK_EX | LOCK_NB) }

    /// Adds bytes; gives their SHA-256 in hex.
    func add(_ name: String, _ bytes: [UInt8]) throws -> String {
        try begin(name, bytes.count)
        try put(bytes)
        try put([UInt8](repeating: 0, count: TarHeader.padding(after: bytes.count)))
        return TrailLine.digest(of: bytes)
    }

    /// Adds a file as long as it is now; gives its length and its SHA-256 in hex.
    ///
    /// - Throws: `JournalError` (io) for one that gets shorter meanwhile.
    func add(_ name: String, file path: String) throws -> (bytes: Int, sha256: String) {
        let source = try FileDescriptor(path, O_RDONLY | O_NOFOLLOW)
        let size = Int(try source.status().st_size)
        try begin(name, size)
        var digest = SHA256()
        var left = size
        var chunk = [UInt8](repeating: 0, count: min(Self.piece, max(1, size)))
        while left > 0 {
            let wanted = min(left, chunk.count)
            let count = try FileDescriptor.checked("read", path) {
                chunk.withUnsafeMutableBytes { Glibc.read(source.number, $0.baseAddress, wanted) }
            }
            guard count > 0 else {
                throw JournalError(.io, "\(path) got shorter while it was copied.")
            }
            let bytes = Array(chunk[..<count])
            digest.update(data: bytes)
            try put(bytes)
            left -= count
        }
        try put([UInt8](repeating: 0, count: TarHeader.padding(after: size)))
        return (size, Hexadecimal.text(of: digest.finalize()))
    }

    /// Ends the archive and waits until it is on the disk; gives the SHA-256 of all of it in hex.
    func finish() throws -> String {
        try put([UInt8](repeating: 0, count: 2 * TarHeader.block))
        try flush()
        try file.synchronize()
        return Hexadecimal.text(of: digest.finalize())
    }

    private func begin(_ name: String, _ size: Int) throws {
        guard let header = TarHeader(name: name, size: size, seconds: seconds).bytes else {
            throw JournalError(
                .io, "\(name) can't be put into a backup: it has \(size) bytes.",
                hint: "A file of a backup has at most \(TarHeader.largest) bytes.")
        }
        try put(header)
    }

    private func put(_ bytes: [UInt8]) throws {
        buffer += bytes
        if buffer.count >= Self.piece { try flush() }
    }

    private func flush() throws {
        digest.update(data: buffer)
        try file.write(buffer)
        count += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }
}

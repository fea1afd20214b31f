import Crypto
import Foundation
import Runner

/// Reads the plain files of a ustar archive in order; every call blocks.
///
/// An archive with anything else in it, or with anything behind its end, is refused.
final class TarReader {
    // A class, because it owns the descriptor and the digest of all that was read.
    private let file: FileDescriptor
    private var digest = SHA256()
    private var buffer: [UInt8] = []
    private var start = 0

    /// Opens an archive's file.
    init(_ path: String) throws {
        file = try FileDescriptor(path, O_RDONLY)
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw Self.damaged(path, "it is no plain file")
        }
    }

    /// What an archive is refused with.
    static func damaged(_ path: String, _ why: String) -> JournalError {
        JournalError(
            .corrupt, "\(path) is no whole backup: \(why).",
            hint: "Take another backup; nothing was changed.")
    }

    /// The next file's header; nil at the archive's end.
    ///
    /// The content of the one before must have been read.
    func next() throws -> TarHeader? {
        let bytes = try take(TarHeader.block)
        if bytes.allSatisfy({ $0 == 0 }) {
            guard bytes.count == TarHeader.block,
                try take(TarHeader.block) == [UInt8](repeating: 0, count: TarHeader.block),
                try take(1).isEmpty
            else { throw damaged("its end is missing, or something follows it") }
            return nil
        }
        guard let header = TarHeader(bytes: bytes) else {
            throw damaged("something in it is none of a backup's files")
        }
        return header
    }

    /// Gives a content in pieces, and its SHA-256 in hex.
    func content(of header: TarHeader, _ body: ([UInt8]) throws -> Void) throws -> String {
        var digest = SHA256()
        var left = header.size
        while left > 0 {
            let bytes = try take(min(left, TarWriter.piece))
            guard !bytes.isEmpty else { throw damaged("it ends within \(header.name)") }
            digest.update(data: bytes)
            try body(bytes)
            left -= bytes.count
        }
        let padding = TarHeader.padding(after: header.size)
        guard try take(padding) == [UInt8](repeating: 0, count: padding) else {
            throw damaged("it ends within \(header.name)")
        }
        return Hexadecimal.text(of: digest.finalize())
    }

    /// The SHA-256 of all that was read, in hex: once, behind the archive's end.
    func wholeDigest() -> String { Hexadecimal.text(of: digest.finalize()) }

    private func damaged(_ why: String) -> JournalError { Self.damaged(file.path, why) }

    /// The next bytes; fewer at the end of the file.
    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count - start < count {
            buffer.removeFirst(start)
            start = 0
            var chunk = [UInt8](repeating: 0, count: TarWriter.piece)
            let got = try FileDescriptor.checked("read", file.path) {
                chunk.withUnsafeMutableBytes {
                    Glibc.read(file.number, $0.baseAddress, TarWriter.piece)
                }
            }
            guard got > 0 else { break }
            digest.update(data: chunk[..<got])
            buffer += chunk[..<got]
        }
        let end = min(buffer.count, start + count)
        defer { start = end }
        return Array(buffer[start..<end])
    }
}

import CGit2
import Foundation

/// An object of git in a file of its own: zlib around `KIND SIZE`, a zero, and the bytes.
enum LooseObject {
    /// What the header takes at most.
    private static let largestHeader = 32
    /// What zlib adds to bytes that it can't make smaller, generously (zlib.h, `compressBound`).
    private static let overhead = 4096

    /// Reads one; nil when there is no such file.
    ///
    /// - Throws: `GitFailure` for a file that is damaged, or holds more than the limit.
    static func read(
        _ path: String, name: String, upTo limit: Int
    ) throws(GitFailure) -> GitObjects.Object? {
        let doing = "read the object \(name)"
        guard let packed = try file(path, doing, upTo: limit + limit / 1000 + overhead) else {
            return nil
        }
        // The header first: what is too large is never unpacked.
        let start = inflated(packed, upTo: largestHeader)
        guard let end = start.bytes.firstIndex(of: 0) else {
            throw .refused(doing, "its header is damaged")
        }
        let words = String(decoding: start.bytes[..<end], as: UTF8.self).split(separator: " ")
        guard words.count == 2, let kind = GitObjectKind(rawValue: String(words[0])),
            let size = Int(words[1]), size >= 0
        else { throw .refused(doing, "its header is damaged") }
        guard size <= limit else { throw .refused(doing, "it has \(size) bytes, over \(limit)") }
        let whole = inflated(packed, upTo: end + 1 + size + 1)
        guard whole.isWhole, whole.bytes.count == end + 1 + size else {
            throw .refused(doing, "its bytes are damaged")
        }
        return GitObjects.Object(kind: kind, bytes: Array(whole.bytes[(end + 1)...]))
    }

    /// What the file of an object holds.
    ///
    /// Compressed as git does it by default (git-config(1), `core.looseCompression`): fast.
    static func packed(_ bytes: [UInt8], _ kind: GitObjectKind) -> [UInt8] {
        let whole = Array("\(kind.rawValue) \(bytes.count)\0".utf8) + bytes
        let limit = compressBound(uLong(whole.count))
        return [UInt8](unsafeUninitializedCapacity: Int(limit)) { buffer, count in
            var size = limit
            let code = compress2(
                buffer.baseAddress, &size, whole, uLong(whole.count), Z_BEST_SPEED)
            precondition(code == Z_OK, "zlib fails only for a buffer too small, or out of memory")
            count = Int(size)
        }
    }

    private static func file(
        _ path: String, _ doing: String, upTo limit: Int
    ) throws(GitFailure) -> [UInt8]? {
        do {
            let file = try FileDescriptor(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            let bytes = try file.read(upTo: limit)
            guard bytes.count <= limit else {
                throw GitFailure.refused(doing, "its file has over \(limit) bytes")
            }
            return bytes
        } catch let error as FileError {
            if error.number == ENOENT { return nil }
            throw .refused(doing, "\(error.call) failed: \(error.reason)")
        } catch let error as GitFailure {
            throw error
        } catch {
            throw .refused(doing, "its file can't be read")
        }
    }

    private static func inflated(
        _ bytes: [UInt8], upTo limit: Int
    ) -> (bytes: [UInt8], isWhole: Bool) {
        var (written, left) = (0, 0)
        var code: Int32 = 0
        let output = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            code = handrail_inflate(
                bytes, bytes.count, buffer.baseAddress, limit, &written, &left)
            count = written
        }
        return (output, code == Z_STREAM_END && left == 0)
    }
}

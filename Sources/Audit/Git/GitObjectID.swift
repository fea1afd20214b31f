import CGit2
import Crypto

/// The name of an object in git: SHA-1 over its kind, size and bytes.
struct GitObjectID: Sendable, Hashable {
    /// The number of its bytes.
    static let size = 20

    // Three numbers and no array: trees and walks hold many of them.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt32

    /// Reads exactly 20 bytes; nil for any other number.
    init?(raw bytes: some Collection<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        var (first, second, third): (UInt64, UInt64, UInt32) = (0, 0, 0)
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 0..<8: first = first << 8 | UInt64(byte)
            case 8..<16: second = second << 8 | UInt64(byte)
            default: third = third << 8 | UInt32(byte)
            }
        }
        (self.first, self.second, self.third) = (first, second, third)
    }

    /// Reads 40 lower-case hexadecimal digits.
    init?(text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 2 * Self.size else { return nil }
        var raw: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1])
            else { return nil }
            raw.append(high << 4 | low)
        }
        self.init(raw: raw)
    }

    /// The name that these bytes have as an object of this kind.
    init(of bytes: some Collection<UInt8>, kind: GitObjectKind) {
        var hash = Insecure.SHA1()
        hash.update(data: Array("\(kind.rawValue) \(bytes.count)\0".utf8))
        if bytes.withContiguousStorageIfAvailable({ hash.update(bufferPointer: .init($0)) }) == nil
        {
            hash.update(data: Array(bytes))
        }
        self.init(digest: Array(hash.finalize()))
    }

    init(_ id: git_oid) {
        self.init(digest: withUnsafeBytes(of: id) { Array($0.prefix(Self.size)) })
    }

    private init(digest: [UInt8]) {
        guard let id = GitObjectID(raw: digest) else {
            preconditionFailure("a SHA-1 has 20 bytes")
        }
        self = id
    }

    /// The 20 bytes.
    var raw: [UInt8] {
        withUnsafeBytes(of: (first.bigEndian, second.bigEndian, third.bigEndian)) {
            Array($0.prefix(Self.size))
        }
    }

    /// As libgit2 holds it.
    var oid: git_oid {
        var id = git_oid()
        withUnsafeMutableBytes(of: &id) { $0.copyBytes(from: raw) }
        return id
    }

    /// 40 hexadecimal digits.
    var text: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: raw.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

/// What an object of git is.
enum GitObjectKind: String, Sendable { case blob, tree, commit, tag }

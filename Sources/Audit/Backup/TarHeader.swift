/// The header of a plain file in a POSIX ustar archive: 512 bytes
/// (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar Interchange Format").
///
/// Plain files are all that a backup holds, so nothing else is written, and nothing else is read.
struct TarHeader: Sendable, Hashable {
    /// What headers and contents are padded to.
    static let block = 512
    /// The largest file whose size fits into the header: 11 octal digits.
    static let largest = 0o77777777777

    /// A relative path of 100 bytes at most.
    let name: String
    /// The content's length in bytes.
    let size: Int
    /// When it was changed, in seconds since the epoch.
    let seconds: Int

    /// How many bytes follow a content, up to the next block.
    static func padding(after size: Int) -> Int { (block - size % block) % block }

    /// The header's bytes; nil where the name or the size doesn't fit.
    var bytes: [UInt8]? {
        guard (1...100).contains(name.utf8.count),
            name.utf8.allSatisfy({ (33...126).contains($0) }),
            (0...Self.largest).contains(size), (0...Self.largest).contains(seconds)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.block)
        func put(_ text: String, at place: Int) {
            bytes.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(Self.octal(size, digits: 11), at: 124)
        put(Self.octal(seconds, digits: 11), at: 136)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(Self.octal(Self.sum(bytes), digits: 6), at: 148)
        bytes[154] = 0
        bytes[155] = UInt8(ascii: " ")
        return bytes
    }

    init(name: String, size: Int, seconds: Int) {
        (self.name, self.size, self.seconds) = (name, size, seconds)
    }

    /// Reads a header; nil for anything but a plain file of ours.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.block,
            let size = Self.number(bytes[124..<136]), let seconds = Self.number(bytes[136..<148]),
            let name = String(validating: bytes[..<100].prefix { $0 != 0 }, as: UTF8.self)
        else { return nil }
        self.init(name: name, size: size, seconds: seconds)
        // Whatever a field says that isn't read, it is what is written here.
        guard self.bytes == bytes else { return nil }
    }

    /// The checksum: the sum of all bytes, where its own 8 count as spaces.
    private static func sum(_ bytes: [UInt8]) -> Int {
        bytes.enumerated().reduce(0) {
            $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element))
        }
    }

    private static func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        Int(String(decoding: field.prefix { $0 != 0 }, as: UTF8.self), radix: 8)
    }
}

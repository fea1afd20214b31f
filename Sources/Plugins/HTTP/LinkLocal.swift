import Glibc

/// Addresses of the link alone: cloud metadata services and neighbours, which no runbook may ask.
enum LinkLocal {
    /// Whether a socket address is link-local, also when IPv6 carries it for IPv4.
    static func holds(_ address: UnsafePointer<sockaddr>, family: Int32) -> Bool {
        switch family {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                let bytes = withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) }
                return isLinkLocal(bytes)
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                let bytes = withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
                return isLinkLocal(bytes)
            }
        default: return true
        }
    }

    /// Whether the bytes of an IPv4 or IPv6 address, in network order, are link-local.
    static func isLinkLocal(_ bytes: [UInt8]) -> Bool {
        if bytes.count == 4 { return bytes[0] == 169 && bytes[1] == 254 }
        // fe80::/10
        if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { return true }
        // fd00:ec2::254, where one provider keeps its metadata.
        if bytes == [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54] { return true }
        let last = Array(bytes[12...])
        // ::a.b.c.d and ::ffff:a.b.c.d (RFC 4291, 2.5.5), ::ffff:0:a.b.c.d (RFC 2765)
        let isMapped =
            bytes[..<8].allSatisfy { $0 == 0 }
            && [[0, 0, 0, 0], [0, 0, 0xFF, 0xFF], [0xFF, 0xFF, 0, 0]].contains(
                Array(bytes[8..<12]))
        // 64:ff9b::/96 and 64:ff9b:1::/48 (RFC 6052, RFC 8215)
        let isTranslated = Array(bytes[..<4]) == [0, 0x64, 0xFF, 0x9B]
        if isMapped || isTranslated { return isLinkLocal(last) }
        // 2002:a.b.c.d::/16 (RFC 3056)
        if bytes[0] == 0x20, bytes[1] == 0x02 { return isLinkLocal(Array(bytes[2..<6])) }
        return false
    }
}

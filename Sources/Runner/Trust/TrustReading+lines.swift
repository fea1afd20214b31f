import Runbooks

/// The files of lines: keys of controllers, and of targets.
extension TrustReading {
    /// The longest line.
    private static let longestLine = 16 << 10
    /// The most lines of a file.
    private static let mostLines = 20_000
    /// What ssh knows in front of a line's names (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
    private static let markers: Set<String> = ["@revoked", "@cert-authority"]

    mutating func controllers(_ bytes: [UInt8]?) -> [ControllerKey] {
        var keys: [(key: ControllerKey, place: SourcePosition)] = []
        for (line, place) in lines(bytes, of: TrustBook.controllersFile) {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard words.count == 3, let range = Self.range(words[1]),
                words[0].utf8.count <= 100, NameGlob(rawValue: words[0])?.isOpen == false
            else {
                error(
                    "bad-line", "This is no line of a controller's key.", at: place, excerpt: line,
                    hint: "It has the controller's name, FIRST-LAST or FIRST-, and the key.")
                continue
            }
            guard let key = signingKey(PlacedText(words[2], at: place)) else { continue }
            guard key.kind == .ed25519 else {
                error(
                    "bad-key", "A controller's key is an Ed25519 key.", at: place, excerpt: line,
                    hint: "It is the last line of 'handrail audit verify'.")
                continue
            }
            keys.append(
                (
                    ControllerKey(
                        controller: words[0], from: range.from, until: range.until, key: key),
                    place
                ))
        }
        for name in Set(keys.map(\.key.controller)) {
            checkRanges(keys.filter { $0.key.controller == name })
        }
        return keys.map(\.key)
    }

    private mutating func checkRanges(_ keys: [(key: ControllerKey, place: SourcePosition)]) {
        let sorted = keys.sorted { $0.key.from < $1.key.from }
        for (one, next) in zip(sorted, sorted.dropFirst())
        where one.key.until.map({ $0 + 1 }) != next.key.from {
            error(
                "bad-range", "The ranges of \(one.key.controller)'s keys overlap or leave a gap.",
                at: next.place,
                hint: "Each begins with the event after the last one of the key before.")
        }
    }

    private static func range(_ text: String) -> (from: Int, until: Int?)? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = number(parts[0]) else { return nil }
        if parts[1].isEmpty { return (from, nil) }
        guard let until = number(parts[1]), until >= from else { return nil }
        return (from, until)
    }

    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.count <= 15, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), number > 0
        else { return nil }
        return number
    }

    mutating func pins(_ bytes: [UInt8]?) -> [PinnedKey] {
        var pins: [PinnedKey] = []
        for (line, place) in lines(bytes, of: TrustBook.hostsFile) {
            var words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            let marker = words.first?.hasPrefix("@") == true ? words.removeFirst() : nil
            guard marker.map(Self.markers.contains) ?? true, words.count >= 3,
                let blob = Base64Text.bytes(words[2]), Self.kind(of: blob) == words[1]
            else {
                error(
                    "bad-line", "This is no line of known_hosts.", at: place, excerpt: line,
                    hint: "It has names, a key's kind and its text, as ssh-keyscan prints them.")
                continue
            }
            pins.append(
                PinnedKey(
                    names: words[0], marker: marker, kind: words[1],
                    fingerprint: KeyFingerprint(ofBlob: blob)))
        }
        return pins
    }

    /// The kind that a key's binary form begins with.
    private static func kind(of blob: [UInt8]) -> String? {
        guard blob.count > 4 else { return nil }
        let count = blob.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard count <= 64, blob.count > 4 + count else { return nil }
        return String(validating: blob.dropFirst(4).prefix(count), as: UTF8.self)
    }

    /// The lines that say something, each with its place.
    private mutating func lines(
        _ bytes: [UInt8]?, of file: String
    ) -> [(line: String, place: SourcePosition)] {
        guard let bytes else { return [] }
        let parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var lines: [(line: String, place: SourcePosition)] = []
        for (number, part) in zip(1..., parts) {
            let place = SourcePosition(file: file, line: number, column: 1)
            guard number <= Self.mostLines else {
                error(
                    "too-large", "The file has more than \(Self.mostLines) lines.", at: place,
                    hint: "Take out what is not needed.")
                break
            }
            guard part.count <= Self.longestLine,
                let text = String(validating: part, as: UTF8.self),
                text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else {
                error(
                    "bad-line", "The line is too long, or no plain text.", at: place,
                    hint: "It is one line of UTF-8, without control characters or CR.")
                continue
            }
            let line = text.drop { $0 == " " || $0 == "\t" }
            if !line.isEmpty, !line.hasPrefix("#") { lines.append((String(line), place)) }
        }
        return lines
    }
}

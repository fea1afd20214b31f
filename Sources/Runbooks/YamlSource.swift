/// The bytes of a document with a map of its lines, for positions and excerpts.
struct YamlSource: Sendable {
    /// The path relative to the library's root.
    let file: String
    private(set) var bytes: [UInt8]
    /// The offset of each line's first byte.
    private(set) var lineStarts: [Int]
    /// By line, in the order of the repairs: where characters were put in or taken out.
    private var moves: [Int: [Move]] = [:]

    /// A piece of a line that a repair replaced by a longer or shorter one.
    private struct Move {
        let column: Int
        let before: Int
        let after: Int
    }

    init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
        self.lineStarts = Self.findLines(bytes)
    }

    /// The bytes of a line (from 1) without its end; empty outside the document.
    func line(_ number: Int) -> ArraySlice<UInt8> {
        guard number >= 1, number <= lineStarts.count else { return [] }
        let start = lineStarts[number - 1]
        var end = number < lineStarts.count ? lineStarts[number] - 1 : bytes.count
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return bytes[start..<end]
    }

    /// A place in the file, moved to its end where libyaml's mark lies behind it.
    func position(_ mark: YamlMark) -> SourcePosition {
        guard mark.line <= lineStarts.count else {
            let last = lineStarts.count
            let number = last > 1 && line(last).isEmpty ? last - 1 : last
            return SourcePosition(file: file, line: number, column: Self.length(line(number)) + 1)
        }
        let column = min(mark.column, Self.length(line(mark.line)) + 1)
        return SourcePosition(file: file, line: max(mark.line, 1), column: max(column, 1))
    }

    /// Whether a path stands anywhere in its text, where a part that was refused may mention it.
    func has(_ path: String) -> Bool {
        let text = Array(path.utf8)
        return bytes.firstRange(of: text) != nil
    }

    /// Whatever stands behind a `$` in its text, as far as it may be a reference's name.
    var mentions: Set<String> {
        let text = String(decoding: bytes, as: UTF8.self)
        return Set(
            text.split(separator: "$", omittingEmptySubsequences: false).dropFirst().flatMap {
                let name = $0.prefix { $0.isLetter || $0.isNumber || "_.-".contains($0) }
                return [String(name), String(name.prefix { $0 != "." })]
            })
    }

    /// The text from a place to the end of its line, cut short and with control characters shown.
    func excerpt(_ mark: YamlMark) -> String? {
        let rest = text(from: mark)
        return rest.isEmpty ? nil : Excerpt.line(rest)
    }

    /// The text from a place to the end of its line.
    func text(from mark: YamlMark) -> String {
        let line = line(mark.line)
        let start = offset(of: mark)
        guard line.startIndex <= start, start < line.endIndex else { return "" }
        return String(decoding: line[start...], as: UTF8.self)
    }

    /// The offset of a place in `bytes`, at most its line's end.
    func offset(of mark: YamlMark) -> Int {
        let line = line(mark.line)
        var left = mark.column - 1
        var index = line.startIndex
        while index < line.endIndex {
            if !Self.isContinuation(bytes[index]) {
                if left == 0 { break }
                left -= 1
            }
            index += 1
        }
        return index
    }

    /// The place of an offset in `bytes`.
    func mark(of offset: Int) -> YamlMark {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let end = min(max(offset, lineStarts[low]), bytes.count)
        return YamlMark(line: low + 1, column: Self.length(bytes[lineStarts[low]..<end]) + 1)
    }

    /// Puts other bytes in several places, for a document that is read again after a repair.
    ///
    /// The edits are in the order of the text and apart from each other, and none holds or makes a
    /// line end.
    mutating func apply(_ edits: [YamlEdit]) {
        var changed: [UInt8] = []
        changed.reserveCapacity(bytes.count + edits.count * 8)
        var place = 0
        for edit in edits {
            changed += bytes[place..<edit.range.lowerBound] + edit.replacement
            place = edit.range.upperBound
            let before = Self.length(bytes[edit.range])
            let after = Self.length(edit.replacement[...])
            guard before != after else { continue }
            let mark = mark(of: edit.range.lowerBound)
            moves[mark.line, default: []].append(
                Move(column: mark.column, before: before, after: after))
        }
        bytes = changed + bytes[place...]
        lineStarts = Self.findLines(bytes)
    }

    /// Where a place of this text stands in the document as its author wrote it.
    func written(_ mark: YamlMark) -> YamlMark {
        guard !moves.isEmpty, let moves = moves[mark.line] else { return mark }
        var column = mark.column
        for move in moves.reversed() where column > move.column {
            column =
                column >= move.column + move.after
                ? column - move.after + move.before
                : min(column, move.column + move.before)
        }
        return YamlMark(line: mark.line, column: column)
    }

    private static func findLines(_ bytes: [UInt8]) -> [Int] {
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(index + 1)
        }
        return starts
    }

    private static func length(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(into: 0) { if !isContinuation($1) { $0 += 1 } }
    }

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}

/// Bytes that a repair puts in the place of others.
struct YamlEdit {
    let range: Range<Int>
    let replacement: [UInt8]
}

/// How offending text is shown: one line, short, no control characters.
enum Excerpt {
    /// The longest excerpt, in characters.
    static let limit = 80

    /// The first line of the text, escaped and cut.
    static func line(_ text: String) -> String {
        var shown = ""
        var count = 0
        for scalar in text.unicodeScalars {
            if scalar == "\n" || count >= limit {
                shown += "…"
                break
            }
            if CharacterRule.isForbidden(scalar) || scalar == "\t" {
                shown += scalar.escaped(asASCII: true)
            } else {
                shown.unicodeScalars.append(scalar)
            }
            count += 1
        }
        return shown
    }
}

/// Which characters a document may not contain (docs/format.md, "YAML, made safe").
enum CharacterRule {
    /// Whether it is a control character other than tab and line feed, a line separator, or a
    /// character that turns the direction of text.
    static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F...0x9F: true
        case 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        case 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}

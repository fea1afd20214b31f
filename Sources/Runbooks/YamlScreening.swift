/// What is checked on a document's bytes before YAML is read at all: size, encoding, characters.
enum YamlScreening {
    /// The greatest number of forbidden characters that are reported one by one.
    static let greatestReports = 20

    /// The outcome: the source for positions, and a copy that libyaml may read.
    struct Result {
        let source: YamlSource
        /// Without forbidden characters, with the same places; nil when it can't be read.
        let clean: YamlSource?
        let diagnostics: [Diagnostic]
    }

    /// Looks at the bytes of a file.
    static func screen(_ bytes: [UInt8], file: String) -> Result {
        let start = SourcePosition(file: file, line: 1, column: 1)
        guard bytes.count <= YamlLoader.greatestSize else {
            let message = "The file has \(bytes.count) bytes; 1 MiB is the limit."
            return Result(
                source: YamlSource(file: file, bytes: []), clean: nil,
                diagnostics: [.error("too-large", message, at: start, hint: "Split it.")])
        }
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        let source = YamlSource(file: file, bytes: content)
        if let offset = firstInvalidByte(content) {
            let mark = source.mark(of: offset)
            let message = "The file is not UTF-8: the byte here belongs to no character."
            return Result(
                source: source, clean: nil,
                diagnostics: [
                    .error(
                        "not-utf8", message, at: source.position(mark),
                        hint: "Save it as UTF-8.")
                ])
        }
        return withoutDirectives(replaceForbidden(source))
    }

    /// The offset of the first byte that is not UTF-8.
    static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
        if bytes.allSatisfy({ $0 < 0x80 }) { return nil }
        var offset = 0
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput: return nil
            case .error: return min(offset, bytes.count - 1)
            }
        }
    }

    private static func replaceForbidden(_ source: YamlSource) -> Result {
        guard source.bytes.contains(where: isSuspect) else {
            return Result(source: source, clean: source, diagnostics: [])
        }
        var clean: [UInt8] = []
        clean.reserveCapacity(source.bytes.count)
        var diagnostics: [Diagnostic] = []
        let scalars = Array(String(decoding: source.bytes, as: UTF8.self).unicodeScalars)
        var offset = 0
        for (index, scalar) in scalars.enumerated() {
            let isLineEnd =
                scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n"
            if CharacterRule.isForbidden(scalar), !isLineEnd {
                clean.append(UInt8(ascii: "?"))
                if diagnostics.count < greatestReports {
                    diagnostics.append(diagnostic(scalar, source, offset))
                }
            } else {
                clean.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            }
            offset += UTF8.width(scalar)
        }
        return Result(
            source: source, clean: YamlSource(file: source.file, bytes: clean),
            diagnostics: diagnostics)
    }

    /// Takes out the directives that stand before the document.
    private static func withoutDirectives(_ screened: Result) -> Result {
        guard var clean = screened.clean else { return screened }
        var diagnostics = screened.diagnostics
        var edits: [YamlEdit] = []
        for number in 1...clean.lineStarts.count {
            let line = clean.line(number)
            if line.first == UInt8(ascii: "%") {
                if edits.count < greatestReports {
                    diagnostics.append(directive(on: number, of: screened.source))
                }
                edits.append(
                    YamlEdit(
                        range: line.startIndex..<line.startIndex + 1,
                        replacement: [UInt8(ascii: "#")]))
            } else if !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }),
                line.first != UInt8(ascii: "#")
            {
                break
            }
        }
        guard !edits.isEmpty else { return screened }
        clean.apply(edits)
        return Result(source: screened.source, clean: clean, diagnostics: diagnostics)
    }

    /// The refusal of a directive on a line.
    static func directive(on number: Int, of source: YamlSource) -> Diagnostic {
        let mark = YamlMark(line: number, column: 1)
        return .error(
            "yaml-directive",
            "A line that starts with '%' is a YAML directive, and those are not allowed.",
            at: source.position(mark), excerpt: source.excerpt(mark),
            hint: "Remove it: docs/format.md alone says how a document is read.")
    }

    /// Whether a byte may start a forbidden character.
    private static func isSuspect(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F, 0xC2, 0xE2, 0xEF: true
        default: false
        }
    }

    private static func diagnostic(
        _ scalar: Unicode.Scalar, _ source: YamlSource, _ offset: Int
    ) -> Diagnostic {
        let name = scalar.escaped(asASCII: true)
        let mark = source.mark(of: offset)
        return .error(
            "control-character", "The character \(name) is not allowed in a document.",
            at: source.position(mark), excerpt: source.excerpt(mark),
            hint: "Remove it; in quotes, an escape such as \\t can stand for it.")
    }
}

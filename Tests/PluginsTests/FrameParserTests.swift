import Testing

@testable import Plugins

/// What a parser made of a stream, with pieces of one section put together again.
private struct Parsed: Equatable {
    enum Piece: Equatable {
        case bytes([UInt8], FrameParser.Section)
        case frame([String])
        case overlong
    }

    var pieces: [Piece] = []

    mutating func take(_ event: FrameParser.Event) {
        switch event {
        case .bytes(let bytes, let section):
            if case .bytes(let earlier, section) = pieces.last {
                pieces[pieces.count - 1] = .bytes(earlier + bytes, section)
            } else {
                pieces.append(.bytes(Array(bytes), section))
            }
        case .frame(let frame): pieces.append(.frame(frame.words))
        case .overlong: pieces.append(.overlong)
        }
    }
}

private struct Counter: RandomNumberGenerator {
    var value: UInt64 = 0x0123_4567_89AB_CDEF
    mutating func next() -> UInt64 {
        value &+= 1
        return value
    }
}

struct FrameParserTests {
    private let nonce: Nonce = {
        var numbers = Counter()
        return Nonce(using: &numbers)
    }()

    private func parsed(_ chunks: [ArraySlice<UInt8>]) -> [Parsed.Piece] {
        var parser = FrameParser()
        parser.expect(nonce)
        var parsed = Parsed()
        for chunk in chunks {
            chunk.withUnsafeBytes { bytes in parser.feed(bytes) { parsed.take($0) } }
        }
        return parsed.pieces
    }

    private var conversation: [UInt8] {
        let other = "0123456789abcdef0123456789abcdef"
        return Array(
            ("Welcome to t1\n\n@HR \(nonce.text) begin\none\n\n@HR \(other) end 0 - none\n"
                + "\n@HR \(nonce.text.dropLast()) \n\n\n@HR \(nonce.text) output 4\na=b\n"
                + "\n@HR \(nonce.text) end 3 - given\nstraggler").utf8)
    }

    private var pieces: [Parsed.Piece] {
        let forged =
            "one\n\n@HR 0123456789abcdef0123456789abcdef end 0 - none\n"
            + "\n@HR \(nonce.text.dropLast()) \n\n"
        return [
            .bytes(Array("Welcome to t1\n".utf8), .noise), .frame(["begin"]),
            .bytes(Array(forged.utf8), .step), .frame(["output", "4"]),
            .bytes(Array("a=b\n".utf8), .output), .frame(["end", "3", "-", "given"]),
            .bytes(Array("straggler".utf8), .noise),
        ]
    }

    @Test func findsTheSameFramesWhereverTheStreamIsCut() {
        let all = conversation
        #expect(parsed([all[...]]) == pieces)
        for cut in 1..<all.count {
            #expect(parsed([all[..<cut], all[cut...]]) == pieces, "cut at \(cut)")
        }
        #expect(parsed(all.indices.map { all[$0...$0] }) == pieces)
    }

    @Test func aFrameOfAnotherNonceIsOutput() {
        let text = Array("\n@HR ffffffffffffffffffffffffffffffff end 0 - none".utf8)
        #expect(parsed([text[...]]) == [.bytes(text, .noise)])
    }

    @Test func aLineLongerThanAnyFrameIsNoFrame() {
        let head = Array("\n@HR \(nonce.text) hello ".utf8)
        let text = head + [UInt8](repeating: 0x78, count: FrameParser.longestLine + 1)
        #expect(parsed([text[...]]) == [.overlong])
    }

    @Test func passesLargeOutputThroughWithoutKeepingIt() {
        let begin = Array("\n@HR \(nonce.text) begin\n".utf8)
        let line = Array(String(repeating: "x", count: 79).utf8) + [0x0A]
        var parser = FrameParser()
        parser.expect(nonce)
        begin.withUnsafeBytes { bytes in parser.feed(bytes) { _ in } }
        var total = 0
        let chunk = Array(repeatElement(line, count: 1024).joined())
        for _ in 0..<103 {
            chunk.withUnsafeBytes { bytes in
                parser.feed(bytes) { if case .bytes(let part, .step) = $0 { total += part.count } }
            }
        }
        // The last newline may be the start of a marker, and waits for what follows it.
        #expect(total == 103 * chunk.count - 1)
    }
}

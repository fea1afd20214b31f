import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

@testable import Plugins

struct OutputBufferTests {
    private static let secret = "s3cr\"t pä/ss+"
    private static let redactor = Redactor(secrets: [Secret(secret)])
    private static let small = OutputBuffer.Limit(head: 4, tail: 3)

    /// The secret as programs write it.
    private static let forms: [[UInt8]] = {
        let bytes = Array(secret.utf8)
        let text = Data(bytes).base64EncodedString()
        let pairs = bytes.map { String(format: "%02x", $0) }
        return [
            secret, text, text.prefix(7) + "\r\n" + text.dropFirst(7), pairs.joined(),
            pairs.joined(separator: " ").uppercased(), pairs.map { "%" + $0 }.joined(),
            secret.replacing("\"", with: "\\\"").replacing("ä", with: "\\u00e4"),
        ].map { Array($0.utf8) } + [
            Array(secret.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
        ]
    }()

    private static func kept(
        _ pieces: [[UInt8]], _ limit: OutputBuffer.Limit, _ redactor: Redactor = redactor,
        _ spool: MemorySpool = MemorySpool()
    ) -> CapturedOutput {
        var buffer = OutputBuffer(
            limit, OutputKeeping(redactor: redactor, spool: spool))
        for piece in pieces { piece.withUnsafeBytes { buffer.append($0) } }
        return redacted(buffer.finish(), redactor)
    }

    /// As the redacting executor hands it on.
    private static func redacted(_ output: CapturedOutput, _ redactor: Redactor) -> CapturedOutput {
        var output = output
        output.rest = redactor.scrub(output.rest)
        return output
    }

    private static func cut(_ all: [UInt8], _ size: () -> Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = all[...]
        while !rest.isEmpty {
            pieces.append(Array(rest.prefix(max(1, size()))))
            rest = rest.dropFirst(pieces[pieces.count - 1].count)
        }
        return pieces
    }

    @Test(arguments: 1...26)
    func keepsTheFirstAndTheLastBytesHoweverTheyCome(size: Int) throws {
        let all = (0..<25).map { UInt8($0) }
        let output = Self.kept(Self.cut(all) { size }, Self.small, Redactor(secrets: []))
        #expect(try output.bytes == [0, 1, 2, 3, 22, 23, 24])
        #expect(output.totalBytes == 25)
        #expect(output.droppedBytes == 18)
        #expect(output.problem == nil)
    }

    @Test func losesNothingUpToItsLimit() {
        #expect(
            Self.kept([[1, 2, 3], [4, 5, 6, 7]], Self.small)
                == CapturedOutput(bytes: [1, 2, 3, 4, 5, 6, 7], totalBytes: 7, droppedBytes: 0))
    }

    /// What a stream is to be kept as: redacted as a whole, then the kept places of it.
    private static func expected(
        _ all: [UInt8], _ limit: OutputBuffer.Limit
    ) -> (bytes: [UInt8], isCut: Bool) {
        var isSecret: [Bool] = []
        var stream = RedactingStream(redactor)
        let note = { (piece: RedactingStream.Piece) in
            switch piece {
            case .bytes(let bytes): isSecret += bytes.map { _ in false }
            case .secret(let count, _): isSecret += (0..<count).map { _ in true }
            }
        }
        stream.feed(all, note)
        stream.finish(note)
        let tail = max(min(limit.head, all.count), all.count - limit.tail)
        let places = Array(0..<min(limit.head, all.count)) + Array(tail..<all.count)
        var bytes: [UInt8] = []
        var before = false
        for place in places {
            if !isSecret[place] { bytes.append(all[place]) }
            if isSecret[place], !before { bytes += Redactor.marker.utf8 }
            before = isSecret[place]
        }
        func isCut(at place: Int) -> Bool {
            place > 0 && place < all.count && isSecret[place - 1] && isSecret[place]
        }
        return (bytes, isCut(at: limit.head) || isCut(at: tail))
    }

    private static func check(
        _ all: [UInt8], _ limit: OutputBuffer.Limit, pieces: [[UInt8]], _ what: Comment
    ) throws {
        let spool = MemorySpool()
        do {
            let output = kept(pieces, limit, redactor, spool)
            let wanted = expected(all, limit)
            #expect(try output.bytes == wanted.bytes, what)
            #expect(output.totalBytes == all.count, what)
            #expect(output.droppedBytes == max(0, all.count - limit.head - limit.tail), what)
            #expect(output.problem == nil, what)
            // The same as when what was kept was redacted at the end, but for a secret that lies
            // across a cut: half of it was shown then; and for what only the cut puts together.
            let (head, tail) = (
                all.prefix(limit.head), all.dropFirst(limit.head).suffix(limit.tail)
            )
            let whole = redactor.scrub(Array(head + tail))
            let apart = redactor.scrub(Array(head)) + redactor.scrub(Array(tail))
            if output.droppedBytes == 0 || (!wanted.isCut && whole == apart) {
                #expect(try output.bytes == whole, what)
            }
        }
        #expect(spool.pageCount == 0, what)
    }

    @Test(arguments: 1...400)
    func whatIsKeptIsRedactedAsAWholeWhereverItIsCut(seed: UInt64) throws {
        var chance = SeededNumbers(seed: seed)
        let limit = OutputBuffer.Limit(
            head: Int.random(in: 0...120, using: &chance),
            tail: Int.random(in: 0...80, using: &chance))
        var all: [UInt8] = []
        for _ in 0..<Int.random(in: 0...14, using: &chance) {
            all += Self.forms.randomElement(using: &chance) ?? []
            all += (0..<Int.random(in: 0...30, using: &chance)).map { _ in
                UInt8.random(in: 97...102, using: &chance)
            }
        }
        let most = Int.random(in: 1...200, using: &chance)
        let pieces = Self.cut(all) { Int.random(in: 1...most, using: &chance) }
        try Self.check(all, limit, pieces: pieces, "seed \(seed)")
    }

    @Test(arguments: [
        32 << 10, (32 << 10) + 1, 64 << 10, (768 << 10) + 9, 1 << 20, (1 << 20) + (300 << 10),
    ])
    func aStreamOfAnySizeIsKeptSo(size: Int) throws {
        var chance = SeededNumbers(seed: UInt64(size))
        var all = (0..<size).map { _ in UInt8.random(in: 97...122, using: &chance) }
        let cuts = [32 << 10, 64 << 10, 768 << 10, size - (256 << 10), size - 5]
        let places =
            cuts.map { $0 - 6 } + (0..<20).map { _ in Int.random(in: 0..<size, using: &chance) }
        for place in places {
            let form = Self.forms.randomElement(using: &chance) ?? []
            guard place >= 0, place + form.count <= size else { continue }
            all.replaceSubrange(place..<(place + form.count), with: form)
        }
        let pieces = Self.cut(all) { Int.random(in: 1...(64 << 10), using: &chance) }
        try Self.check(all, .stream, pieces: pieces, "\(size) bytes")
    }

    @Test func aSecretAcrossACutIsNotShownInPart() throws {
        let limit = OutputBuffer.Limit(head: 10, tail: 10)
        let secret = Array(Self.secret.utf8)
        let across = Array("12345".utf8) + secret + Array(repeating: UInt8(ascii: "."), count: 50)
        let output = Self.kept(Self.cut(across) { 7 }, limit)
        #expect(String(decoding: try output.bytes, as: UTF8.self) == "12345[secret]..........")
        let ended = Self.kept(
            Self.cut(across.reversed().map { $0 } + secret + [46, 46]) { 5 }, limit)
        #expect(String(decoding: try ended.bytes.suffix(10), as: UTF8.self) == "[secret]..")
    }

    @Test func onlyRedactedBytesReachTheSpool() throws {
        let spool = MemorySpool()
        let keeping = OutputKeeping(redactor: Self.redactor, spool: spool)
        var buffer = OutputBuffer(.stream, keeping)
        let line = Self.forms.flatMap { $0 + [10] } + Array("a word or two\n".utf8)
        while buffer.total < (1 << 20) + (100 << 10) {
            for piece in Self.cut(line, { 5 }) { piece.withUnsafeBytes { buffer.append($0) } }
            guard buffer.total % 50 == 0 else { continue }
            for page in spool.contents {
                for form in Self.forms { #expect(Data(page).range(of: Data(form)) == nil) }
            }
        }
        #expect(spool.pageCount > 4)
        let output = buffer.finish()
        for form in Self.forms { #expect(try Data(output.bytes).range(of: Data(form)) == nil) }
        #expect(output.rest.isEmpty)
    }

    @Test func whatIsShortTakesNoPage() {
        let spool = MemorySpool()
        let output = Self.kept(
            Self.cut(Array(repeating: 7, count: 32 << 10)) { 1000 }, .stream, Self.redactor, spool)
        #expect(output.spooled == nil)
        #expect(spool.pageCount == 0)
    }

    /// A stream over the limit with a secret in each line, and what redaction makes of it.
    private static let long: (all: [UInt8], redacted: [UInt8]) = {
        var all: [UInt8] = []
        while all.count < 1_200_000 { all += Array("line \(all.count) \(secret)\n".utf8) }
        return (all, redactor.scrub(all))
    }()

    @Test(arguments: [0, 1, 2, 3, 5, 8, 13, 20, 27, 28, 30, 34, 35, 40, 45])
    func aFullSpoolKeepsWhatStandsThereAndSaysSo(calls: Int) throws {
        let (all, whole) = Self.long
        let pieces = Self.cut(all) { 50_000 }
        let spool = MemorySpool(fullAfter: calls)
        let output = Self.kept(pieces, .stream, Self.redactor, spool)
        #expect(output.problem == "No room is left.")
        #expect(output.totalBytes == all.count)
        #expect(output.keptBytes > 0 && output.keptBytes <= 1 << 20)
        let bytes = try output.bytes
        #expect(!bytes.isEmpty && whole.starts(with: bytes))
        #expect(Data(bytes).range(of: Data(Self.secret.utf8)) == nil)
        if calls == 0 { #expect(bytes.count > 20_000) }
    }

    @Test func aStreamThatIsGivenUpGivesItsPagesBack() {
        let spool = MemorySpool()
        do {
            var buffer = OutputBuffer(
                .stream, OutputKeeping(redactor: Self.redactor, spool: spool))
            Array(repeating: UInt8(1), count: 200_000).withUnsafeBytes { buffer.append($0) }
            #expect(spool.pageCount == 4)
        }
        #expect(spool.pageCount == 0)
    }
}

import Glibc

/// One frame of a session's reply (docs/session-protocol.md, section 2).
struct Frame: Sendable, Hashable {
    /// The words after the nonce; the first is the verb.
    let words: [String]

    /// What kind of frame it is.
    var verb: String { words.first ?? "" }
}

/// Finds the frames of one nonce in a stream, and tells a step's bytes from noise.
///
/// A value without input or output: chunks go in, events come out, wherever the chunks were cut.
/// It keeps at most one frame line, never the bytes around it.
struct FrameParser {
    /// What bytes outside a frame's line belong to.
    enum Section: Sendable, Hashable {
        /// Banners and stragglers: nothing that was asked for.
        case noise
        /// What the step writes.
        case step
        /// The content of the step's HANDRAIL_OUTPUT.
        case output
    }

    /// What a chunk turned out to hold, in order.
    enum Event {
        /// SAFETY: points into the chunk being fed; valid only while the event is handled.
        case bytes(UnsafeRawBufferPointer, Section)
        case frame(Frame)
        /// A frame's line is longer than any that the session writes.
        case overlong
    }

    /// The longest frame line: `hello` with its paths and tools stays far below it.
    static let longestLine = 8192

    /// `\n@HR NONCE `: what a frame starts with; empty while nothing is awaited.
    private var marker: [UInt8] = []
    /// How many bytes of the marker the last chunk ended with.
    private var matched = 0
    /// The line that is being read, once its marker was seen.
    private var line: [UInt8]?
    private var section = Section.noise
    /// What comes after an `end`.
    private var between = Section.noise

    /// Waits for the frames of a nonce and for nothing else; what was under way is forgotten.
    ///
    /// `section` is what comes before the first frame, `between` what comes after an `end`.
    mutating func expect(
        _ nonce: Nonce, after section: Section = .noise, between: Section = .noise
    ) {
        marker = Array("\n@HR \(nonce.text) ".utf8)
        matched = 0
        line = nil
        self.section = section
        self.between = between
    }

    /// Waits for nothing: all that comes is noise.
    mutating func expectNothing() {
        marker = []
        matched = 0
        line = nil
        section = .noise
        between = .noise
    }

    /// Takes the next bytes of the stream.
    ///
    /// - Parameters:
    ///   - chunk: any number of bytes, cut anywhere.
    ///   - handle: called for each event, in order, before `feed` returns.
    mutating func feed(_ chunk: UnsafeRawBufferPointer, _ handle: (Event) -> Void) {
        guard !marker.isEmpty else {
            if !chunk.isEmpty { handle(.bytes(chunk, .noise)) }
            return
        }
        var rest = chunk[...]
        while !rest.isEmpty {
            if line != nil {
                rest = readLine(rest, handle)
            } else if matched > 0 {
                rest = continueMarker(rest, handle)
            } else {
                rest = searchMarker(rest, handle)
            }
        }
    }

    /// What is left after the line's end, or nothing when it goes on in the next chunk.
    private mutating func readLine(
        _ rest: Slice<UnsafeRawBufferPointer>, _ handle: (Event) -> Void
    ) -> Slice<UnsafeRawBufferPointer> {
        let end = rest.firstIndex(of: UInt8(ascii: "\n"))
        line?.append(contentsOf: rest[..<(end ?? rest.endIndex)])
        guard (line?.count ?? 0) <= Self.longestLine else {
            line = nil
            handle(.overlong)
            return rest[rest.endIndex...]
        }
        guard let end else { return rest[rest.endIndex...] }
        let text = String(decoding: line ?? [], as: UTF8.self)
        line = nil
        let frame = Frame(words: text.split(separator: " ").map(String.init))
        section =
            switch frame.verb {
            case "begin": .step
            case "output": .output
            case "end": between
            default: .noise
            }
        handle(.frame(frame))
        return rest[(end + 1)...]
    }

    /// Goes on with a marker that the last chunk ended in.
    ///
    /// A marker has its only newline in front. So a match that breaks off can't hold the start
    /// of another one, and what was matched is known without having been kept.
    private mutating func continueMarker(
        _ rest: Slice<UnsafeRawBufferPointer>, _ handle: (Event) -> Void
    ) -> Slice<UnsafeRawBufferPointer> {
        var index = rest.startIndex
        while index < rest.endIndex, matched < marker.count, rest[index] == marker[matched] {
            matched += 1
            index += 1
        }
        if matched == marker.count {
            matched = 0
            line = []
        } else if index < rest.endIndex {
            let count = matched
            matched = 0
            marker.withUnsafeBytes {
                handle(.bytes(UnsafeRawBufferPointer(rebasing: $0[..<count]), section))
            }
        }
        return rest[index...]
    }

    /// Looks for a marker; without one, everything but a marker's possible start is handed on.
    private mutating func searchMarker(
        _ rest: Slice<UnsafeRawBufferPointer>, _ handle: (Event) -> Void
    ) -> Slice<UnsafeRawBufferPointer> {
        let bytes = UnsafeRawBufferPointer(rebasing: rest)
        let found = startOfMarker(in: bytes)
        if found > 0 {
            handle(.bytes(UnsafeRawBufferPointer(rebasing: bytes[..<found]), section))
        }
        guard bytes.count - found >= marker.count else {
            matched = bytes.count - found
            return rest[rest.endIndex...]
        }
        line = []
        return rest[(rest.startIndex + found + marker.count)...]
    }

    /// Where a marker starts, whole or cut off by the chunk's end; the chunk's end if nowhere.
    ///
    /// Runs at the C library's speed between two newlines.
    private func startOfMarker(in bytes: UnsafeRawBufferPointer) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        var offset = 0
        // SAFETY: all reads lie within `bytes`, which is valid during this call.
        while offset < bytes.count,
            let newline = memchr(start + offset, CInt(UInt8(ascii: "\n")), bytes.count - offset)
        {
            let position = UnsafeRawPointer(newline) - start
            let length = min(marker.count, bytes.count - position)
            if memcmp(newline, marker, length) == 0 { return position }
            offset = position + 1
        }
        return bytes.count
    }
}

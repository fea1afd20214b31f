import Runner

/// Which of a session's two streams bytes came from.
enum Stream: Sendable, Hashable { case output, error }

/// What is to be done after the channel's lock was given back.
typealias Wake = @Sendable () -> Void

/// How a session's process ended.
struct SessionEnd: Sendable, Hashable {
    /// Its exit status, or `signal 9`; nil when it could not be started.
    var status: String?
    /// What it wrote to standard error outside of any step: the last 4 KiB.
    var standardError: String
}

/// One request and its answer under way: what has arrived, and what is still awaited.
///
/// Synchronous, without input or output of its own but for the spool: the channel feeds it.
struct Exchange {
    /// Hands on a running step's bytes.
    typealias Live = @Sendable (_ bytes: [UInt8], _ isError: Bool) -> Void

    /// The whole answer to a request.
    enum Reply: Sendable {
        /// `put`, `drop`, `gone`, `hello`, `bye`, or `err`.
        case frame(Frame)
        case ended(StepResult)
        /// The session ended before the answer was there; with what a step had written so far.
        case lost(SessionEnd, Partial = Partial())
        /// The session wrote something that the protocol doesn't allow.
        case confused(String)
    }

    /// What a step had written when its session ended.
    struct Partial: Sendable {
        var stdout = CapturedOutput()
        var stderr = CapturedOutput()
    }

    /// What a step did.
    struct StepResult: Sendable {
        var status: Int32
        var stdout: CapturedOutput
        var stderr: CapturedOutput
        var outputs: [UInt8]
        /// `none`, `given`, `over` or `odd` (docs/session-protocol.md, section 5).
        var outputsWord: String
    }

    /// The most live bytes handed on for one stream; the rest is in the report.
    private static let liveLimit = 1 << 20
    /// How much of what stands outside of frames is kept, for messages.
    private static let noiseLimit = 4096

    private var parsers = (output: FrameParser(), error: FrameParser())
    private var latch: Latch<Reply>?
    private var live: Live?
    private let keeping: OutputKeeping
    private var stdout: OutputBuffer
    private var stderr: OutputBuffer
    private var outputs = Self.noOutputs
    private var announcedOutputs: Int?
    private var endOfOutput: Frame?
    private var sawEndOfError = false
    /// The last bytes of standard error outside of steps.
    private(set) var noise: [UInt8] = []

    /// What a step's HANDRAIL_OUTPUT may hold; the session sends no more.
    private static let noOutputs = HeadBuffer(limit: 64 << 10)

    init(_ keeping: OutputKeeping) {
        self.keeping = keeping
        stdout = OutputBuffer(.stream, keeping)
        stderr = OutputBuffer(.stream, keeping)
    }

    /// Whether an answer is awaited.
    var isUnderWay: Bool { latch != nil }

    /// Waits for the answer to a new request.
    ///
    /// `isAnnounced`: whether a `begin` comes before a step's bytes.
    mutating func begin(
        _ nonce: Nonce, _ latch: Latch<Reply>, isAnnounced: Bool, limit: OutputBuffer.Limit?,
        live: Live?
    ) {
        parsers.output.expect(nonce, after: isAnnounced ? .noise : .step)
        parsers.error.expect(nonce, after: isAnnounced ? .noise : .step)
        self.latch = latch
        self.live = live
        stdout = OutputBuffer(limit ?? .stream, keeping)
        stderr = OutputBuffer(.stream, keeping)
        outputs = Self.noOutputs
        announcedOutputs = nil
        endOfOutput = nil
        sawEndOfError = false
    }

    /// Stops waiting; the request that has no answer now, and what had come of it.
    mutating func abandon() -> (latch: Latch<Reply>?, partial: Partial) {
        defer { reset() }
        return (latch, Partial(stdout: stdout.finish(), stderr: stderr.finish()))
    }

    /// Takes the next bytes of a stream; what to do once the lock is given back.
    mutating func feed(_ chunk: UnsafeRawBufferPointer, from stream: Stream) -> Wake? {
        var reply: Reply?
        var seen: [(bytes: [UInt8], isError: Bool)] = []
        var parser = stream == .output ? parsers.output : parsers.error
        parser.feed(chunk) { event in
            switch event {
            case .bytes(let bytes, let section):
                take(bytes, section, stream)
                if section == .step, live != nil, isWithinLiveLimit(stream) {
                    seen.append((Array(bytes), stream == .error))
                }
            case .frame(let frame):
                reply = reply ?? take(frame, stream)
            case .overlong:
                reply = reply ?? .confused("a reply's first line is longer than any should be")
            }
        }
        if stream == .output { parsers.output = parser } else { parsers.error = parser }
        guard reply != nil || !seen.isEmpty else { return nil }
        let (asked, handOn, bytes) = (latch, live, seen)
        if reply != nil { reset() }
        return { [reply] in
            for (bytes, isError) in bytes { handOn?(bytes, isError) }
            if let reply { asked?.set(reply) }
        }
    }

    private mutating func reset() {
        latch = nil
        live = nil
        parsers.output.expectNothing()
        parsers.error.expectNothing()
        stdout = OutputBuffer(.stream, keeping)
        stderr = OutputBuffer(.stream, keeping)
        outputs = Self.noOutputs
    }

    private func isWithinLiveLimit(_ stream: Stream) -> Bool {
        (stream == .output ? stdout.total : stderr.total) <= Self.liveLimit
    }

    private mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ section: FrameParser.Section, _ stream: Stream
    ) {
        switch (section, stream) {
        case (.step, .output): stdout.append(bytes)
        case (.step, .error): stderr.append(bytes)
        case (.output, .output): outputs.append(bytes)
        case (.noise, .error), (.output, .error):
            noise += bytes.suffix(Self.noiseLimit)
            if noise.count > Self.noiseLimit { noise.removeFirst(noise.count - Self.noiseLimit) }
        case (.noise, .output): break
        }
    }

    private mutating func take(_ frame: Frame, _ stream: Stream) -> Reply? {
        switch (frame.verb, stream) {
        case ("begin", _): return nil
        case ("output", .output):
            announcedOutputs = frame.words.count == 2 ? Int(frame.words[1]) : nil
            return nil
        case ("end", .output): endOfOutput = frame
        case ("end", .error): sawEndOfError = true
        case (_, .output): return .frame(frame)
        case (_, .error): return .confused("a frame '\(frame.verb)' on standard error")
        }
        guard let end = endOfOutput, sawEndOfError else { return nil }
        return stepResult(end)
    }

    private mutating func stepResult(_ end: Frame) -> Reply {
        guard end.words.count == 4, let status = Int32(end.words[1]) else {
            return .confused("an end that can't be read")
        }
        var word = end.words[3]
        if word == "given", announcedOutputs != outputs.total { word = "odd" }
        return .ended(
            StepResult(
                status: status, stdout: stdout.finish(), stderr: stderr.finish(),
                outputs: word == "given" ? outputs.bytes : [], outputsWord: word))
    }
}

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

/// One request and its answers under way: what has arrived, and what is still awaited.
///
/// A request has one answer, or one for each of the steps that it holds, in their order. Synchronous, without input or output of its own but for the spool: the channel feeds it.
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
        /// A step that was not started: the one before it ended badly, or it was recalled.
        case rest
    }

    /// One answer that is awaited.
    struct Awaited: Sendable {
        let latch: Latch<Reply>
        let live: Live?
        /// What came of its standard output in an earlier session, where the target keeps it all.
        let fetched: Fetched?

        init(_ latch: Latch<Reply>, live: Live? = nil, goingOn fetched: Fetched? = nil) {
            (self.latch, self.live, self.fetched) = (latch, live, fetched)
        }
    }

    /// The first bytes of a standard output that is kept on its target, to be gone on with.
    ///
    /// Of standard error there is no such thing: what ssh itself says at the end of a connection
    /// stands in the same stream, so it is fetched anew.
    struct Fetched: Sendable {
        fileprivate var stdout: OutputBuffer?

        /// Nothing yet.
        init() {}

        /// How many bytes they are.
        var count: Int { stdout?.total ?? 0 }
    }

    /// What a step had written when its session ended.
    struct Partial: Sendable {
        var stdout = CapturedOutput()
        var stderr = CapturedOutput()
        /// Instead of both, where the target keeps them.
        var fetched: Fetched?
    }

    /// What a step did.
    struct StepResult: Sendable {
        var status: Int32
        var stdout: CapturedOutput
        var stderr: CapturedOutput
        var outputs: [UInt8]
        /// `none`, `given`, `over` or `odd` (docs/session-protocol.md, section 5).
        var outputsWord: String
        /// What the target's spool says of a step that was detached; nil for one that was not.
        var spooled: SpooledEnd?
    }

    /// The most live bytes handed on for one stream; the rest is in the report.
    private static let liveLimit = 1 << 20
    /// How much of what stands outside of frames is kept, for messages.
    private static let noiseLimit = 4096

    /// What has come of one answer.
    private struct Slot {
        let awaited: Awaited
        var stdout: OutputBuffer
        var stderr: OutputBuffer
        /// What a step's HANDRAIL_OUTPUT holds; the session sends no more.
        var outputs = HeadBuffer(limit: 64 << 10)
        var announcedOutputs: Int?
        var spooled: Frame?
        var endOfOutput: Frame?
        var sawEndOfError = false

        /// Whether both streams have shown its end.
        var isWhole: Bool { endOfOutput != nil && sawEndOfError }

        /// What had come of it when its session ended.
        var partial: Partial {
            mutating get {
                guard var fetched = awaited.fetched else { return captured }
                fetched.stdout = stdout
                return Partial(fetched: fetched)
            }
        }

        var captured: Partial {
            mutating get { Partial(stdout: stdout.finish(), stderr: stderr.finish()) }
        }
    }

    private typealias Resolved = [(latch: Latch<Reply>, reply: Reply)]

    private var parsers = (output: FrameParser(), error: FrameParser())
    /// The answers still awaited, in order.
    private var slots: [Slot] = []
    /// Which of them each stream is at: the streams don't keep pace.
    private var position = (output: 0, error: 0)
    private let keeping: OutputKeeping
    /// The last bytes of standard error outside of steps.
    private(set) var noise: [UInt8] = []

    init(_ keeping: OutputKeeping) { self.keeping = keeping }

    /// Whether an answer is awaited.
    var isUnderWay: Bool { !slots.isEmpty }

    /// Waits for the answers to a new request.
    ///
    /// `isAnnounced`: whether a `begin` comes before a step's bytes. `limit`: of standard output.
    mutating func begin(
        _ nonce: Nonce, _ awaited: [Awaited], isAnnounced: Bool, limit: OutputBuffer.Limit?
    ) {
        let first: FrameParser.Section = isAnnounced ? .noise : .step
        let next: FrameParser.Section = awaited.count > 1 ? .step : .noise
        parsers.output.expect(nonce, after: first, between: next)
        parsers.error.expect(nonce, after: first, between: next)
        slots = awaited.map {
            Slot(
                awaited: $0,
                stdout: $0.fetched?.stdout ?? OutputBuffer(limit ?? .stream, keeping),
                stderr: OutputBuffer(.stream, keeping))
        }
        position = (0, 0)
    }

    /// Stops waiting; what has no answer now, and what had come of it.
    mutating func abandon() -> [(latch: Latch<Reply>, partial: Partial)] {
        defer { reset() }
        return slots.indices.map { (slots[$0].awaited.latch, slots[$0].partial) }
    }

    /// Takes the next bytes of a stream; what to do once the lock is given back.
    mutating func feed(_ chunk: UnsafeRawBufferPointer, from stream: Stream) -> Wake? {
        var resolved: Resolved = []
        var seen: [(live: Live, bytes: [UInt8], isError: Bool)] = []
        var parser = stream == .output ? parsers.output : parsers.error
        parser.feed(chunk) { event in
            switch event {
            case .bytes(let bytes, let section):
                if let live = take(bytes, section, stream) {
                    seen.append((live, Array(bytes), stream == .error))
                }
            case .frame(let frame):
                resolved += take(frame, stream)
            case .overlong:
                resolved += resolveAll(
                    .confused("a reply's first line is longer than any should be"))
            }
        }
        if stream == .output { parsers.output = parser } else { parsers.error = parser }
        guard !resolved.isEmpty || !seen.isEmpty else { return nil }
        if slots.isEmpty { reset() }
        return { [seen, resolved] in
            for (live, bytes, isError) in seen { live(bytes, isError) }
            for (latch, reply) in resolved { latch.set(reply) }
        }
    }

    private mutating func reset() {
        slots = []
        position = (0, 0)
        parsers.output.expectNothing()
        parsers.error.expectNothing()
    }

    /// Takes bytes; who is to be handed them, if anybody.
    private mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ section: FrameParser.Section, _ stream: Stream
    ) -> Live? {
        let index = stream == .output ? position.output : position.error
        switch (section, stream) {
        case (.step, _) where index < slots.count:
            if stream == .output {
                slots[index].stdout.append(bytes)
            } else {
                slots[index].stderr.append(bytes)
            }
            let total = stream == .output ? slots[index].stdout.total : slots[index].stderr.total
            return total <= Self.liveLimit ? slots[index].awaited.live : nil
        case (.output, .output) where index < slots.count:
            slots[index].outputs.append(bytes)
        case (_, .error):
            noise += bytes.suffix(Self.noiseLimit)
            if noise.count > Self.noiseLimit { noise.removeFirst(noise.count - Self.noiseLimit) }
        case (_, .output): break
        }
        return nil
    }

    private mutating func take(_ frame: Frame, _ stream: Stream) -> Resolved {
        let index = stream == .output ? position.output : position.error
        guard index < slots.count else { return [] }
        switch (frame.verb, stream) {
        case ("begin", _), ("rest", .error): return []
        case ("output", .output):
            slots[index].announcedOutputs = frame.words.count == 2 ? Int(frame.words[1]) : nil
            return []
        case ("spooled", .output):
            slots[index].spooled = frame
            return []
        case ("end", .output):
            slots[index].endOfOutput = frame
            position.output += 1
        case ("end", .error):
            slots[index].sawEndOfError = true
            position.error += 1
        case ("rest", .output): return resolve(from: index, .rest)
        case (_, .output): return resolve(from: index, .frame(frame))
        case (_, .error):
            return resolveAll(.confused("a frame '\(frame.verb)' on standard error"))
        }
        return resolveWhole()
    }

    /// Answers the first of the rest with a reply, and says of those after it that they rest.
    private mutating func resolve(from index: Int, _ reply: Reply) -> Resolved {
        let rest = slots[index...].map(\.awaited.latch)
        slots.removeSubrange(index...)
        return rest.enumerated().map { ($1, $0 == 0 ? reply : .rest) }
    }

    private mutating func resolveAll(_ reply: Reply) -> Resolved {
        defer { slots = [] }
        return slots.map { ($0.awaited.latch, reply) }
    }

    /// Answers what has ended on both streams; after an end that was not good, the session starts
    /// nothing more of the request.
    private mutating func resolveWhole() -> Resolved {
        var resolved: Resolved = []
        while slots.first?.isWhole == true {
            var slot = slots.removeFirst()
            position = (position.output - 1, position.error - 1)
            let reply = Self.result(&slot)
            resolved.append((slot.awaited.latch, reply))
            if case .ended(let result) = reply, result.status == 0 { continue }
            if !slots.isEmpty { resolved += resolve(from: 0, .rest) }
        }
        return resolved
    }

    private static func result(_ slot: inout Slot) -> Reply {
        guard let end = slot.endOfOutput, end.words.count == 4, let status = Int32(end.words[1])
        else { return .confused("an end that can't be read") }
        var word = end.words[3]
        if word == "given", slot.announcedOutputs != slot.outputs.total { word = "odd" }
        var spooled: SpooledEnd?
        if let frame = slot.spooled {
            guard let end = SpooledEnd(frame) else {
                return .confused("a spooled end that can't be read")
            }
            spooled = end
        }
        let captured = slot.captured
        return .ended(
            StepResult(
                status: status, stdout: captured.stdout, stderr: captured.stderr,
                outputs: word == "given" ? slot.outputs.bytes : [], outputsWord: word,
                spooled: spooled))
    }
}

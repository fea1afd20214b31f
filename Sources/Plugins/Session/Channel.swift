import Glibc
import Synchronization

/// The controller's end of one session's three streams.
///
/// Reading goes on in the background, on one thread for all sessions, into one short-lived buffer:
/// a waiting session holds no memory for bytes that may come. What is read goes through the frame
/// parsers at once; a task wakes only when a whole answer is there.
final class Channel: Sendable {
    private struct State {
        var exchange: Exchange
        /// Our ends of the streams; nil once closed.
        var input: CInt?
        var unsent: ArraySlice<UInt8> = []
        var readers: [CInt: DescriptorPoller.Watch] = [:]
        /// Set once a request didn't fit; owns `input` from then on.
        var writer: DescriptorPoller.Watch?
        var isStarted = false
        var finished: SessionEnd?

        init(_ keeping: OutputKeeping) { exchange = Exchange(keeping) }
    }

    /// The most bytes read at once.
    private static let readSize = 64 << 10

    private let state: Mutex<State>
    /// Set when the session's standard output has ended, or when the session was hung up.
    let outputEnded = Latch<Void>()
    /// Set when its standard error has ended.
    let errorEnded = Latch<Void>()

    /// A channel without a session yet, whose steps' output is kept so.
    init(_ keeping: OutputKeeping) { state = Mutex(State(keeping)) }

    /// Whether the descriptors were taken over.
    var isStarted: Bool { state.withLock { $0.isStarted } }

    /// Starts reading; the descriptors belong to the channel from now on.
    func start(input: CInt, output: CInt, error: CInt) {
        for descriptor in [input, output, error] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        state.withLock { state in
            state.input = input
            state.isStarted = true
            let early = state.unsent
            state.unsent = []
            send(early, &state)
        }
        watch(output, .output)
        watch(error, .error)
    }

    private func watch(_ descriptor: CInt, _ stream: Stream) {
        let isWatched = state.withLock { state in
            // A reader that finds the end waits here until it is known under its descriptor.
            guard state.finished == nil,
                let watch = DescriptorPoller.shared.watch(
                    descriptor, for: .reading,
                    { self.read(descriptor, stream) })
            else { return false }
            state.readers[descriptor] = watch
            return true
        }
        guard !isWatched else { return }
        Glibc.close(descriptor)
        (stream == .output ? outputEnded : errorEnded).set(())
    }

    /// Whether a request waits for its answer.
    var isBusy: Bool { state.withLock { $0.exchange.isUnderWay } }

    /// Whether requests can still be answered.
    var isOpen: Bool {
        outputEnded.value == nil && state.withLock { $0.finished == nil }
    }

    /// Sends a request; the latch is set when its whole answer is there, or the session has ended.
    ///
    /// `isAnnounced`: whether a `begin` comes before a step's bytes; without one, all that comes
    /// from now on is the step's.
    func ask(
        _ nonce: Nonce, _ request: [UInt8], isAnnounced: Bool = true,
        limit: OutputBuffer.Limit? = nil, live: Exchange.Live? = nil
    ) -> Latch<Exchange.Reply> {
        let latch = Latch<Exchange.Reply>()
        ask(
            nonce, request, awaiting: [Exchange.Awaited(latch, live: live)],
            isAnnounced: isAnnounced, limit: limit)
        return latch
    }

    /// Sends a request with an answer for each of its steps, in their order.
    func ask(
        _ nonce: Nonce, _ request: [UInt8], awaiting: [Exchange.Awaited], isAnnounced: Bool,
        limit: OutputBuffer.Limit? = nil
    ) {
        let end: SessionEnd? = state.withLock { state in
            if let end = state.finished { return end }
            state.exchange.begin(nonce, awaiting, isAnnounced: isAnnounced, limit: limit)
            send(request[...], &state)
            return nil
        }
        if let end { awaiting.forEach { $0.latch.set(.lost(end)) } }
    }

    /// Sends a request that has no answer of its own.
    func tell(_ request: [UInt8]) {
        state.withLock { send(request[...], &$0) }
    }

    /// Closes the session's standard input alone: whatever reads it finds its end.
    func endInput() { state.withLock { closeInput(&$0) } }

    /// Closes the session's standard input: the session ends what runs in it, and itself.
    func hangUp() {
        state.withLock { closeInput(&$0) }
        outputEnded.set(())
    }

    /// The session's process is gone: closes everything and answers what was still asked.
    func finish(_ end: (_ standardError: [UInt8]) -> SessionEnd) {
        let (waiting, end) = state.withLock { state in
            closeInput(&state)
            state.readers.values.forEach(DescriptorPoller.shared.cancel)
            state.readers = [:]
            let end = end(state.exchange.noise)
            state.finished = end
            return (state.exchange.abandon(), end)
        }
        for (latch, partial) in waiting { latch.set(.lost(end, partial)) }
        outputEnded.set(())
        errorEnded.set(())
    }

    private func closeInput(_ state: inout State) {
        state.unsent = []
        if let writer = state.writer {
            // That closes the descriptor, too.
            DescriptorPoller.shared.cancel(writer)
        } else if let input = state.input {
            Glibc.close(input)
        }
        state.writer = nil
        state.input = nil
    }

    private func read(_ descriptor: CInt, _ stream: Stream) {
        var woken: Wake?
        let count = withUnsafeTemporaryAllocation(byteCount: Self.readSize, alignment: 16) {
            buffer in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                woken = state.withLock { $0.exchange.feed(chunk, from: stream) }
            }
            return count
        }
        woken?()
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) {
            let watch = state.withLock { $0.readers.removeValue(forKey: descriptor) }
            if let watch { DescriptorPoller.shared.cancel(watch) }
            (stream == .output ? outputEnded : errorEnded).set(())
        }
    }

    /// Sends what fits now; the rest when the session takes it.
    private func send(_ bytes: ArraySlice<UInt8>, _ state: inout State) {
        guard let input = state.input else {
            // Before the process is there, requests wait; after its end, they are dropped.
            if !state.isStarted { state.unsent += bytes }
            return
        }
        guard state.unsent.isEmpty else {
            state.unsent += bytes
            return
        }
        let sent = Self.write(bytes, to: input)
        guard sent < bytes.count else { return }
        state.unsent = bytes.dropFirst(sent)
        if let writer = state.writer {
            DescriptorPoller.shared.waitAgain(writer)
        } else if let writer = DescriptorPoller.shared.watch(
            input, for: .writing, { self.sendMore() })
        {
            state.writer = writer
        } else {
            closeInput(&state)
        }
    }

    private func sendMore() {
        state.withLock { state in
            guard let input = state.input else { return }
            state.unsent = state.unsent.dropFirst(Self.write(state.unsent, to: input))
            guard !state.unsent.isEmpty, let writer = state.writer else { return }
            DescriptorPoller.shared.waitAgain(writer)
        }
    }

    /// How many bytes were taken; a session that is gone takes all, and its end says so.
    private static func write(_ bytes: ArraySlice<UInt8>, to socket: CInt) -> Int {
        bytes.withUnsafeBytes { buffer in
            let count = Glibc.send(
                socket, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
            if count >= 0 { return count }
            return errno == EAGAIN || errno == EINTR ? 0 : buffer.count
        }
    }
}

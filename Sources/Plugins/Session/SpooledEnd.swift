import Runner

/// How a detached step ended, as its supervisor recorded it (docs/detached-steps.md, section 2).
struct SpooledEnd: Sendable, Hashable {
    /// Why it ended.
    enum Why: String, Sendable { case exit, timeout, cancel }

    let why: Why
    /// Bytes that came after the kept ones; nil when nobody could count them.
    let droppedOutput: Int?
    let droppedError: Int?
    /// Whether something that the step left behind still held a stream.
    let isPipeOpen: Bool

    /// Reads `spooled WHY OUTDROP ERRDROP OPEN`; nil for anything else.
    init?(_ frame: Frame) {
        guard frame.verb == "spooled", frame.words.count == 5,
            let why = Why(rawValue: frame.words[1]), ["0", "1"].contains(frame.words[4])
        else { return nil }
        self.why = why
        droppedOutput = Int(frame.words[2])
        droppedError = Int(frame.words[3])
        isPipeOpen = frame.words[4] == "1"
    }
}

/// Where a claim stands on its target (docs/detached-steps.md, section 2).
enum ClaimState: String, Sendable {
    case norun, closed, absent, claimed, void, running, orphan, done, lost
    /// An earlier attempt of the same step lives.
    case busy
    /// Something that another run of the same plan began lives.
    case elsewhere

    /// Reads `VERB STATE`; nil for anything else.
    init?(_ frame: Frame) {
        guard ["claim", "state", "void"].contains(frame.verb), frame.words.count > 1 else {
            return nil
        }
        self.init(rawValue: frame.words[1])
    }
}

/// What a target's spool answers when a run is opened there.
struct OpenedSpool: Sendable, Hashable {
    /// Whether the run is there.
    enum RunState: String, Sendable { case open, norun, closed }

    let id: String
    let run: RunState

    /// Reads `spool ID STATE`; nil for anything else.
    init?(_ frame: Frame) {
        guard frame.verb == "spool", frame.words.count == 3, frame.words[1].utf8.count == 32,
            let run = RunState(rawValue: frame.words[2])
        else { return nil }
        id = frame.words[1]
        self.run = run
    }
}

import Runbooks
import Runner

/// The event of a run that a line of the trail tells of, as far as the line holds it.
///
/// The other way round of `TrailEvent(_:of:at:)`; `JournalRebuildTests` holds both together.
struct RebuiltEvent {
    /// What of a run's events the trail never had, and the store hasn't either.
    struct Losses: Sendable, Hashable {
        /// Outputs, diffs and collected files whose text is gone.
        var texts = 0
        /// Outputs of steps whose values are gone.
        var values = 0
    }

    let record: TrailRecord
    /// The content of a digest, where the store has it.
    let content: (Digest) -> [UInt8]?
    private(set) var losses = Losses()

    init(_ record: TrailRecord, content: @escaping (Digest) -> [UInt8]?) {
        (self.record, self.content) = (record, content)
    }

    private var target: TargetName? { record.about["target"].flatMap(TargetName.init(recorded:)) }
    private var step: StepID? { record.about["step"].flatMap(StepID.init(recorded:)) }
    private var outcome: Outcome? { record.detail("outcome").flatMap(Outcome.init(rawValue:)) }
    private var reason: String? { text("reason") }

    /// The event; nil for a line that is about something else, or that says less than it needs.
    mutating func event() -> RunEvent? {
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .runState: return state.map { .stateChanged($0, reason: reason ?? "") }
        case .runClosed:
            guard let state else { return nil }
            let helped = record.detail("resolution").flatMap(RunResolution.init(rawValue:))
            return .closed(state, helped ?? .unclear)
        case .runRestored: return .restored(reason: reason ?? "")
        case .thresholdReached:
            return .thresholdReached(failures: number("failures"), limit: number("limit"))
        case .waveStarted, .waveEnded, .waveSoaking, .waveHealth, .wavePassed, .wavePromoted,
            .waveStopped, .targetLeftOut:
            return Self.wave(record).map { .wave($0) }
        case .targetStarted: return target.map { .targetStarted($0) }
        case .targetDeferred:
            return target.map { .deferred($0, cause: reason ?? "", reason: reason ?? "") }
        case .lockKept: return target.map { .lockKept($0, reason: reason ?? "") }
        case .lockFreed: return target.map { .unlocked($0) }
        case .targetVouched:
            guard let target, let run = record.detail("since").flatMap(RunID.init(rawValue:))
            else { return nil }
            return .vouched(target, run, reason: reason ?? "")
        case .gatesAnswered: return gatesAnswered()
        case .itemAudited:
            guard let target, let step else { return nil }
            return Self.audited(record).map { .audited(target, step, $0) }
        case .targetEnded:
            guard let target, let outcome else { return nil }
            return .targetEnded(target, outcome)
        case .sessionOpened: return target.map { .sessionOpened($0, text("proof") ?? "") }
        case .attemptStarted: return key.map { .attemptStarted($0) }
        case .attemptEnded:
            guard let key else { return nil }
            return .attemptEnded(key, attempt())
        case .stepEnded, .verifyEnded, .outputsTaken, .symptomAsked, .stopped: return ofStep()
        case .releaseOwed, .releasePaid, .releaseNotOwed, .releaseLeft, .releaseReopened:
            return ofRelease()
        case .questionAsked, .questionAnswered, .personActed, .personRefused: return ofPerson()
        case .runOpened, .trailCreated, .trailGap, .keyAdded, .clockStepped, .escalated,
            .escalationEnded, .targetSettled, .flagged, .flagCleared, .trustChanged, .actSigned,
            .homeRestored, .homePruned,
            .changeOpened, .changeAmended, .changeState, .changeAccepted, .changeAssessed,
            .changeDecided, .changeRevoked, .changeScheduled, .changeHold, .changeRun,
            .changeReview, .changeClosing, nil:
            return nil
        }
    }

    private var state: RunState? { record.detail("state").flatMap(RunState.init(rawValue:)) }

    private mutating func ofStep() -> RunEvent? {
        guard let target else { return nil }
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .verifyEnded:
            return outcome.map { .verifyEnded(target, number("index"), $0, reason: reason) }
        case .symptomAsked:
            guard case .boolean(let isPresent)? = record.details["present"] else {
                return .symptomAsked(target, isPresent: nil)
            }
            return .symptomAsked(target, isPresent: isPresent)
        default: break
        }
        guard let step else { return nil }
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .stepEnded: return outcome.map { .stepEnded(target, step, $0, reason: reason) }
        case .outputsTaken:
            // Digests of values are all there is: a later step that needs one finds none.
            losses.values += 1
            return .outputsTaken(target, step, [:])
        case .stopped:
            return record.detail("as").flatMap(StopAction.Resolution.init(rawValue:))
                .map { .stopped(target, step, $0) }
        default: return nil
        }
    }

    private func ofRelease() -> RunEvent? {
        guard let target, let step else { return nil }
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .releaseOwed: return .owed(target, step)
        case .releasePaid: return .paid(target, step)
        case .releaseNotOwed: return .notOwed(target, step)
        case .releaseLeft: return .leftOwed(target, step, reason: reason ?? "")
        case .releaseReopened: return outcome.map { .reopened(target, step, $0, reason: reason) }
        default: return nil
        }
    }

    private func ofPerson() -> RunEvent? {
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .questionAsked:
            let until = record.detail("until").flatMap(Timestamp.init(trailText:))
            return step.map { .asked($0, target, until: until ?? record.at) }
        case .questionAnswered:
            return step.map {
                .answered(
                    $0, target, choice: text("choice") ?? "", note: text("note"),
                    actor: record.actor)
            }
        case .personActed:
            return verb.map {
                .commanded(PersonCommand(verb: $0, actor: record.actor), inboxID: 0)
            }
        case .personRefused: return .refused(inboxID: number("inbox"), reason: reason ?? "")
        default: return nil
        }
    }

    private var verb: PersonCommand.Verb? {
        switch record.detail("verb") {
        case "abort": return .abort
        case "pause": return .pause
        case "resume": return .resume
        case "promote": return .promote
        case "note": return .note(text("note") ?? "")
        case "pay": return target.map { .pay($0) }
        case "paid by hand":
            return target.map { .paidByHand($0, note: text("note") ?? "") }
        case "answer":
            return step.map { .answer($0, choice: text("choice") ?? "", target: target) }
        case "settle":
            guard let target, let step else { return nil }
            return .settle(
                target, step, isDone: record.detail("as") == "done", why: text("why") ?? "")
        case "hand over":
            return record.detail("to").flatMap(RunID.init(rawValue:)).map { .handOver($0) }
        case "confirm": return step.map { .confirm($0, note: text("note") ?? "", target: target) }
        default: return nil
        }
    }

    // --- attempts --------------------------------------------------------------------------------

    private var key: AttemptKey? {
        guard let target, let part, let number = record.attempt else { return nil }
        return AttemptKey(target: target, part: part, number: number)
    }

    private var part: Part? {
        let words = (record.detail("part") ?? "").split(separator: " ").map(String.init)
        let index = words.count == 2 ? Int(words[1]).map { $0 - 1 } : nil
        switch (words.first, step, index) {
        case ("symptom", _, nil): return .symptom
        case ("verify", _, let index?): return .verify(index)
        case ("guard", let step?, nil): return .guarding(step)
        case ("action", let step?, nil): return .action(step)
        case ("check", let step?, let index?): return .check(step, index)
        case ("release", let step?, nil): return .release(step)
        case ("undo", let step?, let index?): return .undo(step, index)
        default: return nil
        }
    }

    private mutating func attempt() -> AttemptRecord {
        var attempt = AttemptRecord(
            ending: ending, stdout: output(record.details["stdout"]),
            stderr: output(record.details["stderr"]),
            durationMilliseconds: Int64(number("ms")))
        if case .boolean(let isChanged)? = record.details["changed"] { attempt.changed = isChanged }
        if case .object(let diff)? = record.details["diff"] {
            losses.texts += 1
            attempt.diff = Self.lost("a diff", diff)
        }
        guard case .array(let files)? = record.details["collected"] else { return attempt }
        for case .object(let file) in files {
            attempt.collected.append(
                AttemptRecord.File(
                    name: file["name"]?.text ?? "", output: output(file["output"])))
        }
        return attempt
    }

    private var ending: Ending {
        let why = reason ?? ""
        switch record.detail("ending") {
        case "exited": return .exited(Int32(clamping: number("status")))
        case "timedOut": return .timedOut
        case "cancelled": return .cancelled
        case "unreachable": return .unreachable(why)
        case "notStarted": return .notStarted(why)
        case "heldBack": return .heldBack(why)
        default: return .unknown(why)
        }
    }

    /// What a line says of a stream, with its text where the store has the bytes.
    private mutating func output(_ value: JSONValue?) -> OutputRecord {
        guard case .object(let stream)? = value, let total = Self.number(stream["bytes"]) else {
            return OutputRecord(text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
        }
        let dropped = Self.number(stream["dropped"]) ?? 0
        let digest = stream["sha256"]?.text.flatMap(Digest.init(rawValue:))
        if let digest, let bytes = content(digest) {
            return OutputRecord(
                text: printable(bytes.suffix(1024), keepNewlines: true), totalBytes: total,
                droppedBytes: dropped, stored: digest)
        }
        losses.texts += 1
        return OutputRecord(
            text: Self.lost("what it wrote", stream), totalBytes: total, droppedBytes: dropped,
            stored: nil)
    }

    private static func lost(_ what: String, _ members: [String: JSONValue]) -> String {
        let digest = members["sha256"]?.text ?? ""
        return "[\(what) was lost with the journal: \(number(members["bytes"]) ?? 0) bytes, "
            + "SHA-256 \(digest)]\n"
    }

    // --- values ----------------------------------------------------------------------------------

    /// A text; of one that was cut, its start.
    private func gatesAnswered() -> RunEvent? {
        guard case .boolean(let isOpen)? = record.details["open"] else { return nil }
        var lines: [String] = []
        if case .array(let verdicts)? = record.details["verdicts"] {
            lines = verdicts.compactMap(Self.text)
        }
        let until = record.detail("until").flatMap(Timestamp.init(trailText:))
        return .gatesAnswered(isOpen: isOpen, lines: lines, until: until)
    }

    private func text(_ key: String) -> String? { Self.text(record.details[key]) }

    /// A text, or the start of one that was cut.
    static func text(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text): return text
        case .object(let cut): return cut["start"]?.text.map { $0 + "…" }
        default: return nil
        }
    }

    private func number(_ key: String) -> Int { Self.number(record.details[key]) ?? 0 }

    /// A whole number; nil for anything else.
    static func number(_ value: JSONValue?) -> Int? {
        guard case .integer(let number)? = value else { return nil }
        return Int(number)
    }
}

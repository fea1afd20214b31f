import Runbooks
import Runner

/// One attempt of a run with what it wrote; also its JSON form.
struct AttemptLog: Encodable, Sendable {
    /// What came of one stream.
    struct Stream: Encodable, Sendable, Hashable {
        /// Printable text: all of it, or the end.
        var text: String
        let totalBytes: Int
        let droppedBytes: Int
        /// Where the rest is kept; nil when `text` is all of it.
        var stored: Digest?
        /// When the rest was removed; nil while it is kept, or where that wasn't looked at.
        var pruned: Timestamp?

        private enum CodingKeys: String, CodingKey {
            case text, stored, pruned
            case totalBytes = "total_bytes"
            case droppedBytes = "dropped_bytes"
        }

        init(_ record: OutputRecord) {
            text = record.text
            totalBytes = record.totalBytes
            droppedBytes = record.droppedBytes
            stored = record.stored
        }
    }

    let key: AttemptKey
    /// Counts those that were begun, from 1, for each part on each target.
    let number: Int
    let started: Timestamp?
    let ended: Timestamp
    let record: AttemptRecord
    var stdout: Stream
    var stderr: Stream

    init(
        _ key: AttemptKey, _ record: AttemptRecord, number: Int, started: Timestamp?,
        ended: Timestamp
    ) {
        self.key = key
        self.number = number
        self.record = record
        self.started = started
        self.ended = ended
        stdout = Stream(record.stdout)
        stderr = Stream(record.stderr)
    }

    private enum CodingKeys: String, CodingKey {
        case target, step, part, number, started, ended, ending, stdout, stderr, changed, diff
        case outputs, collected
        case durationMilliseconds = "duration_ms"
    }

    /// Writes one flat object, with the ending as text.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key.target, forKey: .target)
        try container.encodeIfPresent(key.part.step, forKey: .step)
        try container.encode(key.part.word, forKey: .part)
        try container.encode(number, forKey: .number)
        try container.encodeIfPresent(started, forKey: .started)
        try container.encode(ended, forKey: .ended)
        try container.encode(EndingText.of(record.ending, key.part), forKey: .ending)
        try container.encode(stdout, forKey: .stdout)
        try container.encode(stderr, forKey: .stderr)
        try container.encodeIfPresent(record.changed, forKey: .changed)
        try container.encodeIfPresent(record.diff, forKey: .diff)
        try container.encode(record.outputs, forKey: .outputs)
        try container.encode(
            Dictionary(record.collected.map { ($0.name, Stream($0.output)) }) { $1 },
            forKey: .collected)
        try container.encode(record.durationMilliseconds, forKey: .durationMilliseconds)
    }

    /// The attempts among events, in the order in which they ended.
    ///
    /// Of those that were sent ahead and not begun there is nothing to tell: they are left out, and
    /// not counted.
    static func attempts(in events: [RecordedEvent]) -> [AttemptLog] {
        var started: [AttemptKey: Timestamp] = [:]
        var made: [AttemptKey: Int] = [:]
        var logs: [AttemptLog] = []
        for recorded in events {
            switch recorded.event {
            case .attemptStarted(let key): started[key] = recorded.at
            case .attemptEnded(_, let record)
            where record.ending == .afterBadEnd || record.ending == .recalled:
                break
            case .attemptEnded(let key, let record):
                let place = AttemptKey(target: key.target, part: key.part, number: 0)
                made[place, default: 0] += 1
                logs.append(
                    AttemptLog(
                        key, record, number: made[place, default: 1], started: started[key],
                        ended: recorded.at))
            default: break
            }
        }
        return logs
    }
}

/// How attempts end, in words.
enum EndingText {
    /// Such as `ok`, `needed`, `exit 3`, `timed out`.
    static func of(_ ending: Ending, _ part: Part) -> String {
        switch (ending, part) {
        case (.exited(0), .guarding): "satisfied"
        case (.exited(1), .guarding): "needed"
        case (.exited(77), .guarding): "can't look"
        case (.exited(0), .symptom): "present"
        case (.exited(1), .symptom): "gone"
        case (.exited(0), _): "ok"
        case (.exited(let status), _): "exit \(status)"
        case (.timedOut, _): "timed out"
        case (.cancelled, _): "aborted"
        case (.unreachable(let why), _): "unreachable: \(why)"
        case (.notStarted(let why), _): "not started: \(why)"
        case (.unknown(let why), _): "unknown: \(why)"
        case (.heldBack(let why), _): "held back, not begun: \(why)"
        }
    }

    /// How it stands out.
    static func tone(_ ending: Ending, _ part: Part) -> Tone {
        switch (ending, part) {
        case (.exited(0), .symptom): .bad
        case (.exited(0), _), (.exited(1), .symptom): .good
        case (.exited(1), .guarding), (.exited(77), .guarding): .plain
        case (.cancelled, _), (.unknown, _), (.heldBack, _): .warning
        case (.exited, _), (.timedOut, _), (.unreachable, _), (.notStarted, _): .bad
        }
    }
}

/// Which attempts `logs` shows.
struct LogFilter: Sendable {
    var target: TargetName?
    var step: StepID?
    var failedOnly = false

    /// The attempts that fit.
    func attempts(in events: [RecordedEvent]) -> [AttemptLog] {
        let failed = failedOnly ? Self.failed(in: events) : []
        return AttemptLog.attempts(in: events).filter { log in
            (target == nil || log.key.target == target)
                && (step == nil || log.key.part.step == step || log.key.part.step?.step == step)
                && (!failedOnly || failed.contains(Place(log.key)))
        }
    }

    /// What failed: a step, a check at the end, or the symptom, on a target.
    private struct Place: Hashable {
        let target: TargetName
        let step: StepID?
        let verify: Int?

        init(target: TargetName, step: StepID?, verify: Int?) {
            self.target = target
            self.step = step
            self.verify = verify
        }

        init(_ key: AttemptKey) {
            target = key.target
            step = key.part.step
            if case .verify(let index) = key.part { verify = index } else { verify = nil }
        }
    }

    private static func failed(in events: [RecordedEvent]) -> Set<Place> {
        var places: Set<Place> = []
        for recorded in events {
            switch recorded.event {
            case .stepEnded(let target, let step, let outcome, _) where !outcome.isGood:
                places.insert(Place(target: target, step: step, verify: nil))
            case .verifyEnded(let target, let index, let outcome, _) where !outcome.isGood:
                places.insert(Place(target: target, step: nil, verify: index))
            case .leftOwed(let target, let step, _):
                places.insert(Place(target: target, step: step, verify: nil))
            case .symptomAsked(let target, let isPresent) where isPresent != false:
                places.insert(Place(target: target, step: nil, verify: nil))
            default: break
            }
        }
        return places
    }
}

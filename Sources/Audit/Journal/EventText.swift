import Runbooks
import Runner

/// The JSON of the events that make up nearly all of a run, written as `JSONEncoder` writes them.
///
/// A run of many targets records thousands a second, for which the encoder takes longer than
/// SQLite. `EventTextTests` holds each against it.
struct EventText {
    private var bytes: [UInt8] = []

    /// The text of an event; nil for one of another kind, or with values in an order of its own.
    static func of(_ event: RunEvent) -> String? {
        var text = EventText()
        text.bytes.reserveCapacity(384)
        guard text.write(event) else { return nil }
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private mutating func write(_ event: RunEvent) -> Bool {
        switch event {
        case .targetStarted(let target):
            add("{\"targetStarted\":{\"_0\":", target.rawValue)
        case .targetEnded(let target, let outcome):
            add("{\"targetEnded\":{\"_0\":", target.rawValue)
            add(",\"_1\":", outcome.rawValue)
        case .sessionOpened(let target, let proof):
            add("{\"sessionOpened\":{\"_0\":", target.rawValue)
            add(",\"_1\":", proof)
        case .attemptStarted(let key):
            add("{\"attemptStarted\":{\"_0\":")
            add(key)
        case .attemptEnded(let key, let record):
            // Dictionaries: their order is the encoder's business.
            guard record.outputs.count <= 1 else { return false }
            add("{\"attemptEnded\":{\"_0\":")
            add(key)
            add(",\"_1\":")
            add(record)
        case .stepEnded(let target, let step, let outcome, let reason):
            add("{\"stepEnded\":{\"_0\":", target.rawValue)
            add(",\"_1\":", step.rawValue)
            add(",\"_2\":", outcome.rawValue)
            if let reason { add(",\"reason\":", reason) }
        case .stateChanged, .outputsTaken, .verifyEnded, .symptomAsked, .reopened, .owed, .paid,
            .notOwed, .leftOwed, .asked, .answered, .stopped, .commanded, .refused,
            .thresholdReached, .wave, .audited, .closed, .deferred, .lockKept, .unlocked, .vouched,
            .gatesAnswered,
            .restored:
            return false
        }
        add("}}")
        return true
    }

    private mutating func add(_ literal: StaticString) {
        literal.withUTF8Buffer { bytes += $0 }
    }

    /// JSON escapes the same in both: RFC 8785 asks for what the encoder does.
    private mutating func add(_ literal: StaticString, _ text: String) {
        add(literal)
        CanonicalJSON.append(text, to: &bytes)
    }

    private mutating func add(_ literal: StaticString, _ number: some BinaryInteger) {
        add(literal)
        bytes += "\(number)".utf8
    }

    private mutating func add(_ key: AttemptKey) {
        add("{\"number\":", key.number)
        add(",\"part\":")
        switch key.part {
        case .symptom: add("{\"symptom\":{}}")
        case .peer: add("{\"peer\":{}}")
        case .guarding(let step): add("{\"guarding\":{\"_0\":", step.rawValue, "}}")
        case .action(let step): add("{\"action\":{\"_0\":", step.rawValue, "}}")
        case .check(let step, let index):
            add("{\"check\":{\"_0\":", step.rawValue, ",\"_1\":")
            add("", index)
            add("}}")
        case .verify(let index):
            add("{\"verify\":{\"_0\":", index)
            add("}}")
        case .release(let step): add("{\"release\":{\"_0\":", step.rawValue, "}}")
        case .undo(let step, let index):
            add("{\"undo\":{\"_0\":", step.rawValue, ",\"_1\":")
            add("", index)
            add("}}")
        }
        add(",\"target\":", key.target.rawValue, "}")
    }

    private mutating func add(_ start: StaticString, _ text: String, _ end: StaticString) {
        add(start, text)
        add(end)
    }

    private mutating func add(_ record: AttemptRecord) {
        if let changed = record.changed {
            add(changed ? "{\"changed\":true," : "{\"changed\":false,")
        } else {
            add("{")
        }
        add("\"collected\":[")
        for (index, file) in record.collected.enumerated() {
            add(index == 0 ? "{\"name\":" : ",{\"name\":", file.name, ",\"output\":")
            add(file.output)
            add("}")
        }
        add("]")
        if let diff = record.diff { add(",\"diff\":", diff) }
        add(",\"durationMilliseconds\":", record.durationMilliseconds)
        add(",\"ending\":")
        add(record.ending)
        add(",\"outputs\":{")
        for (name, value) in record.outputs {
            add("", name)
            add(":", value)
        }
        add("}")
        if let problem = record.outputsProblem { add(",\"outputsProblem\":", problem) }
        if let seen = record.seen {
            add(",\"seen\":{\"actual\":", seen.actual)
            add(",\"expected\":", seen.expected, "}")
        }
        add(",\"stderr\":")
        add(record.stderr)
        add(",\"stdout\":")
        add(record.stdout)
        add("}")
    }

    private mutating func add(_ ending: Ending) {
        switch ending {
        case .exited(let status):
            add("{\"exited\":{\"_0\":", status)
            add("}}")
        case .timedOut: add("{\"timedOut\":{}}")
        case .cancelled: add("{\"cancelled\":{}}")
        case .unreachable(let why): add("{\"unreachable\":{\"_0\":", why, "}}")
        case .notStarted(let why): add("{\"notStarted\":{\"_0\":", why, "}}")
        case .unknown(let why): add("{\"unknown\":{\"_0\":", why, "}}")
        case .heldBack(let why): add("{\"heldBack\":{\"_0\":", why, "}}")
        }
    }

    private mutating func add(_ output: OutputRecord) {
        add("{\"droppedBytes\":", output.droppedBytes)
        if let stored = output.stored { add(",\"stored\":", stored.rawValue) }
        add(",\"text\":", output.text)
        add(",\"totalBytes\":", output.totalBytes)
        add("}")
    }
}

import Runbooks

@testable import Runner

/// All that happened in a simulation, as one number; and line by line where somebody reads it.
struct Trace {
    /// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    /// The lines, kept only when asked for.
    private(set) var lines: [String] = []
    let isKept: Bool
    var now: () -> Int64 = { 0 }

    init(isKept: Bool) { self.isKept = isKept }

    mutating func note(_ line: String) {
        var line = "\(now()) \(line)"
        line.withUTF8 { bytes in
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        if isKept { lines.append(line) }
    }
}

extension RunEvent {
    /// The event in a few words, the same in every process.
    var short: String {
        switch self {
        case .stateChanged(let state, let reason): "state \(state.rawValue): \(reason)"
        case .targetStarted(let target): "target \(target)"
        case .sessionOpened(let target, let proof): "session \(target) \(proof)"
        case .attemptStarted(let key): "intent \(key.short)"
        case .attemptEnded(let key, let record): "ended \(key.short) \(record.ending.short)"
        case .stepEnded(let target, let id, let outcome, let reason):
            "step \(target)/\(id) \(outcome.rawValue) \(reason ?? "")"
        case .outputsTaken(let target, let id, let values):
            "outputs \(target)/\(id) \(values.count)"
        case .verifyEnded(let target, let index, let outcome, _):
            "verify \(target) \(index) \(outcome.rawValue)"
        case .symptomAsked(let target, let isPresent): "symptom \(target) \(isPresent as Any)"
        case .reopened(let target, let id, let outcome, _):
            "reopened \(target)/\(id) \(outcome.rawValue)"
        case .owed(let target, let id): "owed \(target)/\(id)"
        case .paid(let target, let id): "paid \(target)/\(id)"
        case .notOwed(let target, let id): "not owed \(target)/\(id)"
        case .leftOwed(let target, let id, let reason): "left owed \(target)/\(id) \(reason)"
        case .asked(let id, let target, _): "asked \(id) \(target?.rawValue ?? "")"
        case .answered(let id, let target, let choice, _, _):
            "answered \(id) \(target?.rawValue ?? "") \(choice)"
        case .stopped(let target, let id, let resolution):
            "stopped \(target)/\(id) \(resolution.rawValue)"
        case .targetEnded(let target, let outcome): "target \(target) \(outcome.rawValue)"
        case .commanded(let command, let id): "\(command.verb.word) \(id)"
        case .refused(let id, let reason): "refused \(id) \(reason)"
        case .wave(let event): "wave \(event)"
        case .audited(let target, let id, let result):
            "audited \(target)/\(id) \(result.verdict.rawValue)"
        case .thresholdReached(let failures, let limit): "threshold \(failures) of \(limit)"
        case .deferred(let target, _, let reason): "deferred \(target) \(reason)"
        case .lockKept(let target, let reason): "lock kept \(target) \(reason)"
        case .unlocked(let target): "unlocked \(target)"
        case .vouched(let target, let run, let reason): "vouched \(target) \(run) \(reason)"
        case .gatesAnswered(let isOpen, let lines, _):
            "gates \(isOpen ? "open" : "closed"): \(lines.joined(separator: "; "))"
        case .restored(let reason): "restored \(reason)"
        case .closed(let state, let helped): "closed \(state.rawValue) \(helped.rawValue)"
        }
    }
}

extension Ending {
    /// The ending in a word.
    var short: String {
        switch self {
        case .exited(let status): "exit \(status)"
        case .timedOut: "timed out"
        case .cancelled: "cancelled"
        case .unreachable(let why): "unreachable: \(why)"
        case .notStarted(let why): "not started: \(why)"
        case .unknown(let why): "unknown: \(why)"
        case .heldBack(let why): "held back: \(why)"
        }
    }
}

import Runbooks
import Runner

/// The message of one of the trail's commits: a sentence, what happened, and trailers.
struct TrailMessage: Sendable, Hashable {
    private let records: [TrailRecord]
    private let digest: String
    private let runs: [String: TrailRun]

    /// - Parameters:
    ///   - records: the batch's lines; not empty.
    ///   - digest: of the last line.
    ///   - runs: what is known of runs; those opened in the lines need not be there.
    init(_ records: [TrailRecord], digest: String, runs: [RunID: TrailRun]) {
        (self.records, self.digest) = (records, digest)
        var known: [String: TrailRun] = [:]
        for (id, run) in runs { known[id.rawValue] = run }
        for record in records where record.isA(.runOpened) {
            record.about["run"].map { known[$0] = TrailRun(opened: record) }
        }
        self.runs = known
    }

    /// All of it; ends with a newline.
    var text: String {
        let ids = Self.runs(of: records)
        let about = ids.map { id in
            let run = runs[id]
            let parts = [
                run?.ticket.map { "ticket \($0)" }, run?.alert.map { "alert \($0)" },
                run.map { "library \($0.library)" },
            ].compactMap { $0 }.map { Self.plain($0, limit: 120) }
            return ([Self.plain(id)] + parts).joined(separator: "  ") + "\n"
        }
        let happened = records.map { Self.line(of: $0) + "\n" }
        return subject + "\n\n" + about.joined() + happened.joined() + "\n"
            + Self.trailers(of: records, digest: digest)
    }

    /// The last paragraph: what the message claims of the commit, for programs.
    static func trailers(of records: [TrailRecord], digest: String) -> String {
        let (first, last) = (records.first?.sequence ?? 0, records.last?.sequence ?? 0)
        let ids = runs(of: records)
        return "Trail-Seq: \(first)-\(last)\nTrail-Head: \(digest)\n"
            + (ids.isEmpty ? "" : "Trail-Runs: \(ids.map { plain($0) }.joined(separator: ", "))\n")
    }

    /// The runs that lines are about, in the order of their first line.
    private static func runs(of records: [TrailRecord]) -> [String] {
        records.reduce(into: []) { ids, record in
            guard let run = record.about["run"], !ids.contains(run) else { return }
            ids.append(run)
        }
    }

    // --- the sentence ---------------------------------------------------------------------------

    /// The kinds that a sentence is about, the most telling first.
    private static let telling: [TrailEvent.Kind] = [
        .homeRestored, .homePruned, .trustChanged, .runClosed, .escalated, .runOpened,
        .changeDecided,
        .changeRevoked, .changeClosing, .changeScheduled, .changeHold, .changeState,
        .changeOpened, .changeAmended, .personActed,
        .questionAnswered, .waveStopped, .thresholdReached, .waveStarted,
        .questionAsked, .stopped, .targetSettled, .flagged, .flagCleared, .escalationEnded,
        .runState, .targetEnded, .symptomAsked, .verifyEnded, .stepEnded, .targetStarted,
    ]

    private var subject: String {
        if records.contains(where: { $0.isA(.trailCreated) }) {
            let rest = Array(records.drop { $0.isA(.trailCreated) || $0.isA(.trailGap) })
            return rest.isEmpty ? "The trail begins" : "The trail begins; " + subject(of: rest)
        }
        return subject(of: records)
    }

    private func subject(of records: [TrailRecord]) -> String {
        if let record = records.first(where: { $0.isA(.keyAdded) }) {
            return Self.plain("\(record.actor) gives the trail a new key", limit: 120)
        }
        let ids = Self.runs(of: records)
        guard ids.count <= 1 else {
            let shown = ids.prefix(3).map { name(of: $0) }.joined(separator: ", ")
            return Self.plain("\(ids.count) runs: \(shown)", limit: 160)
        }
        let record =
            Self.telling.lazy.compactMap { kind in records.last { $0.isA(kind) } }.first
            ?? records[records.count - 1]
        return Self.plain(sentence(of: record), limit: 160)
    }

    private func sentence(of record: TrailRecord) -> String {
        guard let id = record.about["run"] else { return Self.line(of: record, withTime: false) }
        let name = name(of: id)
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .runClosed:
            let end = [record.detail("state"), record.detail("resolution")].compactMap { $0 }
            return "\(runs[id]?.actor ?? record.actor) runs \(name): "
                + end.joined(separator: ", ")
        case .runOpened: return "\(record.actor) runs \(name)"
        case .personActed: return "\(record.actor), \(record.detail("verb") ?? "act"): \(name)"
        default: return "\(name): \(Self.line(of: record, withTime: false))"
        }
    }

    private func name(of id: String) -> String {
        guard let run = runs[id] else { return id }
        let shown = run.targets.prefix(run.targets.count <= 3 ? 3 : 1).joined(separator: ", ")
        let more = run.targets.count <= 3 ? "" : " and \(run.targets.count - 1) more"
        return "\"\(run.title)\" (\(run.runbook))" + (shown.isEmpty ? "" : " on \(shown)\(more)")
    }

    // --- one line per event ---------------------------------------------------------------------

    /// Details that stand in a line, in this order; digests and lengths are left to the events.
    private static let shown = [
        "verb", "part", "outcome", "state", "resolution", "ending", "status", "choice", "as",
        "present", "failures", "limit", "wave", "verdict", "until", "remote", "to", "reason",
        "note",
    ]

    static func line(of record: TrailRecord, withTime: Bool = true) -> String {
        var words = withTime ? [time(of: record)] : []
        words += ["change", "target", "step"].compactMap { record.about[$0] }
        words.append(record.kind)
        if record.isA(.flagged) || record.isA(.flagCleared) {
            words += [record.detail("runbook")].compactMap { $0 }
        }
        if let attempt = record.attempt, attempt > 1 { words.append("attempt \(attempt)") }
        let details = shown.compactMap { key in
            record.details[key].map { "\(key) \(text(of: $0))" }
        }
        let by = record.actor == TrailEvent.engine ? "" : " by \(record.actor)"
        let start = words.joined(separator: " ") + by
        return plain(
            details.isEmpty ? start : start + ": " + details.joined(separator: ", "), limit: 240)
    }

    /// Hours, minutes and seconds.
    private static func time(of record: TrailRecord) -> String {
        String(Substring(record.at.trailText.utf8.dropFirst(11).prefix(8)))
    }

    private static func text(of value: JSONValue) -> String {
        value.text ?? String(decoding: CanonicalJSON.bytes(of: value), as: UTF8.self)
    }

    /// One line of printable text: what people and targets wrote can't steer a terminal.
    private static func plain(_ text: String, limit: Int = 80) -> String {
        // Nearly all: nothing is too long, and no byte is to be looked at as a character.
        if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            return text
        }
        let short = text.count > limit ? text.prefix(limit) + "…" : text[...]
        return printable(short.utf8, keepNewlines: false).replacing("\t", with: " ")
    }
}

extension TrailRecord {
    /// What happened in one printable line, without when: as the commit's message has it.
    package var sentence: String { TrailMessage.line(of: self, withTime: false) }
}

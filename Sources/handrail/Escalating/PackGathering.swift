import Foundation
import Runbooks
import Runner

/// Gathers what a pack holds: from the journal, the output store and the trail.
struct PackGathering: Sendable {
    /// How far back runs on the same targets are named.
    private static let memory = Duration.seconds(7 * 86_400)
    /// How many of them are named.
    private static let mostEarlier = 50

    /// Who hands over what to whom.
    struct Order: Sendable {
        let id: EscalationID
        let at: Timestamp
        let actor: String
        let to: String
        let note: String
        let ticket: String?
    }

    let order: Order
    let home: OpenedHome
    let folder: PackFolder
    private var files: [PackDocument.Kept] = []
    private var missing: [String] = []

    init(_ order: Order, _ home: OpenedHome, into folder: PackFolder) {
        (self.order, self.home, self.folder) = (order, home, folder)
    }

    /// The pack of a run; its files are written on the way.
    mutating func pack(of folded: FoldedRun) async throws -> PackDocument {
        let machine = folded.machine
        let record = machine.record
        let logs = AttemptLog.attempts(in: folded.events)
        let plan = try CanonicalJSON.bytes(of: record.plan)
        files.append(try folder.add(plan, as: "plan.json", what: "the plan"))
        if let digest = record.forecastDigest {
            try await keep(digest, as: "forecast.json", what: "the forecast before the start")
        }
        let alerts = try await alerts(of: record)
        for (index, log) in logs.enumerated() { try await keep(log, number: index + 1) }
        let undone = Set(RunReport(run: machine).changes.map(\.step))
        return document(
            alert: record.alert, alerts: alerts, trail: try await head(), folded: folded,
            attempts: logs,
            undo: record.plan.undos.filter { undone.contains($0.step) }.map {
                PackDocument.Undo(step: $0.step, how: $0.words)
            },
            earlier: try await earlier(
                on: record.plan.targets.map(\.name), ticket: order.ticket, but: record.id,
                before: record.opened))
    }

    /// The pack of alerts that no run answered.
    mutating func pack(
        of alerts: [AlertDocument.OfAlert], name: String, on targets: [TargetName]
    ) async throws -> PackDocument {
        document(
            alert: name, alerts: alerts, trail: try await head(), folded: nil, attempts: [],
            undo: [],
            earlier: try await earlier(
                on: targets, ticket: order.ticket, but: nil, before: order.at))
    }

    private func document(
        alert: String?, alerts: [AlertDocument.OfAlert], trail: String?, folded: FoldedRun?,
        attempts: [AttemptLog], undo: [PackDocument.Undo], earlier: [RunSummary]
    ) -> PackDocument {
        PackDocument(
            escalation: order.id, at: order.at, actor: order.actor, to: order.to,
            note: order.note, ticket: order.ticket, alert: alert, alerts: alerts, trail: trail,
            run: folded.map { RunDocument($0.machine, isLed: $0.summary.isLed) },
            closed: folded?.summary.closed,
            parameters: (folded?.machine.plan.parameters ?? []).map { parameter in
                PackDocument.Given(
                    name: parameter.name, value: parameter.text,
                    secret: parameter.secret.map { "\($0.source):\($0.name)" })
            },
            attempts: attempts, acts: Self.acts(in: folded?.events ?? []), undo: undo,
            earlier: earlier.map { RunHeader($0) }, files: files, missing: missing)
    }

    /// The trail's end, once all that was recorded is in it; what can't be sealed is no pack.
    private func head() async throws -> String? {
        try await home.trail.seal()
        return try await home.trail.look()?.tip.anchor
    }

    private func alerts(of record: RunRecord) async throws -> [AlertDocument.OfAlert] {
        guard let digest = record.alertContent else { return [] }
        let bytes = try await home.store.get(digest)
        return try StoredAlerts.read(bytes).map { AlertDocument.OfAlert(alert: $0, problems: []) }
    }

    // --- files ----------------------------------------------------------------------------------

    /// Keeps what an attempt wrote as far as the log has only its end, and all that it collected.
    private mutating func keep(_ log: AttemptLog, number: Int) async throws {
        let part = "\(log.key.part.word) on \(log.key.target)"
        let count = number < 10 ? "0\(number)" : "\(number)"
        let stem = "\(count)-\(PackFolder.name("\(log.key.target) \(log.key.part.word)"))"
        let streams = [
            (log.record.stdout, "standard output", ".out"),
            (log.record.stderr, "standard error", ".err"),
        ]
        for (stream, what, ending) in streams {
            guard let stored = stream.stored else { continue }
            try await keep(stored, as: "output/\(stem)\(ending)", what: "\(part), \(what)")
        }
        for (index, file) in log.record.collected.enumerated() {
            let name = "collected/\(stem)/\(index + 1)-\(PackFolder.name(file.name))"
            let what = "\(SafeText.line(file.name)), collected by \(part)"
            if let stored = file.output.stored {
                try await keep(stored, as: name, what: what)
            } else {
                files.append(
                    try folder.add(Array(file.output.text.utf8), as: name, what: what))
            }
        }
    }

    /// Keeps a stored content; one that is gone is named as missing, and hinders nothing.
    private mutating func keep(_ digest: Digest, as name: String, what: String) async throws {
        do {
            let bytes = try await home.store.get(digest)
            files.append(try folder.add(bytes, as: name, what: what))
        } catch let error as JournalError
            where error.code == .notFound || error.code == .corrupt
        {
            missing.append("\(what) (\(digest)): \(error.message)")
        }
    }

    // --- the journal ----------------------------------------------------------------------------

    private func earlier(
        on targets: [TargetName], ticket: String?, but run: RunID?, before: Timestamp
    ) async throws -> [RunSummary] {
        let names = Set(targets)
        let since = before.adding(.zero - Self.memory)
        let runs = try await home.journal.runs(matching: RunFilter(limit: 5000))
        return Array(
            runs.filter { summary in
                guard summary.id != run else { return false }
                if let ticket, summary.ticket == ticket { return true }
                return summary.opened >= since && !names.isDisjoint(with: summary.targets)
            }.prefix(Self.mostEarlier))
    }

    /// What people did, in its order.
    static func acts(in events: [RecordedEvent]) -> [PackDocument.Act] {
        events.compactMap { recorded in
            switch recorded.event {
            case .answered(let step, let target, let choice, let note, let actor):
                return PackDocument.Act(
                    at: recorded.at, actor: actor, act: note == nil ? "answer" : "confirm",
                    step: step, target: target, said: note ?? choice)
            case .commanded(let command, _):
                return act(command, at: recorded.at)
            default: return nil
            }
        }
    }

    private static func act(_ command: PersonCommand, at: Timestamp) -> PackDocument.Act? {
        var (target, said): (TargetName?, String?) = (nil, nil)
        var step: StepID?
        switch command.verb {
        // What they came to is an event of its own.
        case .answer, .confirm: return nil
        case .note(let text): said = text
        case .pay(let owing): target = owing
        case .paidByHand(let owing, let note): (target, said) = (owing, note)
        case .settle(let unknown, let id, let isDone, let why):
            (target, step, said) = (unknown, id, "\(isDone ? "done" : "not done"): \(why)")
        case .handOver(let run): said = "to \(run)"
        case .abort, .pause, .resume, .promote: break
        }
        return PackDocument.Act(
            at: at, actor: command.actor, act: command.verb.word, step: step, target: target,
            said: said)
    }
}

/// Alerts as the output store keeps them.
enum StoredAlerts {
    /// Reads them back.
    ///
    /// - Throws: `JournalError` (corrupt) for bytes that are none.
    static func read(_ bytes: [UInt8]) throws(JournalError) -> [Alert] {
        do {
            return try JSONDecoder().decode([Alert].self, from: Data(bytes))
        } catch {
            throw JournalError(
                .corrupt, "The alerts of this run can't be read back.", cause: error)
        }
    }
}

import Runner

/// What one commit of the trail takes in.
package struct TrailBatch: Sendable, Hashable {
    /// Whole lines, one after the other in the chain; at least one, and 256 at most.
    package let lines: [TrailLine]
    /// What digests in the lines name: each piece is kept by the SHA-256 of its bytes.
    package let evidence: [[UInt8]]
    /// What people read in `git log`.
    package let message: String
    /// The lines, read.
    let records: [TrailRecord]

    /// A batch with the message that its lines make.
    ///
    /// - Parameters:
    ///   - lines: in the chain's order.
    ///   - evidence: plans, forecasts and whatever else can hold no secret.
    ///   - runs: what is known of the runs that the lines are about; a run that was opened in
    ///     these lines need not be there.
    /// - Throws: `JournalError` (corrupt) for lines that are none, or don't follow each other.
    package init(
        lines: [TrailLine], evidence: [[UInt8]] = [], runs: [RunID: TrailRun] = [:]
    ) throws(JournalError) {
        guard (1...TrailLayout.largestBatch).contains(lines.count) else {
            throw JournalError(
                .full, "A commit of the trail takes 1 to \(TrailLayout.largestBatch) events.")
        }
        var records: [TrailRecord] = []
        for line in lines {
            do {
                records.append(try TrailRecord(line: Array(line.text.utf8)))
            } catch {
                throw .unreadableLine(line.sequence, error)
            }
        }
        for (index, record) in records.enumerated() {
            guard record.sequence == lines[0].sequence + index,
                record.sequence == lines[index].sequence,
                index == 0 || record.previous == lines[index - 1].digest
            else { throw .brokenChain(at: lines[index].sequence) }
        }
        (self.lines, self.evidence, self.records) = (lines, evidence, records)
        message = TrailMessage(records, digest: lines[lines.count - 1].digest, runs: runs).text
    }

    /// The content of its file below `events/`.
    var content: [UInt8] { lines.flatMap { Array($0.text.utf8) + [UInt8(ascii: "\n")] } }

    /// The `seq` of its first line.
    var first: Int { lines[0].sequence }
    /// The `seq` of its last line.
    var last: Int { lines[lines.count - 1].sequence }
}

/// What the trail's messages say of a run.
package struct TrailRun: Sendable, Hashable {
    /// The runbook's title.
    package let title: String
    /// The runbook's id.
    package let runbook: String
    /// All of its targets.
    package let targets: [String]
    /// Who started it.
    package let actor: String
    /// The ticket it was started for; nil without one.
    package let ticket: String?
    /// The alert that it answers; nil without one.
    package let alert: String?
    /// Where its runbook came from.
    package let library: String

    package init(
        title: String, runbook: String, targets: [String], actor: String, ticket: String? = nil,
        alert: String? = nil, library: String
    ) {
        (self.title, self.runbook, self.targets) = (title, runbook, targets)
        (self.actor, self.ticket, self.alert, self.library) = (actor, ticket, alert, library)
    }

    /// What a run's record says.
    package init(_ run: RunRecord) {
        self.init(
            title: run.plan.runbook.title, runbook: run.plan.runbook.id.rawValue,
            targets: run.plan.targets.map(\.name.rawValue), actor: run.actor, ticket: run.ticket,
            alert: run.alert, library: run.librarySource)
    }

    /// What a line `run.opened` says.
    init(opened record: TrailRecord) {
        var targets: [String] = []
        if case .array(let list)? = record.details["targets"] { targets = list.compactMap(\.text) }
        self.init(
            title: record.detail("title") ?? "", runbook: record.detail("runbook") ?? "",
            targets: targets, actor: record.actor, ticket: record.detail("ticket"),
            alert: record.detail("alert"), library: record.detail("library") ?? "")
    }
}

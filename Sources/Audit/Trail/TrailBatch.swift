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

    /// A batch with the message that its lines make; each line is read.
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
        var read: [ReadLine] = []
        for line in lines { read.append(try ReadLine(line)) }
        try self.init(read: read, evidence: evidence, runs: runs)
    }

    /// The same of lines that were read.
    init(
        read: [ReadLine], evidence: [[UInt8]], runs: [RunID: TrailRun]
    ) throws(JournalError) {
        guard (1...TrailLayout.largestBatch).contains(read.count) else {
            throw JournalError(
                .full, "A commit of the trail takes 1 to \(TrailLayout.largestBatch) events.")
        }
        let first = read[0].line.sequence
        for (index, one) in read.enumerated() {
            guard one.record.sequence == first + index, one.line.sequence == first + index,
                index == 0 || one.record.previous == read[index - 1].line.digest
            else { throw .brokenChain(at: one.line.sequence) }
        }
        (lines, records, self.evidence) = (read.map(\.line), read.map(\.record), evidence)
        message = TrailMessage(records, digest: lines[lines.count - 1].digest, runs: runs).text
    }

    /// The content of its file below `events/`.
    var content: [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(lines.reduce(0) { $0 + $1.text.utf8.count + 1 })
        for line in lines {
            content += line.text.utf8
            content.append(UInt8(ascii: "\n"))
        }
        return content
    }

    /// The `seq` of its first line.
    var first: Int { lines[0].sequence }
    /// The `seq` of its last line.
    var last: Int { lines[lines.count - 1].sequence }
}

/// A line with what it says.
struct ReadLine: Sendable {
    let line: TrailLine
    let record: TrailRecord

    /// What it says is known already: this process has made it.
    init(_ line: TrailLine, record: TrailRecord) { (self.line, self.record) = (line, record) }

    /// Reads it.
    ///
    /// - Throws: `JournalError` (corrupt) for a line that is none.
    init(_ line: TrailLine) throws(JournalError) {
        do {
            self.init(line, record: try TrailRecord(line: Array(line.text.utf8)))
        } catch {
            throw .unreadableLine(line.sequence, error)
        }
    }
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

import Runner

/// What is checked of one batch of lines.
extension TrailWalk {
    /// A batch as it was read.
    struct ReadBatch {
        /// The file; nil when the commit adds none.
        var path: String?
        /// The lines that could be read.
        var records: [TrailRecord] = []
    }

    /// How far a clock may go back unannounced: two processes write down what they did in turns.
    static let clockSlack = Duration.seconds(60)

    mutating func checkBatch(_ changes: [Change], isFirst: Bool) throws -> ReadBatch {
        let added = changes.filter { change in
            change.path.hasPrefix("events/") && change.old == nil && change.new?.mode == .file
        }
        let wanted = added.first { $0.path.hasSuffix(Self.fileName(last.size + 1)) } ?? added.first
        guard let wanted, let new = wanted.new else {
            add(.batchMissing, "The commit adds no file of events.")
            return ReadBatch()
        }
        var batch = ReadBatch(path: wanted.path)
        let limit = TrailLayout.largestBatch * TrailLine.longest
        guard let bytes = try read(new.id, .blob, limit, path: wanted.path) else { return batch }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count > 1, lines.last?.isEmpty == true,
            lines.count <= TrailLayout.largestBatch + 1
        else {
            add(
                .batchForm, path: wanted.path,
                "\(wanted.path) isn't 1 to \(TrailLayout.largestBatch) whole lines.")
            return batch
        }
        let first = last.size + 1
        for line in lines.dropLast() { take(Array(line), of: wanted.path, into: &batch) }
        if isFirst { checkBeginning(batch) }
        if let record = batch.records.first {
            let place = TrailLayout.eventPath(firstSequence: record.sequence, at: record.at)
            if place.joined(separator: "/") != wanted.path {
                add(.batchPlace, path: wanted.path, "The first event's time belongs elsewhere.")
            }
        }
        try compareJournal(lines.dropLast(), from: first)
        return batch
    }

    private static func fileName(_ sequence: Int) -> String {
        let text = "\(sequence)"
        return "/" + String(repeating: "0", count: max(0, 12 - text.count)) + text + ".ndjson"
    }

    private mutating func take(_ line: [UInt8], of path: String, into batch: inout ReadBatch) {
        let expected = last.size + 1
        result.events += 1
        let record: TrailRecord
        do {
            record = try TrailRecord(line: line)
        } catch {
            last = TrailAnchor(size: expected, digest: TrailLine.digest(of: line))
            switch error {
            case .form(let why):
                add(.lineForm, path: path, sequence: expected, "No line of a trail: \(why).")
            case .field(let key):
                add(
                    .lineField, path: path, sequence: expected,
                    "'\(key)' is missing, unknown or wrong.")
            }
            return
        }
        if record.sequence != expected {
            add(
                .lineSequence, path: path, sequence: expected,
                "Event \(record.sequence) stands where \(expected) belongs.")
        }
        if record.previous != last.digest {
            add(
                .lineChain, path: path, sequence: record.sequence,
                "Event \(record.sequence) doesn't name the one before it.")
        }
        if record.isA(.trailCreated), expected > 1 {
            add(
                .beginningWrong, path: path, sequence: record.sequence,
                "A trail begins only once.")
        }
        checkTime(of: record, path)
        last = TrailAnchor(size: record.sequence, digest: TrailLine.digest(of: line))
        compare(last)
        batch.records.append(record)
    }

    private mutating func checkBeginning(_ batch: ReadBatch) {
        guard let first = batch.records.first, first.sequence == 1, first.isA(.trailCreated),
            TrailRepository.keys(addedBy: [first]).count == 1
        else {
            add(
                .beginningWrong, path: batch.path, sequence: 1,
                "The first event isn't the beginning of a trail.")
            origin = batch.records.first?.id
            return
        }
        origin = first.id
    }

    private mutating func checkTime(of record: TrailRecord, _ path: String) {
        if record.isA(.clockStepped) {
            latest = record.at
            return
        }
        guard let latest else {
            latest = record.at
            return
        }
        if record.at.adding(Self.clockSlack) < latest {
            add(
                .clockBackwards, path: path, sequence: record.sequence,
                "Event \(record.sequence) is \(latest.since(record.at) / 1000) s earlier than one "
                    + "before it, and no event says that the clock was set.")
        }
        self.latest = max(latest, record.at)
    }

    private mutating func compareJournal(
        _ lines: ArraySlice<ArraySlice<UInt8>>, from first: Int
    ) throws {
        guard let journal = verifier.journal else { return }
        let own = try journal(first...(first + lines.count - 1))
        for (index, line) in lines.enumerated() {
            let sequence = first + index
            guard own.indices.contains(index) else {
                return add(
                    .journalDiffers, sequence: sequence, "The journal has no event \(sequence).")
            }
            if !own[index].utf8.elementsEqual(line) {
                add(
                    .journalDiffers, sequence: sequence,
                    "The journal's event \(sequence) is another one.")
            }
        }
    }
}

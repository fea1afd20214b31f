import Runbooks

/// A desk in memory, for tests: the rules of the real one, none of its files.
package actor MemoryDesk: ChangeDesk {
    /// In the order of their numbers.
    private var recorded: [[RecordedChangeEvent]] = []

    /// Makes an empty desk.
    package init() {}

    /// Records a new change, and gives it the next number.
    package func open(
        _ events: [ChangeEvent], actor: String, at: Timestamp
    ) throws(JournalError) -> Change {
        guard let id = ChangeID(number: recorded.count + 1) else { throw .noOpening }
        return try keep(events, of: id, after: [], actor, at)
    }

    /// Records events of a change after the last one that is known.
    package func append(
        _ events: [ChangeEvent], to change: ChangeID, after sequence: Int, actor: String,
        at: Timestamp
    ) throws(JournalError) -> Change {
        let known = try self.events(of: change)
        if known.count != sequence {
            throw .changedMeanwhile(
                try self.change(change), by: known.last?.actor ?? PersonCommand.engine)
        }
        return try keep(events, of: change, after: known, actor, at)
    }

    /// A change as it is now.
    package func change(_ id: ChangeID) throws(JournalError) -> Change {
        guard let change = Change(id, events: try events(of: id)) else { throw .noOpening }
        return change
    }

    /// All that happened to a change.
    package func events(of change: ChangeID) throws(JournalError) -> [RecordedChangeEvent] {
        guard recorded.indices.contains(change.number - 1) else { throw .noChange(change) }
        return recorded[change.number - 1]
    }

    /// The newest changes first.
    package func changes(matching filter: ChangeFilter) throws(JournalError) -> [Change] {
        let all = recorded.indices.reversed().compactMap { index in
            ChangeID(number: index + 1).flatMap { Change($0, events: recorded[index]) }
        }
        return Array(all.filter(filter.holds).prefix(filter.limit))
    }

    private func keep(
        _ events: [ChangeEvent], of id: ChangeID, after known: [RecordedChangeEvent],
        _ actor: String, _ at: Timestamp
    ) throws(JournalError) -> Change {
        guard events.allSatisfy(\.fitsRecord) else { throw .changeTooLarge(id) }
        let all =
            known
            + events.enumerated().map {
                RecordedChangeEvent(
                    sequence: known.count + $0 + 1, at: at, actor: actor, event: $1)
            }
        guard let change = Change(id, events: all) else { throw .noOpening }
        if recorded.indices.contains(id.number - 1) {
            recorded[id.number - 1] = all
        } else {
            recorded.append(all)
        }
        return change
    }
}

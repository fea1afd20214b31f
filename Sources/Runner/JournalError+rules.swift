import Runbooks

/// The limits of a journal and its store (docs/journal.md, "Limits").
package enum JournalLimit {
    /// Commands of one run that nobody has carried out yet.
    package static let waitingCommands = 256
    /// One stored content.
    package static let contentBytes = 64 << 20
}

/// The refusals that every journal gives in the same words.
extension JournalError {
    /// There is no such run.
    package static func noRun(_ run: RunID) -> JournalError {
        JournalError(
            .notFound, "There is no run \(run) in this journal.",
            hint: "'handrail history' lists the runs of this home.")
    }

    /// Another process leads the run.
    package static func leaseLost(_ run: RunID) -> JournalError {
        JournalError(
            .leaseLost, "Another process leads run \(run) now: nothing was recorded.",
            hint: "'handrail watch \(run)' follows it.")
    }

    /// The run has ended, and takes no event, command or leader any more.
    package static func closed(_ run: RunID, _ state: RunState) -> JournalError {
        JournalError(
            .closed, "Run \(run) has ended (\(state.rawValue)): nothing can be told to it.",
            hint: "'handrail status \(run)' shows how it ended; start a new run to go on.")
    }

    /// Too many commands wait for the run's leader.
    package static func inboxFull(_ run: RunID) -> JournalError {
        JournalError(
            .full,
            "\(JournalLimit.waitingCommands) commands wait in the inbox of run \(run) already.",
            hint: "Nobody seems to lead the run: 'handrail resume \(run)' takes it over.")
    }

    /// Another run took the id, or the number among its plan's runs.
    package static func taken(_ run: RunID, number: Int) -> JournalError {
        JournalError(
            .locked,
            "Run \(run) was not opened: its id, or number \(number) of its plan, is taken.",
            hint: "Another run of this plan started at the same moment. Try again.")
    }

    /// A run of the same plan has not ended: what it does would be done twice.
    package static func underWay(_ other: RunID) -> JournalError {
        JournalError(
            .locked,
            "The run \(other) of this plan has not ended: nothing was started beside it.",
            hint: "'handrail watch \(other)' follows it while a process leads it; "
                + "'handrail resume \(other)' leads it on when none does.")
    }

    /// Targets that ended well in a run of the same plan: it is used up for them.
    package static func usedUp(_ targets: [TargetName], by run: RunID) -> JournalError {
        let named = targets.prefix(5).map(\.rawValue).joined(separator: ",")
        let rest = targets.count - 5
        return JournalError(
            .repeated,
            "The plan is used up for \(named)\(rest > 0 ? " … +\(rest)" : ""): "
                + "that ended well in its run \(run).",
            hint: "A new plan does it again: 'handrail plan'. Or leave out what is done: "
                + "--without … --why '…'")
    }
}

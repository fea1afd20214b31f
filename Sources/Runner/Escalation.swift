import Runbooks

/// An escalation's id, such as `e-20261123-0714-k3f9`.
package struct EscalationID: CheckedName {
    /// The id as it is typed, with its `e-`.
    package let rawValue: String
    /// The grammar, as errors word it.
    package static let grammar = "'e-', a date, a time, and four letters or digits"

    package init?(rawValue: String) {
        guard rawValue.hasPrefix("e-"), rawValue.utf8.count <= 40, NameGrammar.isTarget(rawValue)
        else { return nil }
        self.rawValue = rawValue
    }
}

/// Something that a person has handed over to somebody who can do more (docs/operator.md).
package struct Escalation: Sendable, Hashable {
    /// How an escalation came to its end.
    package struct End: Sendable, Hashable {
        /// When it was recorded.
        package let at: Timestamp
        /// Who said so: the account's name.
        package let actor: String
        /// What came of it.
        package let note: String

        package init(at: Timestamp, actor: String, note: String) {
            (self.at, self.actor, self.note) = (at, actor, note)
        }
    }

    /// What people type to name it.
    package let id: EscalationID
    /// The run that is handed over; nil when there was none.
    package let run: RunID?
    /// When it was recorded.
    package let at: Timestamp
    /// Who handed it over: the account's name.
    package let actor: String
    /// Whom it was handed to, such as `tier-3`.
    package let to: String
    /// What they are told.
    package let note: String
    /// The ticket it belongs to; nil without one.
    package let ticket: String?
    /// The name of the alert it began with; nil without one.
    package let alert: String?
    /// Of the pack without what could hold a secret: the trail keeps this one for ever.
    package let evidence: Digest
    /// Of the whole `pack.json`, which the output store keeps.
    package let pack: Digest
    /// How it ended; nil while it is somebody's business.
    package var end: End?

    package init(
        id: EscalationID, run: RunID?, at: Timestamp, actor: String, to: String, note: String,
        ticket: String?, alert: String?, evidence: Digest, pack: Digest, end: End? = nil
    ) {
        (self.id, self.run, self.at, self.actor) = (id, run, at, actor)
        (self.to, self.note, self.ticket, self.alert) = (to, note, ticket, alert)
        (self.evidence, self.pack, self.end) = (evidence, pack, end)
    }
}

/// Somebody's warning that a runbook is wrong or dangerous, until it is taken back.
package struct RaisedFlag: Sendable, Hashable, Codable {
    /// The runbook that it is about.
    package let runbook: RunbookID
    /// When it was recorded.
    package let at: Timestamp
    /// Who warns: the account's name.
    package let actor: String
    /// What is wrong with it.
    package let why: String

    package init(runbook: RunbookID, at: Timestamp, actor: String, why: String) {
        (self.runbook, self.at, self.actor, self.why) = (runbook, at, actor, why)
    }
}

import Runbooks
import Runner

/// What operators do beside runs.
extension TrailEvent {
    /// Something was handed over; the pack's copy without outputs is evidence.
    init(_ escalation: Escalation) {
        self.init(kind: .escalated, at: escalation.at, actor: escalation.actor, via: .cli)
        run = escalation.run
        details = [
            "escalation": .string(escalation.id.rawValue), "to": .string(escalation.to),
            "note": .string(escalation.note), "pack_digest": .string(escalation.evidence.rawValue),
            "content_digest": .string(escalation.pack.rawValue),
        ]
        details["ticket"] = escalation.ticket.map { .string($0) }
        details["alert"] = escalation.alert.map { .string($0) }
    }

    /// What was handed over came to its end.
    init(_ end: Escalation.End, of id: EscalationID, run: RunID?) {
        self.init(kind: .escalationEnded, at: end.at, actor: end.actor, via: .cli)
        self.run = run
        details = ["escalation": .string(id.rawValue), "note": .string(end.note)]
    }

    /// A target is well that a run, which is over, left in doubt.
    init(_ settlement: Settlement) {
        self.init(kind: .targetSettled, at: settlement.at, actor: settlement.actor, via: .cli)
        (run, target) = (settlement.run, settlement.target)
        details = ["as": .string("well"), "reason": .string(settlement.why)]
    }

    /// Somebody warns of a runbook.
    init(_ flag: RaisedFlag) {
        self.init(kind: .flagged, at: flag.at, actor: flag.actor, via: .cli)
        details = ["runbook": .string(flag.runbook.rawValue), "reason": .string(flag.why)]
    }

    /// The warnings of a runbook were taken back.
    init(clearingFlagsOf runbook: RunbookID, count: Int, at: Timestamp, actor: String, why: String)
    {
        self.init(kind: .flagCleared, at: at, actor: actor, via: .cli)
        details = [
            "runbook": .string(runbook.rawValue), "flags": .integer(Int64(count)),
            "reason": .string(why),
        ]
    }
}

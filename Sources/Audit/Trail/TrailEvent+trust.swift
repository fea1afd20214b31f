import Runner

extension TrailEvent {
    /// Trust is another one; the files' content is evidence, named by its digest.
    init(_ change: TrustChange) {
        self.init(
            kind: .trustChanged, at: change.at, actor: change.actor,
            via: change.way == .found ? .found : .cli)
        details = ["note": .string(change.what)]
        details["before"] = change.before.map { .string($0.rawValue) }
        details["trust_digest"] = change.after.map { .string($0.rawValue) }
    }

    /// A person signed an act; what was signed is evidence.
    init(_ act: SignedAct) {
        self.init(kind: .actSigned, at: act.at, actor: act.signer.rawValue, via: .cli)
        (run, plan) = (act.statement.run, act.statement.plan)
        details = [
            "verb": .string(act.statement.command.rawValue),
            "key": .string(act.key.rawValue), "signed_digest": .string(act.digest.rawValue),
        ]
    }
}

/// What a runbook is for; the kind decides which gates bind (docs/semantics.md, "Gates").
package enum RunbookKind: String, Sendable, Codable, CaseIterable {
    case resolution, change, baseline
}

/// A symptom that a runbook is a fix for.
package struct Symptom: Sendable, Hashable {
    /// What to do when the symptom isn't there before the run.
    package enum NotPresent: String, Sendable, Codable, CaseIterable { case ask, refuse }

    /// Names of alerts, as monitoring calls them.
    package var alerts: [String]
    /// Which targets it is about, over labels.
    package var when: Expression?
    /// Parameters taken from an alert: name → path such as `alert.labels.instance`.
    package var fill: [String: String]
    /// Exits 0 when the symptom is here, 1 when it is not.
    ///
    /// Asked before the run, and after it as the proof.
    package var present: ScriptCall?
    /// What to do when it isn't there: ask the person, or refuse the run.
    package var notPresent: NotPresent
    /// How long it must stay gone before the run counts as resolved.
    package var goneFor: Duration
    /// Where the document says it, for diagnostics.
    package var position: SourcePosition

    package init(
        alerts: [String], when: Expression? = nil, fill: [String: String] = [:],
        present: ScriptCall? = nil, notPresent: NotPresent = .ask, goneFor: Duration = .zero,
        position: SourcePosition
    ) {
        self.alerts = alerts
        self.when = when
        self.fill = fill
        self.present = present
        self.notPresent = notPresent
        self.goneFor = goneFor
        self.position = position
    }
}

/// Which targets a runbook may run on.
package struct TargetRule: Sendable, Hashable {
    /// How many targets one run is for.
    package enum Pick: String, Sendable, Codable, CaseIterable { case one, many }

    /// Over labels; nil allows every target.
    package var select: Expression?
    /// With `one`, a plan for several targets is refused.
    package var pick: Pick
    /// How many targets changing steps may reach without a change.
    package var max: Int

    package init(select: Expression? = nil, pick: Pick = .one, max: Int = 1) {
        self.select = select
        self.pick = pick
        self.max = max
    }
}

/// Who is told when a run has failed.
package struct OnFailure: Sendable, Hashable, Codable {
    /// Who takes over, such as `tier-3`; nil when the runbook names nobody.
    package var escalate: String?
    /// What whoever takes over is told; nil when the runbook says nothing.
    package var note: String?

    package init(escalate: String?, note: String?) {
        self.escalate = escalate
        self.note = note
    }
}

/// A runbook as its document says it, after every check.
package struct Runbook: Sendable, Hashable {
    /// What people type and plans name; unique in its library.
    package var id: RunbookID
    /// One line for lists and confirmations.
    package var title: String
    /// What it is for, which decides the gates that bind.
    package var kind: RunbookKind
    /// The team that answers for it; shown, and compared with nothing.
    package var owner: String
    /// `YYYY-MM-DD`; a warning after it.
    package var reviewBy: String?
    /// The account the steps run as on the target; nil for the login's own.
    package var runAs: String?
    /// The symptoms it is a fix for, in the document's order; a change has none.
    package var symptoms: [Symptom]
    /// Which targets it may run on, and how many of them.
    package var targets: TargetRule
    /// In the document's order, which is the order of forms.
    package var parameters: [Parameter]
    /// What each target is asked before its first step.
    package var facts: [Fact] = []
    /// Named values that differ between targets.
    package var values: [ValueRule] = []
    /// In the order in which every target runs them.
    package var steps: [Step]
    /// What must hold on each target at the end; its last step, and counted like one.
    package var verify: [AssertAction]
    /// How many targets at once, when it stops, and what lies between two waves.
    package var rollout: Rollout
    /// How its targets are cut into waves; nil for one wave of all.
    package var waves: WaveRule?
    /// What is done before the targets of each wave, once, on the controller.
    package var beforeWave: [Step] = []
    /// What is done after the targets of each wave, once, on the controller; after failures too.
    package var afterWave: [Step] = []
    /// Who is told once a run has failed; nil when nobody is.
    package var onFailure: OnFailure?
    /// How often it may be run; nil for any number.
    package var repeatRule: RepeatRule?
    /// The known change type that its changes have; nil where whoever opens one says it.
    package var changeType: PlacedText?
    /// What a baseline says beside its items, which are its steps; nil for other kinds.
    package var baseline: BaselineRule?
    /// Paths under `lib/` that belong to the digest.
    package var uses: [String]
    /// A longer explanation, shown on request.
    package var help: String?
    /// The folder of `runbook.yaml`, relative to the library's root.
    package var folder: String

    package init(
        id: RunbookID, title: String, kind: RunbookKind, owner: String, reviewBy: String? = nil,
        runAs: String? = nil, symptoms: [Symptom] = [], targets: TargetRule = TargetRule(),
        parameters: [Parameter] = [], steps: [Step], verify: [AssertAction] = [],
        rollout: Rollout = Rollout(), waves: WaveRule? = nil, onFailure: OnFailure? = nil,
        repeatRule: RepeatRule? = nil, changeType: PlacedText? = nil,
        baseline: BaselineRule? = nil, uses: [String] = [],
        help: String? = nil, folder: String
    ) {
        self.id = id
        self.title = title
        self.kind = kind
        self.owner = owner
        self.reviewBy = reviewBy
        self.runAs = runAs
        self.symptoms = symptoms
        self.targets = targets
        self.parameters = parameters
        self.steps = steps
        self.verify = verify
        self.rollout = rollout
        self.waves = waves
        self.onFailure = onFailure
        self.repeatRule = repeatRule
        self.changeType = changeType
        self.baseline = baseline
        self.uses = uses
        self.help = help
        self.folder = folder
    }
}

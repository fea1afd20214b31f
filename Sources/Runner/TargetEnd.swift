import Runbooks

/// How one target of a run ended, as far as it says whether the run helped *there*.
package struct TargetEnd: Sendable, Hashable {
    /// How its sequence ended; nil when it was never started.
    package let outcome: Outcome?
    /// What the symptom said in the end; nil when it wasn't asked.
    package let symptom: SymptomAnswer?
    /// What a `stop` step decided; nil when none was reached.
    package let stop: StopAction.Resolution?
    /// Whether the runbook has a `verify`, which holds where a target ended well.
    package let hasVerify: Bool

    package init(
        outcome: Outcome?, symptom: SymptomAnswer?, stop: StopAction.Resolution?, hasVerify: Bool
    ) {
        (self.outcome, self.symptom) = (outcome, symptom)
        (self.stop, self.hasVerify) = (stop, hasVerify)
    }

    /// Whether the run helped there, by the rules that hold for a run; nil where it never started.
    package var resolution: RunResolution? {
        guard let outcome else { return nil }
        if stop == .unresolved || symptom == .present { return .unresolved }
        if outcome == .aborted { return .unclear }
        guard outcome.isGood else { return .unresolved }
        if symptom == .unclear { return .unclear }
        return stop == .resolved || symptom == .gone || hasVerify ? .resolved : .unclear
    }
}

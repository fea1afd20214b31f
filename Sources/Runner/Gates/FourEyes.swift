import Runbooks

/// Four eyes while a run is led: whoever approved it doesn't let its targets start either.
///
/// Gate 7 asks it of who starts a run; a retry is a run of its own. Resuming and promoting start
/// targets, too. Stopping is everybody's.
package struct FourEyes: Sendable {
    private let plan: Plan
    private let glass: BrokenGlass?

    /// For a run, of which its record says enough.
    package init(of run: RunRecord) { (plan, glass) = (run.plan, run.brokenGlass) }

    /// Why somebody can't let targets of the run start; nil where they can, as far as this goes.
    package func refusal(
        of actor: String, _ verb: Verb, standing: ChangeFacts.Standing
    ) -> TrustRefusal? {
        if let glass, glass.second == actor {
            return TrustRefusal(
                "\(actor) is the second who broke the glass, and so can't \(verb.phrase)",
                hint: "\(glass.first) can, and whoever else has a role for it")
        }
        guard plan.environment.change == .required, case .known(let change) = standing,
            change.approvers.contains(actor)
        else { return nil }
        return TrustRefusal(
            "\(actor) approved \(change.id), and so can't \(verb.phrase): that starts targets",
            hint: "somebody else can; 'handrail pause' and 'handrail abort' are everybody's")
    }
}

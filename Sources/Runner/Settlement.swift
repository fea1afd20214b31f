import Runbooks

/// A person looked at a target after a run that ended badly there, and says that it is well.
///
/// The run is over: nothing of it goes on. It isn't unknown any more, and the target is available.
package struct Settlement: Sendable, Hashable {
    /// The run that is over.
    package let run: RunID
    /// Where somebody looked.
    package let target: TargetName
    /// When it was said.
    package let at: Timestamp
    /// Who says it: the account's name.
    package let actor: String
    /// How they know.
    package let why: String

    package init(run: RunID, target: TargetName, at: Timestamp, actor: String, why: String) {
        (self.run, self.target, self.at, self.actor, self.why) = (run, target, at, actor, why)
    }
}

import Runbooks

/// That a trust folder became another one.
package struct TrustChange: Sendable, Hashable {
    /// How Handrail learned of it.
    package enum Way: String, Sendable, CaseIterable {
        /// By its own command.
        case command
        /// Somebody wrote the folder by hand; it was noticed at the next use.
        case found
    }

    /// The digest before; nil when there was no folder.
    package let before: Digest?
    /// The digest now, by which the store has the files' content; nil when the folder is gone.
    package let after: Digest?
    /// When it was recorded.
    package let at: Timestamp
    /// Who changed it, or whose command noticed it.
    package let actor: String
    /// How Handrail learned of it.
    package let way: Way
    /// What was done, for people.
    package let what: String

    package init(
        before: Digest?, after: Digest?, at: Timestamp, actor: String, way: Way, what: String
    ) {
        (self.before, self.after, self.at) = (before, after, at)
        (self.actor, self.way, self.what) = (actor, way, what)
    }
}

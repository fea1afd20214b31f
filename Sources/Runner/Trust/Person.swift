/// Somebody whom trust knows: who they are, what they may be, and how they prove it.
package struct Person: Sendable, Hashable {
    /// What people are compared by.
    package let id: PersonID
    /// The name that people read.
    package let name: String
    /// The accounts of the system whose processes are this person's.
    package let accounts: [String]
    /// The e-mails by which the commits of libraries name them.
    package let git: [String]
    /// What they may be, and where.
    package let roles: [RoleGrant]
    /// The keys they sign with, those that have ended too.
    package let keys: [PersonKey]
    /// Since when nothing new counts that they do; nil while it does.
    package let retired: Timestamp?

    package init(
        id: PersonID, name: String, accounts: [String] = [], git: [String] = [],
        roles: [RoleGrant] = [], keys: [PersonKey] = [], retired: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.accounts = accounts
        self.git = git
        self.roles = roles
        self.keys = keys
        self.retired = retired
    }

    /// Whether a text can be the e-mail of a commit: one `@` with something around it, no spaces.
    package static func isGitAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.count <= Authorship.longestIdentity
            && !text.unicodeScalars.contains {
                $0.properties.isWhitespace || "<>".unicodeScalars.contains($0)
            }
    }

    /// Whether they had retired at an instant.
    package func isRetired(at instant: Timestamp) -> Bool { retired.map { $0 <= instant } ?? false }

    /// What they are, as a clause: `anna is operator (lab)`.
    package var standing: String {
        roles.isEmpty
            ? "\(id) has no role" : "\(id) is \(roles.map(\.text).joined(separator: ", "))"
    }
}

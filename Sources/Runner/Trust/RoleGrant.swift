import Runbooks

/// A role that a person has, and where; an empty list means no bound of that kind.
package struct RoleGrant: Sendable, Hashable {
    /// Which role.
    package let role: Role
    /// The environments it holds in.
    package let environments: [String]
    /// The runbooks it holds for: ids, areas such as `mailbox`, and patterns.
    package let runbooks: [NameGlob]
    /// The targets it holds on, by patterns of their names.
    ///
    /// WHY NOT by labels: the library says them, and whoever writes it would widen a role.
    package let targets: [NameGlob]

    package init(
        _ role: Role, environments: [String] = [], runbooks: [NameGlob] = [],
        targets: [NameGlob] = []
    ) {
        self.role = role
        self.environments = environments
        self.runbooks = runbooks
        self.targets = targets
    }

    /// Whether it holds for what an act is about; what an act isn't about sets no bound.
    package func covers(environment: String?, runbook: RunbookID?, target: TargetName?) -> Bool {
        (environment.map { environments.isEmpty || environments.contains($0) } ?? true)
            && (runbook.map { id in runbooks.isEmpty || runbooks.contains { $0.covers(id) } }
                ?? true)
            && (target.map { name in
                targets.isEmpty || targets.contains { $0.fits(name.rawValue) }
            } ?? true)
    }

    /// The grant as people read it: `implementer (production; mailbox; mbx*)`.
    package var text: String {
        let bounds = [
            environments, runbooks.map(\.rawValue), targets.map { "targets \($0.rawValue)" },
        ].filter { !$0.isEmpty }.map { $0.joined(separator: ", ") }
        return bounds.isEmpty
            ? role.rawValue : "\(role.rawValue) (\(bounds.joined(separator: "; ")))"
    }
}

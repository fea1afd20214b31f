/// Whether a policy stops a run, only speaks, or stays silent.
package enum PolicyLevel: String, Sendable, Codable, CaseIterable { case required, advisory, off }

/// An environment: a set of targets with a policy of its own.
package struct EnvironmentRule: Sendable, Hashable, Codable {
    /// The key under `environments` in `handrail.yaml`, such as `production`.
    package let name: String
    /// Gate 1, and the least of gate 2.
    package let content: PolicyLevel
    /// Gates 5, 6 and 7.
    package let change: PolicyLevel
    /// Shown in red in confirmations.
    package let isProduction: Bool
    /// What must have succeeded elsewhere first; nil for a first environment.
    package let after: EnvironmentBefore?

    private enum CodingKeys: String, CodingKey {
        case name, content, change
        case isProduction = "production"
        case after
    }

    package init(
        name: String, content: PolicyLevel, change: PolicyLevel, isProduction: Bool,
        after: EnvironmentBefore? = nil
    ) {
        self.name = name
        self.content = content
        self.change = change
        self.isProduction = isProduction
        self.after = after
    }
}

/// A target as the inventory says it.
package struct Target: Sendable, Hashable, Codable {
    /// What people and plans call it; unique in the inventory.
    package let name: TargetName
    /// A host name or an address, checked; never starts with a dash.
    package let address: String
    /// TCP port, 1 to 65535.
    package let port: Int
    /// The account to log in with; nil leaves it to the person's ssh configuration.
    package let user: String?
    /// The name of its environment in `handrail.yaml`; every target has exactly one.
    package let environment: String
    /// Labels by name; one value, or several for a list.
    package let labels: [String: [String]]
    /// Names that alerts use for this target.
    package let aliases: [String]
    /// The groups it is in, sorted.
    package let groups: [String]
    /// Where steps that outlive their connection are kept on it, an absolute path; nil for the
    /// usual place.
    package let spool: String?

    package init(
        name: TargetName, address: String, port: Int = 22, user: String? = nil,
        environment: String, labels: [String: [String]] = [:], aliases: [String] = [],
        groups: [String] = [], spool: String? = nil
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.user = user
        self.environment = environment
        self.labels = labels
        self.aliases = aliases
        self.groups = groups
        self.spool = spool
    }
}

/// All targets that a library knows.
package struct Inventory: Sendable, Hashable {
    /// Sorted by name; names and aliases are unique.
    package let targets: [Target]

    package init(targets: [Target]) { self.targets = targets }
}

/// What `handrail.yaml` says.
package struct Configuration: Sendable, Hashable {
    /// The library's own id, such as `messaging-runbooks`.
    package let libraryID: String
    /// The environments that targets can be in, each with its policies.
    package let environments: [EnvironmentRule]
    /// How many targets of a group may be unavailable at a time.
    package let protect: [ProtectRule]
    /// The zone of calendars that name none, and of times that people are shown; nil where it says
    /// none, and then there are no calendars.
    package let timezone: String?
    /// The windows and freezes of the house, in the document's order.
    package let calendars: [CalendarRule]
    /// The known types of changes, in the document's order; `emergency` may be one of them.
    package let changeTypes: [ChangeType]

    package init(
        libraryID: String, environments: [EnvironmentRule], protect: [ProtectRule] = [],
        timezone: String? = nil, calendars: [CalendarRule] = [], changeTypes: [ChangeType] = []
    ) {
        self.libraryID = libraryID
        self.environments = environments
        self.protect = protect
        self.timezone = timezone
        self.calendars = calendars
        self.changeTypes = changeTypes
    }

    /// The same with other environments.
    package func replacing(environments: [EnvironmentRule]) -> Configuration {
        Configuration(
            libraryID: libraryID, environments: environments, protect: protect, timezone: timezone,
            calendars: calendars, changeTypes: changeTypes)
    }

    /// The type of a name; nil where there is none.
    package func changeType(named name: String) -> ChangeType? {
        changeTypes.first { $0.name == name }
    }
}

/// A whole library, read and checked.
package struct Library: Sendable {
    /// What `handrail.yaml` says: the library's id and its environments.
    package let configuration: Configuration
    /// The targets of all files under `inventory/`.
    package let inventory: Inventory
    /// Sorted by id; those whose documents have errors are missing here.
    package let runbooks: [Runbook]
    /// The files that all of this was read from; digests are taken of them.
    package let tree: LibraryTree

    package init(
        configuration: Configuration, inventory: Inventory, runbooks: [Runbook],
        tree: LibraryTree
    ) {
        self.configuration = configuration
        self.inventory = inventory
        self.runbooks = runbooks
        self.tree = tree
    }
}

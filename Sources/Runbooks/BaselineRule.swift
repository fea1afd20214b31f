/// What a baseline says beside its items, which are the runbook's steps.
package struct BaselineRule: Sendable, Hashable {
    /// How old an audit may be; nil for a baseline that is audited by hand only.
    package var every: Duration?
    /// The file of its exceptions, beside `runbook.yaml`; nil without one.
    package var exceptionsPath: String?
    /// What is excepted, in the file's order.
    package var exceptions: [BaselineException]

    package init(
        every: Duration? = nil, exceptionsPath: String? = nil,
        exceptions: [BaselineException] = []
    ) {
        self.every = every
        self.exceptionsPath = exceptionsPath
        self.exceptions = exceptions
    }
}

/// A deviation that somebody answers for until a day.
package struct BaselineException: Sendable, Hashable, Codable {
    /// The item: of one with `for_each` all of them, or a single one, `service[dovecot]`.
    package let item: StepID
    /// Where it is excepted, by the inventory's names.
    package let targets: [TargetName]
    /// `YYYY-MM-DD`: the last day on which it counts, UTC.
    package let until: String
    /// Why, for people.
    package let why: String
    /// Who answers for it; shown, and compared with nothing.
    package let who: String
    /// Where the file says it; nil in a plan, which has no documents.
    package let position: SourcePosition?

    private enum CodingKeys: String, CodingKey { case item, targets, until, why, who }

    package init(
        item: StepID, targets: [TargetName], until: String, why: String, who: String,
        position: SourcePosition? = nil
    ) {
        self.item = item
        self.targets = targets
        self.until = until
        self.why = why
        self.who = who
        self.position = position
    }

    /// Reads what a plan has; it has no position.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            item: try container.decode(StepID.self, forKey: .item),
            targets: try container.decode([TargetName].self, forKey: .targets),
            until: try container.decode(String.self, forKey: .until),
            why: try container.decode(String.self, forKey: .why),
            who: try container.decode(String.self, forKey: .who))
    }

    /// Whether it is about an item on a target.
    package func covers(_ item: StepID, on target: TargetName) -> Bool {
        (self.item == item || self.item == item.step) && targets.contains(target)
    }
}

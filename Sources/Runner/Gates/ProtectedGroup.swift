import Runbooks

/// Targets of which only so many may be unavailable at a time, as a plan records them.
package struct ProtectedGroup: Sendable, Codable, Hashable {
    /// A label, and the value that all members have.
    package struct Mark: Sendable, Codable, Hashable {
        /// The label's name.
        package var label: String
        /// One of its values.
        package var value: String

        package init(label: String, value: String) {
            self.label = label
            self.value = value
        }
    }

    /// What makes the group: every label of its rule.
    package var marks: [Mark]
    /// How many members may be unavailable; one at least.
    package var maxUnavailable: Int
    /// All targets of the plan's environment that have these values, sorted, the plan's or not.
    package var members: [TargetName]
    /// How an unavailable member is asked whether it is well all the same; nil when none is.
    package var peersOK: PeerCheck?

    private enum CodingKeys: String, CodingKey {
        case marks
        case maxUnavailable = "max_unavailable"
        case members
        case peersOK = "peers_ok"
    }

    package init(
        marks: [Mark], maxUnavailable: Int, members: [TargetName], peersOK: PeerCheck? = nil
    ) {
        self.marks = marks
        self.maxUnavailable = maxUnavailable
        self.members = members
        self.peersOK = peersOK
    }

    /// What people call it: `cluster = mb1`.
    package var name: String {
        marks.map { "\($0.label) = \($0.value)" }.joined(separator: ", ")
    }

    /// Whether starting a member would take one more away than the rule allows.
    ///
    /// A member that is unavailable already can always be started: it is to be mended, or undone.
    package func refuses(
        _ target: TargetName, isUnavailable: (TargetName) -> Bool
    ) -> Bool {
        guard members.contains(target), !isUnavailable(target) else { return false }
        return members.count(where: isUnavailable) + 1 > maxUnavailable
    }

    /// The groups that some targets belong to, by the rules of the house.
    ///
    /// A target with several values of a label belongs to a group for each; one without a label to
    /// none of that rule's. Sorted by rule, then by values.
    package static func groups(
        of targets: [Target], in inventory: Inventory, by rules: [ProtectRule]
    ) -> [ProtectedGroup] {
        let environments = Set(targets.map(\.environment))
        let all = inventory.targets.filter { environments.contains($0.environment) }
        return rules.flatMap { rule -> [ProtectedGroup] in
            let wanted = Set(targets.flatMap { combinations(of: $0, rule.per) })
            var members: [[Mark]: [TargetName]] = [:]
            for target in all {
                for marks in combinations(of: target, rule.per) where wanted.contains(marks) {
                    members[marks, default: []].append(target.name)
                }
            }
            return members.map { marks, names in
                ProtectedGroup(
                    marks: marks, maxUnavailable: rule.limit.of(names.count),
                    members: names.sorted(),
                    peersOK: rule.peersOK.map { PeerCheck(script: $0, peers: []) })
            }.sorted { $0.name < $1.name }
        }
    }

    /// Every choice of one value for each label; none where the target lacks one.
    private static func combinations(of target: Target, _ labels: [String]) -> [[Mark]] {
        labels.reduce([[]]) { made, label in
            let values = Set(target.labels[label] ?? []).sorted()
            return made.flatMap { marks in
                values.map { marks + [Mark(label: label, value: $0)] }
            }
        }
    }
}

/// A target that its last run left unavailable, until a later one ends well there.
package struct Standing: Sendable, Hashable {
    /// The target.
    package let target: TargetName
    /// How that run ended there: failed, timed out, unknown or unreachable.
    package let outcome: Outcome
    /// That run.
    package let run: RunID

    package init(target: TargetName, outcome: Outcome, run: RunID) {
        (self.target, self.outcome, self.run) = (target, outcome, run)
    }

    /// What a target's standing becomes when a run ends there; nil for available.
    ///
    /// A run that changes things takes it away when it failed, and gives it back when it ended
    /// well. One that only reads says no more than whether it can be reached. Who was aborted says
    /// nothing.
    package static func after(
        _ outcome: Outcome, isChanging: Bool, before: Outcome?
    ) -> Outcome? {
        switch outcome {
        case .failed, .timedOut, .unknown: isChanging ? outcome : before
        case .unreachable: before ?? .unreachable
        case .satisfied, .changed, .ok:
            isChanging || before == .unreachable ? nil : before
        case .aborted, .skipped: before
        }
    }
}

/// Why a target counts as unavailable.
package enum Unavailability: Sendable, Hashable {
    /// A run is at work on it, or keeps it.
    case held(TargetLock)
    case ended(Standing)

    /// Which target it is about.
    package var target: TargetName {
        switch self {
        case .held(let lock): lock.target
        case .ended(let standing): standing.target
        }
    }

    /// A clause that says why.
    package var text: String {
        switch self {
        case .held(let lock): lock.text
        case .ended(let standing):
            "\(standing.target) ended \(standing.outcome.phrase) in run \(standing.run)"
        }
    }

    /// What a person can do about it, as a clause.
    package var next: String {
        switch self {
        case .held(let lock): lock.next
        case .ended(let standing):
            "it counts until a run that changes something there ends well; "
                + "'handrail status \(standing.run)' says what happened, and 'handrail settle "
                + "\(standing.run) --on \(standing.target) --as well --why …' that it is well"
        }
    }
}

extension Outcome {
    /// The word for a sentence.
    fileprivate var phrase: String { self == .timedOut ? "timed out" : rawValue }
}

/// A start that would take one more member of a group away than its rule allows.
package struct GroupRefusal: Sendable, Hashable {
    /// Unavailable members that are named; the others are counted.
    private static let named = 3

    /// The target that is not started.
    package let target: TargetName
    /// The group that it belongs to.
    package let group: ProtectedGroup
    /// The members that are unavailable, in the group's order.
    package let unavailable: [Unavailability]

    package init(target: TargetName, group: ProtectedGroup, unavailable: [Unavailability]) {
        (self.target, self.group, self.unavailable) = (target, group, unavailable)
    }

    /// The one wording of which rule is in the way, and of what.
    package var text: String {
        let shown = unavailable.prefix(Self.named).map(\.text)
        let more = unavailable.count - shown.count
        return "\(target) is kept available: of the \(group.members.count) targets with "
            + "\(group.name) at most \(group.maxUnavailable) may be unavailable, and "
            + shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    /// What a person can do about it, as a clause.
    package var next: String {
        if mayYetStart { return "they are asked whether they are well all the same (peers_ok)" }
        return unavailable.first?.next ?? "the rule allows none"
    }
}

/// What is known of targets at one moment, for deciding what may start.
package struct Availability: Sendable {
    private let reasons: [TargetName: Unavailability]

    /// What locks and past runs say.
    package init(locks: [TargetLock], standings: [Standing]) {
        var reasons: [TargetName: Unavailability] = [:]
        for standing in standings { reasons[standing.target] = .ended(standing) }
        for lock in locks.reversed() { reasons[lock.target] = .held(lock) }
        self.reasons = reasons
    }

    /// Why a target can't be started, by the first of its groups that says no; nil where it can.
    package func refusal(of target: TargetName, in groups: [ProtectedGroup]) -> GroupRefusal? {
        let group = groups.first { $0.refuses(target) { reasons[$0] != nil } }
        return group.map { group in
            GroupRefusal(
                target: target, group: group, unavailable: group.members.compactMap { reasons[$0] })
        }
    }
}

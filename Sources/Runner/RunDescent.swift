import Runbooks

/// What a run goes on from: another run of the same plan (docs/semantics.md, "Child runs").
///
/// Part of the run's record, so that a later leader begins at the same places.
package struct RunDescent: Sendable, Codable, Hashable {
    /// What it does with what the other run left.
    package enum Kind: String, Sendable, Codable {
        case retry, rollback
    }

    /// What it does with what the other run left.
    package let kind: Kind
    /// The newest run that it goes on from.
    package let parent: RunID
    /// Where each of its targets begins, in the order in which they are started.
    package let starts: [TargetStart]
    /// Of a rollback: whether further targets are undone after one has failed.
    package let keepsGoing: Bool
    /// Steps that were done once, and aren't done again; nil where there are none.
    package let shared: [SharedEnd]?

    package init(
        kind: Kind, parent: RunID, starts: [TargetStart], keepsGoing: Bool = false,
        shared: [SharedEnd]? = nil
    ) {
        self.shared = shared?.isEmpty == true ? nil : shared
        self.kind = kind
        self.parent = parent
        self.starts = starts
        self.keepsGoing = keepsGoing
    }
}

/// Where a target of a child run begins, and what it takes over.
package struct TargetStart: Sendable, Codable, Hashable {
    /// A step that has ended before, and what it came to.
    package struct Passed: Sendable, Codable, Hashable {
        /// The step, or an item.
        package let step: StepID
        /// How it ended.
        package let outcome: Outcome
        /// Its checked outputs; nil when it has none.
        package let outputs: [String: String]?
        /// The answer to it; nil when it asked nobody.
        package let answer: String?

        package init(
            step: StepID, outcome: Outcome, outputs: [String: String]? = nil, answer: String? = nil
        ) {
            self.step = step
            self.outcome = outcome
            self.outputs = outputs
            self.answer = answer
        }
    }

    /// A step that may have changed the target, and that a rollback undoes.
    package struct Undone: Sendable, Codable, Hashable {
        /// The step, or an item.
        package let step: StepID
        /// The runs that may have changed it, the newest first.
        package let runs: [RunID]
        /// Whether it ended well in all of them, so that it did change something.
        package let isCertain: Bool

        package init(step: StepID, runs: [RunID], isCertain: Bool) {
            self.step = step
            self.runs = runs
            self.isCertain = isCertain
        }
    }

    /// Which target.
    package let target: TargetName
    /// Of a retry: the first step that it goes through; nil when only the end remains.
    package let step: StepID?
    /// The steps that have ended, in order: outcomes, outputs and answers that later ones see.
    package let passed: [Passed]
    /// Steps with a release that was paid: they run again before anything within their bracket.
    package let reopened: [StepID]
    /// Steps whose release is owed by the parent, and from now on by this run.
    package let owed: [StepID]
    /// Sessions whose processes may still live.
    package let sessions: [String]
    /// Actions that were lost, and of which nothing proved that they are gone; nil for none.
    package let lost: [Part]?
    /// Whether a step that failed and was passed over may have changed the target.
    package let isTouchedInVain: Bool
    /// Of a rollback: what is undone, in this order.
    package let undone: [Undone]

    package init(
        target: TargetName, step: StepID? = nil, passed: [Passed] = [], reopened: [StepID] = [],
        owed: [StepID] = [], sessions: [String] = [], lost: Set<Part> = [],
        isTouchedInVain: Bool = false, undone: [Undone] = []
    ) {
        self.target = target
        self.step = step
        self.passed = passed
        self.reopened = reopened
        self.owed = owed
        self.sessions = sessions
        self.lost = lost.isEmpty ? nil : lost.sorted { "\($0)" < "\($1)" }
        self.isTouchedInVain = isTouchedInVain
        self.undone = undone
    }
}

/// What a target said that refused to be undone, since it was changed after the run.
package struct UndoRefusal: Sendable, Codable, Hashable {
    /// How it was before the run.
    package let before: String
    /// How the run left it.
    package let left: String
    /// How it is now.
    package let now: String

    /// What a typed action wrote to standard error with its status 3 (docs/semantics.md, "Undo");
    /// nil when it is something else.
    init?(_ text: String) {
        var parts: [String: [String]] = [:]
        var label: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let start = Self.labels.first(where: { line.hasPrefix($0) }) {
                label = start
                parts[start] = [String(line.dropFirst(start.count))]
            } else if let known = label, !line.hasSuffix(Self.last) {
                parts[known, default: []].append(String(line))
            }
        }
        let found = Self.labels.compactMap { parts[$0]?.joined(separator: "\n") }
        guard found.count == 3 else { return nil }
        func short(_ text: String) -> String {
            let trimmed = text.split(separator: "\n").joined(separator: " ")
            return trimmed.count <= Self.longest
                ? trimmed : String(trimmed.prefix(Self.longest)) + "…"
        }
        (before, left, now) = (short(found[0]), short(found[1]), short(found[2]))
    }

    private static let labels = ["before the run: ", "as the run left it: ", "now: "]
    private static let last = "Nothing was undone."
    /// The most characters of each that are kept.
    private static let longest = 300

    /// All three, in one sentence.
    var sentence: String {
        "it was changed since: before the run \(before); as the run left it \(left); now \(now)"
    }
}

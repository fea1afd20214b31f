import Runbooks

/// How the gates bind the starts of a run's targets; recorded when it is opened.
package struct Gating: Sendable, Codable, Hashable {
    /// Whether the run waits where they close, and goes on by itself when they open; else it is
    /// paused.
    package let waits: Bool
    /// What nine in ten targets took at most in past runs of the runbook, when it was opened; nil
    /// where there were none.
    package let seenMilliseconds: Int64?

    private enum CodingKeys: String, CodingKey {
        case waits
        case seenMilliseconds = "seen_ms"
    }

    package init(waits: Bool, seenMilliseconds: Int64? = nil) {
        self.waits = waits
        self.seenMilliseconds = seenMilliseconds
    }
}

/// What is to start, where the gates are asked.
package struct GateQuestion: Sendable, Hashable {
    /// The run whose targets are to start.
    package let run: RunID
    /// Milliseconds that the window must hold for what starts next, and for undoing it; nil where
    /// nobody knows how long a target takes.
    package let neededMilliseconds: Int64?
    /// The targets on which nothing has begun.
    package let remaining: Set<TargetName>

    package init(run: RunID, neededMilliseconds: Int64?, remaining: Set<TargetName> = []) {
        self.run = run
        self.neededMilliseconds = neededMilliseconds
        self.remaining = remaining
    }
}

/// What the gates said at an instant.
package struct GateAnswer: Sendable, Hashable {
    /// How old it may be when a target starts on it (docs/semantics.md, "A target's sequence").
    package static let lifetime: Duration = .seconds(5)
    /// How often they are asked again while one is closed.
    package static let interval: Duration = .seconds(30)

    /// The instant that it is of: when they were asked, not when they answered.
    package let asked: Timestamp
    /// Whether none of them stops a start.
    package let isOpen: Bool
    /// What each said that was asked, in its one wording, in their order.
    package let lines: [String]
    /// Why nothing starts, in their words; empty where they are open.
    package let reason: String
    /// The next instant at which one says something else by itself; nil where none is known.
    package let next: Timestamp?

    package init(
        asked: Timestamp, isOpen: Bool, lines: [String], reason: String, next: Timestamp?
    ) {
        self.asked = asked
        self.isOpen = isOpen
        self.lines = lines
        self.reason = reason
        self.next = next
    }

    /// Those of the lines that keep targets from being started: what a person wrote behind a verdict
    /// doesn't count.
    package static func closedLines(_ lines: [String]) -> [String] {
        lines.filter { line in
            guard let colon = line.firstRange(of: ": ") else { return true }
            let verdict = line[colon.upperBound...]
            // A gate that isn't built is one that a policy may refuse.
            return !verdict.hasPrefix("open (")
                && (!verdict.hasPrefix("not applicable (")
                    || verdict.hasPrefix("not applicable (not built)"))
        }
    }

    /// The answer of gates that can't be asked: closed.
    package static func closed(_ why: String, at instant: Timestamp) -> GateAnswer {
        let reason = "the gates can't be asked: \(why)"
        return GateAnswer(
            asked: instant, isOpen: false, lines: [reason], reason: reason, next: nil)
    }
}

extension GateAnswer {
    /// What a report says to whoever is about to start targets.
    package init(_ report: GateReport, at instant: Timestamp) {
        let told = report.lines.filter { line in
            guard [.environment, .change, .window, .fourEyes].contains(line.gate) else {
                return line.stops
            }
            if case .notApplicable = line.verdict { return line.stops }
            return true
        }
        self.init(
            asked: instant, isOpen: report.isOpen, lines: told.map(\.text),
            reason: report.refusals.map(\.text).joined(separator: "; "), next: report.next)
    }
}

/// Asks the gates while a run is led; whatever it can't ask is closed.
package protocol GateKeeper: Sendable {
    /// What they say now. It is for one start, and may take a while.
    func answer(_ question: GateQuestion) async -> GateAnswer
}

/// Where nobody can ask: everything is closed.
package struct ClosedGates: GateKeeper {
    private let why: String
    private let now: @Sendable () -> Timestamp

    package init(_ why: String, now: @escaping @Sendable () -> Timestamp) {
        self.why = why
        self.now = now
    }

    /// Closed, for the reason given.
    package func answer(_ question: GateQuestion) async -> GateAnswer { .closed(why, at: now()) }
}

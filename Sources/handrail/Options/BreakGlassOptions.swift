import ArgumentParser
import Runbooks
import Runner

/// How two people start a run without a change: `--break-glass`.
struct BreakGlassOptions: ParsableArguments, Sendable {
    @Flag(
        help: ArgumentHelp(
            "Start it without a change, with a second person; needs --why, is shown in red, and is "
                + "reviewed afterwards."))
    var breakGlass = false

    @Option(
        help: ArgumentHelp(
            "A protected group that it may touch, as it is named: 'cluster = mb1'.",
            valueName: "group"))
    var protected: [String] = []

    @Option(
        help: ArgumentHelp(
            "The file of the second person's private key, where they sit at this terminal.",
            valueName: "file"), completion: .file())
    var secondKey: String?

    /// What the gates are asked with; nil for any other run.
    var state: GlassState? { breakGlass ? .asked(groups: protected) : nil }

    /// Checks what was typed, before anything is read.
    ///
    /// - Returns: what the gates are asked with; nil for any other run.
    /// - Throws: `Failure` (usage, invalidInput, refused).
    func asked(
        _ session: Session, _ subject: SubjectOptions, why: String?, waits: Bool
    ) throws -> GlassState? {
        guard breakGlass else {
            guard protected.isEmpty, secondKey == nil else {
                throw Failure(
                    .usage, code: "usage", "--protected and --second-key belong to --break-glass.",
                    hint: "leave them out, or add it")
            }
            return nil
        }
        try Self.refuseImpossible(session, subject)
        guard !waits else {
            throw Failure(
                .usage, code: "usage", "--wait waits for a gate, and --break-glass replaces it.",
                hint: "give one of them")
        }
        _ = try Self.reason(why)
        return state
    }

    /// Refuses what can't be broken by anybody, whatever else is typed.
    ///
    /// - Throws: `Failure` (usage, refused).
    static func refuseImpossible(_ session: Session, _ subject: SubjectOptions) throws {
        guard case .known = session.trustState() else {
            if case .unusable(let why) = session.trustState() { throw Failure.trustUnusable(why) }
            throw Failure(
                .refused, code: "breakGlass",
                "Breaking the glass needs two people whose keys are known, and this home has no "
                    + "trust: whose account it is, is the only person there is.",
                hint: "'handrail trust init' begins one; 'handrail plan' says which gate is closed")
        }
        guard !subject.subject.hasPrefix("CHG-") else {
            throw Failure(
                .usage, code: "usage",
                "\(printableExcerpt(subject.subject)) is a change, and breaking the glass is for "
                    + "what has none.",
                hint: "an emergency change has its own way: handrail change open … --urgency "
                    + "emergency")
        }
    }

    /// What breaks the glass once the run is confirmed; nil for any other run.
    func breaking(_ session: Session, _ home: OpenedHome, why: String?) throws -> GlassBreaking? {
        guard breakGlass else { return nil }
        return GlassBreaking(
            session: session, home: home, reason: try Self.reason(why),
            groups: protected, secondKey: secondKey)
    }

    /// A reason that somebody can read in a review.
    private static func reason(_ why: String?) throws -> String {
        guard let why, !why.allSatisfy(\.isWhitespace) else {
            throw Failure(
                .usage, code: "usage", "--break-glass needs a reason.",
                hint: "add --why '…': the second person reads it, and so does the review")
        }
        guard ChangeLimit.size(of: why) <= GlassRequest.longestReason else {
            throw Failure(
                .invalidInput, code: "breakGlass",
                "The reason has more than \(GlassRequest.longestReason) bytes.",
                hint: "say it in a few sentences; the rest belongs into a ticket")
        }
        return why
    }
}

extension PreparedPlan {
    /// Refuses to break the glass where nothing is behind it.
    ///
    /// - Throws: `Failure` (usage).
    func refuseNeedlessGlass() throws {
        guard let report = gatesWithoutGlass else { return }
        if let change {
            throw Failure(
                .usage, code: "usage",
                "The plan is that of \(change), and breaking the glass is for what has no change.",
                hint: "'handrail run \(change)' carries it out; a new plan has no change")
        }
        guard !gates.replaces(report) else { return }
        throw Failure(
            .usage, code: "breakGlass",
            "No gate is closed here that breaking the glass replaces: environment, change and "
                + "window are open.",
            hint: report.isOpen
                ? "run it without --break-glass"
                : "closed is: \(report.refusals.map(\.text).joined(separator: "; "))")
    }
}

import Runbooks
import Runner

/// What is decided about a run before it starts: who is left out, and what differs from its plan.
struct StartDecision: Sendable {
    /// Targets that aren't started: left out by a person, or worse than in the plan.
    var leftOut: [LeftOutTarget]
    /// How the forecast differs from the plan file's; nil when it doesn't.
    var comparison: ForecastComparison?

    /// Compares the forecast with the plan file's, when there is one.
    init(_ shown: PlanSubject, earlier: Forecast?) {
        leftOut = shown.leftOut
        let comparison = earlier.map { Forecast.compare($0, shown.forecast) }
        self.comparison = comparison?.isEqual == false ? comparison : nil
    }

    /// Lines that say what differs.
    func lines(style: Style) -> [String] {
        guard let comparison else { return [] }
        let shown = comparison.lines.prefix(Self.mostLines).map {
            "  " + printable($0.utf8, keepNewlines: false)
        }
        let rest = comparison.lines.count - Self.mostLines
        return [style.paint("Since the plan was made, this has changed:", .warning)] + shown
            + (rest > 0 ? ["  … and \(rest) targets more"] : [])
    }

    /// Follows the rule for runs that nobody watches.
    ///
    /// - Throws: `Failure` (refused) when a person has to look.
    mutating func settleUnattended() throws {
        guard let comparison else { return }
        switch comparison.unattended {
        case .goesOn(let without): leftOut += without
        case .needsPerson(let targets):
            throw Failure(
                .refused, code: "forecast",
                "On \(TargetList.text(targets, limit: 6)) the forecast is another one than in "
                    + "the plan, and nobody can be asked. Nothing was started.",
                hint: "run it on a terminal, or make a new plan and look at it")
        }
    }

    /// Differences that are listed; the record has them all.
    private static let mostLines = 12
}

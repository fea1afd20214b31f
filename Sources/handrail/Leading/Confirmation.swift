import Runbooks
import Runner

/// The question before a run: everything that matters, and an answer that can't be given by habit.
struct Confirmation: Sendable {
    let session: Session
    let subject: PlanSubject
    /// Earlier runs of this runbook on these targets, newest first.
    let earlier: [RunSummary]
    /// Whether the symptom was not found, and a person may go on all the same.
    let isSymptomAbsent: Bool
    /// What has changed since the plan file was made.
    let decision: StartDecision

    /// The word to type: the target's name, or how many targets there are.
    var word: String {
        let targets = subject.targets
        return targets.count == 1 ? targets[0].rawValue : String(targets.count)
    }

    /// The lines that are shown before the question.
    func lines(style: Style, now: Timestamp) -> [String] {
        let plan = subject.plan
        var lines = decision.lines(style: style)
        if isSymptomAbsent {
            let names = SymptomCheck.absent(in: subject.forecast)
            lines.append(
                style.paint(
                    "The symptom was not found on \(TargetList.text(names, limit: 6)). "
                        + "Is it the right target?", .alarm))
        }
        for run in earlier.prefix(3) {
            let isToday = now.since(run.opened) < 86_400_000
            let state = run.state.word + (run.resolution.map { ", \($0.rawValue)" } ?? "")
            lines.append(
                style.paint(
                    "Ran here before: \(run.id) \(TimeText.ago(run.opened, now: now)) by "
                        + "\(printable(run.actor.utf8, keepNewlines: false)): \(state)",
                    isToday ? .bad : .plain))
        }
        let irreversible = plan.steps.filter { $0.effect == .irreversible }.map(\.id.rawValue)
        if !irreversible.isEmpty {
            lines.append(
                style.paint("Can't be undone: \(irreversible.joined(separator: ", "))", .bad))
        }
        if plan.environment.isProduction {
            lines.append(style.paint(" PRODUCTION: \(plan.environment.name) ", .alarm))
        }
        return lines
    }

    /// Asks for the word.
    ///
    /// - Throws: `Failure` (aborted) when another is given, (usage) when nobody can be asked.
    func ask() async throws {
        let console = session.console
        console.errors(lines(style: console.errorStyle, now: session.world.now()))
        guard console.isInteractive else {
            throw Failure(
                .usage, code: "confirmation",
                "Nobody can confirm this run: standard input is no terminal.",
                hint: "look at it with 'handrail plan', then give --yes")
        }
        // Words typed while the targets were looked at answer nothing.
        await session.world.terminal.discardTyped()
        let targets = subject.targets
        let what = targets.count == 1 ? "the target's name" : "the number of targets"
        let place = "\(subject.plan.runbook.id) in \(subject.plan.environment.name)"
        for attempt in 1...3 {
            let answer = try await console.ask("Type \(what) (\(word)) to run \(place):")
            if answer == word { return }
            if answer.isEmpty || ["no", "n", "q", "quit", "exit"].contains(answer) { break }
            if attempt < 3 {
                console.note("  That is not \(what). An empty line ends this without running.")
            }
        }
        throw Failure(
            .aborted, code: "declined", "It was not confirmed.", hint: "nothing was changed")
    }
}

/// What the symptom's absence means before a run.
enum SymptomCheck {
    /// What to do about the symptom.
    enum Answer: Sendable, Hashable {
        /// It is there, isn't asked for, or nothing would change anyhow.
        case goOn
        /// A person has to say that it is meant.
        case ask
        case refuse(String)
    }

    /// The targets on which the symptom was looked for and not found.
    static func absent(in forecast: Forecast) -> [TargetName] {
        forecast.targets.filter { $0.symptom == .absent }.map(\.target)
    }

    /// Judges a forecast by the runbook's `not_present`.
    static func answer(
        _ symptom: PlannedSymptom?, _ forecast: Forecast, isDespite: Bool
    ) -> Answer {
        let absent = absent(in: forecast)
        let affected = forecast.targets.filter { $0.symptom == .absent && $0.mayChange }
        guard let symptom, !affected.isEmpty, !isDespite else {
            return .goOn
        }
        switch symptom.notPresent {
        case .ask: return .ask
        case .refuse:
            return .refuse("The symptom was not found on \(TargetList.text(absent, limit: 6)).")
        }
    }
}

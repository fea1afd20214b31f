import Runbooks
import Runner

/// The question before a run: everything that matters, and an answer that can't be given by habit.
struct Confirmation: Sendable {
    let session: Session
    let subject: PlanSubject
    /// What the home remembers of this runbook.
    let memory: HomeMemory
    /// What counts against the runbook's `repeat` already.
    var repeats: [RepeatCount] = []
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
            lines.append(
                style.paint(
                    "The symptom \(SymptomCheck.words(for: subject.forecast)). "
                        + "Is it the right target?", .alarm))
        }
        let time = ShownTime(now: now, zoneOffset: session.world.zoneOffset)
        lines += FlagText.lines(
            memory.flags(of: plan.runbook.id), time, style,
            width: session.console.errorWidth ?? 100)
        lines += EarlierText(
            runs: memory.earlier(plan.runbook.id, on: subject.targets), targets: subject.targets,
            time: time
        ).lines(style, width: session.console.errorWidth ?? 100)
        lines += repeats.filter { !$0.runs.isEmpty }.prefix(3).map { count in
            let place = count.target.map { " on \($0)" } ?? ""
            return style.paint("Run \(count.words)\(place) already; then escalate", .warning)
        }
        let irreversible = (plan.steps + plan.listedSteps).filter { $0.effect == .irreversible }
            .map(\.id.rawValue)
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
        let place = "\(subject.plan.runbook.id) in \(subject.plan.environment.name)"
        try await session.confirm(subject.targets, "run \(place)")
    }
}

extension Session {
    /// Asks for a word that can't be given by habit: the target's name, or how many there are.
    ///
    /// - Throws: `Failure` (aborted) when another is given.
    func confirm(_ targets: [TargetName], _ act: String) async throws {
        // Words typed while the targets were looked at answer nothing.
        await world.terminal.discardTyped()
        let word = targets.count == 1 ? targets[0].rawValue : String(targets.count)
        let what = targets.count == 1 ? "the target's name" : "the number of targets"
        for attempt in 1...3 {
            let answer = try await console.ask("Type \(what) (\(word)) to \(act):")
            if answer == word { return }
            let typed = answer.lowercased()
            if typed.isEmpty || ["no", "n", "q", "quit", "exit"].contains(typed) { break }
            // A habit is no confirmation: what is typed says that the right thing is meant.
            let why =
                ["y", "yes"].contains(typed)
                ? "'\(typed)' doesn't confirm a run: type \(what), \(word)."
                : "That is not \(what), \(word)."
            let more = attempt < 3 ? " An empty line ends this without running." : ""
            console.errors(
                TextWidth.wrapped(why + more, width: console.errorWidth ?? 100, indent: 2))
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

    /// The targets on which the symptom was looked for and not found, or could not be looked for.
    ///
    /// Where a target can't be reached nothing is said of its symptom: the run finds the same.
    static func absent(in forecast: Forecast) -> [TargetName] {
        forecast.targets.filter(isMissing).map(\.target)
    }

    private static func isMissing(_ target: Forecast.OfTarget) -> Bool {
        switch target.symptom {
        case .absent: true
        case .cantLook: !target.entries.contains { $0.label == .unreachable }
        case .present, .notAsked: false
        }
    }

    /// What was found, in words: `was not found on web1`, `can't be looked for on web2`.
    static func words(for forecast: Forecast) -> String {
        func part(_ found: Forecast.SymptomState, _ words: String) -> String? {
            let names = forecast.targets.filter { $0.symptom == found && isMissing($0) }
                .map(\.target)
            let note = forecast.targets.first { $0.target == names.first }?.symptomNote
            let why = note.map { " (\(SafeText.line($0)))" } ?? ""
            return names.isEmpty ? nil : "\(words) \(TargetList.text(names, limit: 6))\(why)"
        }
        return [
            part(.absent, "was not found on"), part(.cantLook, "can't be looked for on"),
        ].compactMap(\.self).joined(separator: ", and ")
    }

    /// Judges a forecast by the runbook's `not_present`.
    static func answer(
        _ symptom: PlannedSymptom?, _ forecast: Forecast, isDespite: Bool
    ) -> Answer {
        let affected = forecast.targets.filter { isMissing($0) && $0.mayChange }
        guard let symptom, !affected.isEmpty, !isDespite else {
            return .goOn
        }
        switch symptom.notPresent {
        case .ask: return .ask
        case .refuse:
            return .refuse("The symptom \(words(for: forecast)).")
        }
    }
}

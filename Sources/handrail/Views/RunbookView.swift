import Runbooks
import Runner

/// The human form of a runbook: the article first, then what the command needs to know.
struct RunbookView: Sendable {
    let runbook: Runbook
    let article: String?
    /// Its runs in this home, the newest first.
    let past: [RunSummary]
    /// Warnings of it that stand.
    var flags: [RaisedFlag] = []
    /// The inventory's targets that it may run on.
    let fitting: [Target]
    let time: ShownTime
    let style: Style
    let width: Int

    /// All of it.
    var lines: [String] {
        var lines =
            head
            + FlagText.lines(
                flags, time, style, width: width, isWhole: true)
        if let article {
            lines += [""] + ArticleView(style: style, width: width).lines(of: article)
        }
        lines += section("Symptoms", runbook.symptoms.flatMap(symptom))
        lines += section("Targets", targets)
        lines += section("Parameters", runbook.parameters.flatMap(parameter))
        lines += section("Facts, asked of each target first", runbook.facts.flatMap(fact))
        lines += section(
            "Before each wave, on the controller",
            runbook.beforeWave.enumerated().flatMap { step($0 + 1, $1) })
        lines += section(
            runbook.baseline == nil ? "Steps" : "Items",
            runbook.steps.enumerated().flatMap { step($0 + 1, $1) } + checks)
        lines += section(
            "After each wave, on the controller",
            runbook.afterWave.enumerated().flatMap { step($0 + 1, $1) })
        lines += section("Runs here", runs)
        return lines + ["", next]
    }

    private var head: [String] {
        let facts = [
            runbook.kind.rawValue, "owner \(SafeText.line(runbook.owner))",
            runbook.reviewBy.map { "review by \($0)" }, runbook.runAs.map { "runs as \($0)" },
        ]
        return [
            style.paint(runbook.id.rawValue, .strong) + "  "
                + SafeText.line(runbook.title),
            style.paint(facts.compactMap(\.self).joined(separator: " · "), .faint),
        ]
    }

    private func section(_ title: String, _ body: [String]) -> [String] {
        body.isEmpty ? [] : ["", style.paint(title, .strong)] + body
    }

    private func symptom(_ symptom: Symptom) -> [String] {
        var lines: [String] = []
        if !symptom.alerts.isEmpty {
            lines += prose("alert " + symptom.alerts.joined(separator: ", "))
        }
        if let when = symptom.when { lines += prose("where \(when)") }
        if symptom.present != nil {
            let gone = symptom.goneFor.inMilliseconds
            lines += prose(
                "asked on the target before the run, and after it as the proof"
                    + (gone > 0 ? ": it must stay gone for \(TimeText.length(gone))" : ""))
        }
        return lines
    }

    private var targets: [String] {
        let rule = runbook.targets
        let count =
            rule.pick == .one
            ? "one target a run"
            : runbook.kind == .baseline ? "all targets" : "up to \(rule.max) targets a run"
        let names = CountText.listed(fitting.map(\.name.rawValue), limit: 8)
        let often = runbook.repeatRule.map { rule in
            let time = formatDuration(.milliseconds(rule.withinMilliseconds))
            let place = rule.per == .target ? "on one target" : "in all"
            return prose(
                "at most \(CountText.of(rule.atMost, "run")) \(place) within \(time), "
                    + "then \(rule.then.rawValue)")
        }
        return prose("\(count), of those where \(rule.select?.description ?? "(any)")")
            + (often ?? [])
            + prose("\(CountText.of(fitting.count, "target")) here: \(names)", .faint)
    }

    private func parameter(_ parameter: Parameter) -> [String] {
        let need =
            parameter.defaultValue.map { "default \($0.shown)" }
            ?? (parameter.isOptional ? "optional" : "needed")
        let facts = ([parameter.kind.rawValue, need] + ConstraintText.words(of: parameter))
            .joined(separator: ", ")
        var lines = ["  \(style.paint(parameter.name.rawValue, .strong))  \(SafeText.line(facts))"]
        lines += prose(parameter.description, indent: 6)
        if let help = parameter.help { lines += prose(help, .faint, indent: 6) }
        return lines
    }

    private func fact(_ fact: Fact) -> [String] {
        let choices = CountText.listed(fact.choices.map { SafeText.line($0) }, limit: 12)
        return prose("facts.\(fact.name) is one of \(choices)")
    }

    private func step(_ number: Int, _ step: Step) -> [String] {
        let mark = EffectMark.of(step.effect)
        let name = style.paint(TextWidth.padded(step.id.rawValue, to: idWidth), .strong)
        var lines = [
            TextWidth.padded("  \(number).", to: 6) + style.paint(mark.sign, mark.tone) + " " + name
                + "  " + TextWidth.cut(SafeText.line(step.title), to: max(20, width - idWidth - 10))
        ]
        if let when = step.when { lines += prose("only when \(when)", .faint, indent: 8) }
        if let items = step.forEach {
            lines += prose(Self.going(through: items), .faint, indent: 8)
        }
        if step.effect != .read {
            lines += prose(change(step), .faint, indent: 8)
        }
        if let audit = step.audit { lines += prose(Self.asked(of: audit), .faint, indent: 8) }
        if let said = Self.said(in: step) { lines += prose(said, .faint, indent: 8) }
        if let help = step.help { lines += prose(help, .faint, indent: 8) }
        if step.onFailed == .continue, step.audit == nil {
            lines += prose("If it fails, the steps after it run all the same.", .faint, indent: 8)
        }
        if let help = step.ifFails { lines += prose("If it fails: \(help)", .faint, indent: 8) }
        return lines
    }

    private var allSteps: [Step] { runbook.steps + runbook.beforeWave + runbook.afterWave }

    private var idWidth: Int { allSteps.map { $0.id.rawValue.utf8.count }.max() ?? 0 }

    /// What a step with `for_each` goes through.
    private static func going(through items: ItemList) -> String {
        switch items {
        case .texts(let texts):
            "once for each of "
                + CountText.listed(texts.map { SafeText.line($0) }, limit: 12)
        case .reference(let name): "once for each item of $\(name)"
        }
    }

    /// What an item of a baseline is worth, what it must be, and what mends it.
    private static func asked(of audit: ItemAudit) -> String {
        let parts = [
            audit.severity.rawValue, audit.expected.map { "must be \(SafeText.line($0.words))" },
            audit.fix.map { "mended by \($0.runbook)" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    /// What a person is asked or told.
    private static func said(in step: Step) -> String? {
        if case .stop(let stop) = step.action { return stop.say }
        return step.action.person.map { person in
            ([person.text] + person.choices.map { "\($0.id): \($0.label)" }).joined(separator: "\n")
        }
    }

    private func change(_ step: Step) -> String {
        var words = [EffectMark.of(step.effect).word]
        words.append(step.isGuarded ? "guarded" : "no guard")
        let isListed = !runbook.steps.contains { $0.id == step.id }
        if !isListed, let undo = PlannedUndo(undoing: step) {
            words.append(undo.notUndone ?? "can be undone")
        }
        if let release = step.release {
            words.append("given back after \(release.after)")
        }
        return words.joined(separator: ", ")
    }

    private var checks: [String] {
        var lines: [String] = []
        if !runbook.verify.isEmpty {
            lines = prose("Then \(CountText.of(runbook.verify.count, "check")) must hold.")
        }
        let marks = Set(allSteps.map(\.effect))
        let legend = Effect.allCases.filter(marks.contains)
            .map { EffectMark.of($0) }.map { "\($0.sign) \($0.word)" }
        return lines + prose(legend.joined(separator: "   "), .faint)
    }

    private var runs: [String] {
        past.prefix(5).map { run in
            let result = run.resolution?.rawValue ?? run.state.word
            let names = CountText.listed(run.targets.map(\.rawValue), limit: 3)
            return "  \(time.full(run.opened))  "
                + style.paint(TextWidth.padded(result, to: 11), run.resolution?.tone ?? .plain)
                + "\(SafeText.line(run.actor)) on \(names)  \(style.paint(run.id.rawValue, .faint))"
        } + (past.count > 5 ? prose("and \(past.count - 5) earlier", .faint) : [])
    }

    private var next: String {
        let how = runbook.targets.pick == .one ? "--on TARGET" : "--limit TARGETS"
        return style.paint("Next: handrail plan \(runbook.id) \(how)", .faint)
    }

    private func prose(_ text: String, _ tone: Tone = .plain, indent: Int = 2) -> [String] {
        guard !text.isEmpty else { return [] }
        let margin = String(repeating: " ", count: indent)
        return SafeText.lines(text).flatMap { TextWidth.wrapped($0, width: width - indent) }
            .map { margin + style.paint($0, tone) }
    }
}

/// How a step's effect is marked wherever steps are listed.
struct EffectMark: Sendable {
    /// One column wide.
    let sign: String
    let word: String
    let tone: Tone

    /// The mark of an effect.
    static func of(_ effect: Effect) -> EffectMark {
        switch effect {
        case .read: EffectMark(sign: "·", word: "reads", tone: .faint)
        case .idempotent: EffectMark(sign: "~", word: "changes", tone: .warning)
        case .once: EffectMark(sign: "!", word: "changes once", tone: .warning)
        case .irreversible: EffectMark(sign: "‼", word: "can't be taken back", tone: .bad)
        }
    }
}

/// The constraints of parameters in words.
enum ConstraintText {
    /// One word or two for each constraint.
    static func words(of parameter: Parameter) -> [String] {
        let limits = parameter.constraints
        var words: [String] = []
        if let least = limits.min { words.append("at least \(number(least, parameter.kind))") }
        if let greatest = limits.max { words.append("at most \(number(greatest, parameter.kind))") }
        let unit = parameter.kind == .list ? "elements" : "characters"
        if let least = limits.minLength { words.append("\(least) \(unit) or more") }
        if let greatest = limits.maxLength { words.append("\(greatest) \(unit) or fewer") }
        if !limits.choices.isEmpty {
            words.append("one of \(limits.choices.joined(separator: " "))")
        }
        if let pattern = limits.pattern { words.append("all of it matches \(pattern)") }
        if let condition = limits.requiredIf { words.append("needed if \(condition)") }
        if !limits.excludes.isEmpty { words.append("not with \(names(limits.excludes))") }
        if !limits.requires.isEmpty { words.append("only with \(names(limits.requires))") }
        return words
    }

    private static func names(_ names: [ParameterName]) -> String {
        names.map(\.rawValue).joined(separator: ", ")
    }

    private static func number(_ value: Double, _ kind: Parameter.Kind) -> String {
        switch kind {
        case .duration: Value.duration(milliseconds: Int(value)).shown
        case .size: Value.size(bytes: Int(value)).shown
        default: Value.number(value).shown
        }
    }
}

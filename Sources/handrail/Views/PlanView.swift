import Runbooks
import Runner

/// What plan and run show before anything is started.
struct PlanSubject: Sendable {
    var plan: Plan
    let digest: Digest
    /// Such as `main@3f2c1d9, clean`.
    let librarySource: String
    let gates: GateReport
    let forecast: Forecast
    /// Why nobody looked at the targets; nil when somebody did.
    var notProbed: String?
    let selected: Selected
    let alert: String?
    /// Targets of the plan that a person left out of the run.
    var leftOut: [LeftOutTarget] = []
    /// The instant that the plan was asked about, when that is not now.
    var at: Timestamp?
    /// The change that it carries out; nil without one.
    var change: ChangeID?
    /// What the gates say where nobody breaks the glass; nil where nobody asked what that would do.
    var withoutGlass: GateReport?

    /// When the plan was made, or made again: what is told is of that time.
    let made: Timestamp

    /// The targets that are started, in their order.
    var targets: [TargetName] {
        let absent = Set(leftOut.map(\.target))
        return plan.targets.map(\.name).filter { !absent.contains($0) }
    }

    /// How many targets can break before the run stops.
    var worstCase: Int {
        let absent = Set(leftOut.map(\.target))
        return StopLimits(plan).worstCase(
            starting: plan.wavesOfTargets.map { wave in wave.count { !absent.contains($0) } })
    }

    /// The forecast of a step, or of a `verify`, on every target.
    func entries(
        step: StepID?, verify: Int?
    ) -> [(target: TargetName, entry: Forecast.Entry)] {
        forecast.targets.flatMap { target in
            target.entries.filter { $0.step == step && $0.verify == verify }
                .map { (target.target, $0) }
        }
    }
}

/// The human form of a plan and its forecast.
struct PlanView: Sendable {
    let subject: PlanSubject
    let style: Style
    let width: Int

    var plan: Plan { subject.plan }
    private var sequences: PlanSequences { PlanSequences(plan) }

    /// All of it, in the order in which a person decides.
    var lines: [String] {
        head + [""] + steps + [""] + summary + (glass ?? gates)
    }

    /// Runbook, library, environment, targets, parameters, symptom.
    var head: [String] {
        var lines = [
            field("Runbook", "\(plan.runbook.id.rawValue)  \(safe(plan.runbook.title))", .strong)
        ]
        if let change = subject.change { lines.append(field("Change", change.rawValue)) }
        if subject.gates.passage == .brokenGlass {
            lines.append(
                field("Change", " BREAK-GLASS: none; two people sign, it is reviewed ", .alarm))
        }
        lines += list("Library", "\(plan.libraryID) \(subject.librarySource) · \(review)")
        lines.append(field("Where", environment, plan.environment.isProduction ? .alarm : .plain))
        lines += list("Targets", names(subject.targets, limit: 12))
        lines += waves
        if let reason = subject.leftOut.first?.reason {
            let left = names(subject.leftOut.map(\.target), limit: 12)
            lines += list("Without", "\(left): \(safe(reason))")
        }
        for left in subject.selected.leftOut.prefix(5) {
            lines.append(field("", "left out: \(left.target) \(left.reason)", .faint))
        }
        if subject.selected.leftOut.count > 5 {
            lines.append(field("", "left out: \(subject.selected.leftOut.count - 5) more", .faint))
        }
        for (index, parameter) in plan.parameters.enumerated() {
            lines += list(index == 0 ? "With" : "", "\(parameter.name) = \(Self.shown(parameter))")
        }
        for (index, rule) in (plan.values ?? []).enumerated() {
            lines += list(index == 0 ? "Values" : "", "\(rule.name): \(shown(rule))")
        }
        if let symptom { lines += list("Symptom", symptom) }
        return lines
    }

    private var review: String {
        subject.gates.review == .unreviewed ? "unreviewed" : "not approved"
    }

    private var environment: String {
        let count = subject.targets.count == 1 ? "1 target" : "\(subject.targets.count) targets"
        return plan.environment.name + (plan.environment.isProduction ? " (PRODUCTION)" : "")
            + " · " + count
    }

    private var symptom: String? {
        guard plan.symptom != nil else { return nil }
        let groups = Dictionary(grouping: subject.forecast.targets, by: \.symptom)
        return Forecast.SymptomState.allCases.compactMap { state in
            guard let group = groups[state] else { return nil }
            let note = group.compactMap(\.symptomNote).first.map { ": \(safe($0))" } ?? ""
            return subject.targets.count == 1
                ? state.rawValue + note
                : "\(state.rawValue) on \(names(group.map(\.target), limit: 6))\(note)"
        }.joined(separator: "; ")
    }

    /// One block for each step: what it would do, where, and why.
    var steps: [String] {
        var lines = [style.paint("What would be done", .strong)]
        let numbers = Dictionary(
            plan.steps.enumerated().map { ($1.id, $0 + 1) }, uniquingKeysWith: { first, _ in first }
        )
        for step in sequences.allSteps {
            lines += block(
                "\(numbers[step.id.step] ?? 0)", step.id.rawValue, safe(step.title), mark(step),
                subject.entries(step: step.id, verify: nil))
        }
        for index in plan.verify.indices {
            lines += block(
                "✓", "verify \(index + 1)", "What must hold in the end", nil,
                subject.entries(step: nil, verify: index))
        }
        let (before, after) = (listed(.before), listed(.after))
        return before + (before.isEmpty ? [] : [""]) + lines + (after.isEmpty ? [] : [""]) + after
    }

    /// What is done once for each wave: nothing of it is foreseen, since it isn't done without one.
    private func listed(_ kind: WaveList.Kind) -> [String] {
        let steps = plan.sequence(of: kind)
        guard !steps.isEmpty else { return [] }
        let title = kind == .before ? "Before each wave" : "After each wave, whatever came of it"
        return [style.paint("\(title), once, on the controller", .strong)]
            + steps.flatMap { step in
                block("", step.id.rawValue, safe(step.title), mark(step), [])
            }
    }

    private func mark(_ step: Step) -> String? {
        let effect: String? =
            switch step.effect {
            case .irreversible: "can't be undone"
            case .once: "runs once"
            case .read, .idempotent: nil
            }
        let scope = step.scope.map { "done once for the \($0.rawValue), on the controller" }
        let marks = [effect, scope].compactMap { $0 }
        return marks.isEmpty ? nil : marks.joined(separator: "; ")
    }

    private func block(
        _ number: String, _ name: String, _ title: String, _ mark: String?,
        _ entries: [(target: TargetName, entry: Forecast.Entry)]
    ) -> [String] {
        let groups = grouped(entries)
        let left = "\(TextWidth.padded(number, to: 2)) \(TextWidth.padded(name, to: nameWidth))"
        let tail = mark.map { "  (\($0))" } ?? ""
        var lines: [String] = []
        if subject.targets.count == 1, let group = groups.first {
            let label = TextWidth.padded(group.label.rawValue, to: 12)
            lines += row("\(left)  ", label + "  ", group.label.tone, title + tail)
        } else {
            lines += row("\(left)  ", "", .plain, title + tail)
            for group in groups {
                let text = "\(group.targets.count) × \(group.label.rawValue) "
                lines += row(indent, text, group.label.tone, "(\(names(group.targets, limit: 3)))")
            }
        }
        for group in groups {
            let isSaid = group.label == .unreachable && number != "1"
            if let note = group.note, group.label != .notProbed, !isSaid {
                lines += TextWidth.wrapped(safe(note), width: width, indent: indent.count)
                    .map { style.paint($0, .faint) }
            }
            lines += diff(group.diff)
        }
        return lines
    }

    /// A group of targets for which a step's forecast is the same.
    private struct Group {
        let label: ForecastLabel
        let note: String?
        let diff: String?
        var targets: [TargetName]
    }

    private func grouped(
        _ entries: [(target: TargetName, entry: Forecast.Entry)]
    ) -> [Group] {
        var groups: [Group] = []
        for (target, entry) in entries {
            let index = groups.firstIndex {
                $0.label == entry.label && $0.note == entry.note && $0.diff == entry.diff
            }
            if let index {
                groups[index].targets.append(target)
            } else {
                groups.append(
                    Group(
                        label: entry.label, note: entry.note, diff: entry.diff, targets: [target]))
            }
        }
        return groups.sorted { $0.targets.count > $1.targets.count }
    }

    private func diff(_ diff: String?) -> [String] {
        let all = DiffText.lines(
            diff ?? "", style: style, width: max(20, width - indent.count))
        let rest = all.count - Self.longestDiff
        return all.prefix(Self.longestDiff).map { indent + $0 }
            + (rest > 0 ? [indent + "… \(rest) lines more (--json has them all)"] : [])
    }

    /// Coverage, worst case, rollback, digest.
    var summary: [String] {
        let coverage = subject.forecast.coverage
        var lines: [String] = []
        if let why = subject.notProbed {
            lines += list("Coverage", "0 %: nobody looked (\(safe(why)))", .warning)
        } else {
            lines.append(
                field(
                    "Coverage",
                    "\(coverage.percent) %: \(coverage.foreseen) of \(coverage.of) outcomes foreseen"
                ))
        }
        lines += list("Worst case", worstCase)
        if !between.isEmpty { lines += list("After waves", between) }
        lines += list("Rollback", rollback)
        lines.append(field("Plan", subject.digest.rawValue.prefix(16) + "…", .faint))
        return lines
    }

    private var rollback: String {
        guard !plan.rollback.isEmpty else { return "nothing to undo: it only reads" }
        return UndoText.of(plan.undos)
    }

    /// Targets that wait and are listed one by one.
    private static let listedDeferrals = 5

    /// The gates that stop it, and what waits; the others are in the JSON.
    private var gates: [String] {
        at
            + subject.gates.lines.filter(isTold).flatMap {
                list("Gate", safe($0.text) + opens(in: $0.verdict), $0.stops ? .bad : .plain)
            }
            + subject.gates.deferred.prefix(Self.listedDeferrals).flatMap {
                list("Waits", safe($0), .warning)
            } + moreDeferred
    }

    private var moreDeferred: [String] {
        let more = subject.gates.deferred.count - Self.listedDeferrals
        return more > 0 ? list("", "and \(more) targets more wait", .warning) : []
    }

    /// Gates that stop it, and what those about environments and changes say where they say
    /// something.
    private func isTold(_ line: GateReport.Line) -> Bool {
        guard !line.stops, [.environment, .change, .window, .fourEyes].contains(line.gate) else {
            return line.stops
        }
        if case .notApplicable = line.verdict { return false }
        return true
    }

    /// How long it is until a gate opens by itself.
    private func opens(in verdict: Verdict) -> String {
        guard case .waiting(_, let until) = verdict else { return "" }
        return ", in \(TimeText.length(until.since(subject.at ?? subject.made)))"
    }

    /// The instant that gates were asked about, where that is not now.
    private var at: [String] {
        guard let at = subject.at else { return [] }
        return list(
            "At",
            "\(TimeText.full(at, offset: 0)): what the gates would say then; the targets were "
                + "looked at now, and locks are those of now")
    }

    func field(_ name: String, _ text: some StringProtocol, _ tone: Tone = .plain)
        -> String
    {
        style.paint(TextWidth.padded(name, to: 11), .faint) + " "
            + style.paint(TextWidth.cut(String(text), to: max(20, width - 12)), tone)
    }

    /// A field of any length, wrapped: what a person decides by is never cut.
    func list(_ name: String, _ text: String, _ tone: Tone = .plain) -> [String] {
        TextWidth.wrapped(text, width: max(32, width), indent: 12).enumerated().map {
            style.paint(TextWidth.padded($0 == 0 ? name : "", to: 11), .faint) + " "
                + style.paint(String($1.dropFirst(12)), tone)
        }
    }

    /// A line of columns whose last one goes on below itself where room is short.
    private func row(_ left: String, _ middle: String, _ tone: Tone, _ right: String) -> [String] {
        let used = TextWidth.of(left) + TextWidth.of(middle)
        let margin = String(repeating: " ", count: used)
        let parts = TextWidth.wrapped(right, width: max(10, width - used))
        let lines = parts.enumerated().map {
            $0 == 0 ? left + style.paint(middle, tone) + $1 : margin + $1
        }
        return lines.map { String($0.reversed().drop { $0 == " " }.reversed()) }
    }

    /// All that a value may be: who approves the plan approves each of them.
    private func shown(_ rule: ValueRule) -> String {
        rule.picks.map { pick in
            let text = if case .text(let text) = pick.text { safe(text) } else { "?" }
            return pick.when.map { "\(text) where \($0)" } ?? "else \(text)"
        }.joined(separator: "; ")
    }

    /// A parameter's value on one line, and nothing of a secret.
    static func shown(_ parameter: PlannedParameter) -> String {
        if parameter.secret != nil { return "[secret]" }
        guard let text = parameter.text else { return "(not given)" }
        let one = text.split(separator: "\n").joined(separator: ", ")
        return printable((parameter.kind == .list ? one : text).utf8, keepNewlines: false)
    }

    func safe(_ text: String) -> String { printable(text.utf8, keepNewlines: false) }

    func names(_ names: [TargetName], limit: Int) -> String {
        TargetList.text(names, limit: limit)
    }

    private var nameWidth: Int {
        let steps = sequences.allSteps + plan.sequence(of: .before) + plan.sequence(of: .after)
        return min(24, steps.map { TextWidth.of($0.id.rawValue) }.max() ?? 8)
    }

    private var indent: String { String(repeating: " ", count: nameWidth + 5) }

    /// Lines of one diff that are shown.
    private static let longestDiff = 40
}

/// Names of targets, as lists show them.
enum TargetList {
    /// So many names, and how many more there are: `mbx01, mbx02, … +42`.
    static func text(_ names: [TargetName], limit: Int) -> String {
        let shown = names.prefix(limit).map(\.rawValue).joined(separator: ", ")
        return names.count > limit ? "\(shown), … +\(names.count - limit)" : shown
    }
}

extension ForecastLabel {
    /// How the label stands out.
    var tone: Tone {
        switch self {
        case .satisfied: .good
        case .wouldChange, .wouldRun, .depends, .manual, .notProbed: .warning
        case .failed, .unreachable: .bad
        case .read, .skipped: .faint
        case .stop: .strong
        }
    }
}

extension PlannedUndo {
    /// How the step would be undone, or why it would not.
    var words: String {
        if let notUndone { return notUndone }
        if let restores { return restores.sentence }
        let ways = (actions ?? []).map { $0.keyword == "run" ? "a script" : $0.keyword }
        return ways.isEmpty ? "needs no undo of its own" : "with " + ways.joined(separator: ", ")
    }
}

/// How steps and items would be undone, in one line.
enum UndoText {
    /// Items of one step that are named; the JSON has them all.
    private static let mostItems = 6

    /// Such as `limits: with a script; restart[b]: …; restart[a]: …`, in the order given.
    static func of(_ undos: [PlannedUndo]) -> String {
        var counts: [StepID: Int] = [:]
        for undo in undos where undo.step.isItem { counts[undo.step.step, default: 0] += 1 }
        var shown: [StepID: Int] = [:]
        return undos.compactMap { undo -> String? in
            let text = "\(undo.step): \(undo.words)"
            guard undo.step.isItem else { return text }
            let whole = undo.step.step
            shown[whole, default: 0] += 1
            let rest = counts[whole, default: 0] - mostItems
            if shown[whole, default: 0] == mostItems, rest > 0 {
                return text + "; \(whole): … and \(rest) items more"
            }
            return shown[whole, default: 0] <= mostItems ? text : nil
        }.joined(separator: "; ")
    }
}

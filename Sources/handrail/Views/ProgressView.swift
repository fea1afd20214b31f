import Runbooks
import Runner

/// The human form of a run under way: lines that stay, and a few that are drawn again and again.
struct ProgressView: Sendable {
    let style: Style
    /// The columns that a line of a step that went well may take; as many as it needs when nil.
    var width: Int?
    /// The person's zone: seconds east of UTC at an instant.
    var zoneOffset: @Sendable (Timestamp) -> Int = { _ in 0 }

    /// Up to so many targets, each step's end is a line of its own.
    static let mostTargetsInDetail = 6
    /// Up to so many targets, each target's end is a line of its own.
    static let mostTargetsByLine = 30

    /// The line that stays for an event; nil for events that need none.
    func line(for event: RunEvent, in run: RunMachine) -> String? {
        let count = run.targetCount
        switch event {
        case .stepEnded(let target, let step, let outcome, let reason):
            guard count <= Self.mostTargetsInDetail || !target.isTarget else { return nil }
            let planned = run.sequence(of: target).first { $0.id == step }
            // What was seen of an item has a line of its own.
            if planned?.audit != nil, run.targets[target]?.audited[step] != nil { return nil }
            if case .stop(let stop) = planned?.action, outcome == .ok {
                let tone: Tone = stop.resolution == .resolved ? .good : .warning
                return ended(
                    target, step.rawValue, ("■", "stopped", tone), planned?.title ?? "", run)
            }
            let isPassedOver = planned?.passesOver(outcome) == true
            return ended(
                target, step.rawValue, outcome,
                isPassedOver ? "passed over: \(reason ?? planned?.title ?? "")" : reason,
                planned?.title ?? "", run)
        case .verifyEnded(let target, let index, let outcome, let reason):
            guard count <= Self.mostTargetsInDetail else { return nil }
            return ended(
                target, "verify \(index + 1)", outcome, reason, "What must hold in the end", run)
        case .targetEnded(let target, let outcome):
            guard count > 1, target.isTarget,
                count <= Self.mostTargetsByLine || !outcome.isGood
            else { return nil }
            let report = RunReport(run: run)
            let why =
                report.failure(of: target).map { ": \($0.part): \($0.reason)" } ?? ""
                + report.passedOver(on: target).map {
                    "; passed over: \($0.part): \($0.reason)"
                }.joined()
            let head = "\(outcome.sign) \(target)  \(outcome.word(in: run))"
            let painted = style.paint(head, outcome.tone)
            guard let width, TextWidth.of(head + why) > width else { return painted + why }
            let text = String(why.drop { $0 == ":" || $0 == ";" || $0 == " " })
            return ([painted] + TextWidth.wrapped(text, width: width, indent: 4))
                .joined(separator: "\n")
        case .symptomAsked(let target, let isPresent):
            guard count <= Self.mostTargetsInDetail else { return nil }
            let word = isPresent.map { $0 ? "still present" : "gone" } ?? "can't be told"
            return indent(target, run) + "symptom: \(word)"
        case .stateChanged(let state, let reason): return changed(to: state, reason, run)
        case .thresholdReached(let failures, let limit):
            let left = count - run.startedCount
            guard left > 0 else { return nil }
            return style.paint(
                "\(failures) failed, and it stops at \(limit) (stop_at): \(left) of \(count) "
                    + "targets will not be started", .bad)
        case .wave(let event): return line(for: event, in: run)
        case .audited(let target, let item, let result):
            return line(for: result, of: item, on: target, in: run)
        case .answered(let step, let target, let choice, let note, let actor):
            let on = target.map { " on \($0)" } ?? ""
            return
                "\(step)\(on): \(choice), says \(safe(actor))\(note.map { ": \(safe($0))" } ?? "")"
        case .commanded(let command, _): return commanded(command)
        case .restored, .refused, .deferred, .lockKept, .vouched, .gatesAnswered:
            return told(of: event, in: run)
        case .reopened(let target, let step, let outcome, let reason):
            guard count <= Self.mostTargetsInDetail || !outcome.isGood else { return nil }
            return ended(
                target, step.rawValue, outcome, reason, "Again, before what follows", run)
        case .leftOwed(let target, let step, let reason):
            return told("OWED on \(target): \(step): \(reason)", .bad)
        case .asked, .stopped, .outputsTaken, .owed, .paid, .notOwed, .closed, .targetStarted,
            .sessionOpened, .attemptStarted, .attemptEnded, .unlocked:
            return nil
        }
    }

    /// The sentence of an event that says why something isn't done, or is again.
    private func told(of event: RunEvent, in run: RunMachine) -> String? {
        switch event {
        case .restored(let reason): return told(reason, .warning)
        case .refused(_, let reason): return told("refused: \(reason)", .warning)
        case .deferred(_, _, let reason): return told("waits: \(reason)", .warning)
        case .lockKept(let target, let reason):
            // What is unknown there comes first: nothing is given back before it is settled.
            if let found = run.unsettled.first(where: { $0.target == target }) {
                return told(
                    "\(target) stays locked until somebody says how \(found.step) ended there",
                    .warning)
            }
            return told("\(target) stays locked: \(reason)", .warning)
        case .vouched(let target, _, let reason):
            return told("\(target) is well all the same: peers_ok \(reason)", .good)
        case .gatesAnswered(let isOpen, let lines, _):
            // What was open at the start stands in the plan; that it opened again is news.
            guard !isOpen else {
                return run.startedCount > 0 ? told("the gates are open", .good) : nil
            }
            let closed = GateAnswer.closedLines(lines)
            return told("no further target starts: " + closed.joined(separator: "; "), .warning)
        default: return nil
        }
    }

    private func changed(to state: RunState, _ reason: String, _ run: RunMachine) -> String? {
        guard state != .running else { return nil }
        if run.isToBeUndone {
            let rest = reason.isEmpty ? "" : "; \(reason)"
            return told("it is over, and what it changed is undone now (on_stop)\(rest)", .warning)
        }
        guard state == .waiting else { return told("\(state.word): \(reason)", state.tone) }
        guard !run.deferrals.isEmpty else { return nil }
        // What it waits for stands above: each target's reason is a line of its own.
        let count = CountText.of(run.deferrals.count, "target")
        return style.paint(
            "waiting for \(count), asked for again every few seconds; Ctrl-C pauses the run",
            .warning)
    }

    /// A sentence that stays, in as many lines as it needs.
    func told(_ text: String, _ tone: Tone) -> String {
        let text = safe(text)
        guard let width, TextWidth.of(text) > width else { return style.paint(text, tone) }
        return TextWidth.wrapped(text, width: max(20, width - 2), indent: 0)
            .enumerated().map { ($0 == 0 ? "" : "  ") + style.paint($1, tone) }
            .joined(separator: "\n")
    }

    private func commanded(_ command: PersonCommand) -> String? {
        switch command.verb {
        case .abort: style.paint("abort, says \(safe(command.actor))", .bad)
        case .pause:
            style.paint(
                "pause, says \(safe(command.actor)): targets stop at their next safe place, or "
                    + "at their end", .warning)
        case .resume: "resume, says \(safe(command.actor))"
        case .note(let text): "note by \(safe(command.actor)): \(safe(text))"
        case .pay(let target): "pay what \(target) owes, says \(safe(command.actor))"
        case .paidByHand(let target, let note):
            "\(target) was paid by hand, says \(safe(command.actor)): \(safe(note))"
        case .settle(let target, let step, let isDone, let why):
            "\(step) on \(target) was \(isDone ? "" : "not ")done, says "
                + "\(safe(command.actor)): \(safe(why))"
        case .handOver(let run): "what is owed is given back by \(run) from now on"
        case .answer, .confirm, .promote: nil
        }
    }

    private func ended(
        _ target: TargetName, _ part: String, _ outcome: Outcome, _ reason: String?,
        _ title: String, _ run: RunMachine
    ) -> String {
        // What a rollback found nothing to do for says why.
        let isSaid = outcome == .skipped || run.isRollback && outcome == .satisfied
        let text = outcome.isGood && !isSaid ? title : reason ?? title
        return ended(
            target, part, (outcome.sign, outcome.word(in: run), outcome.tone), text, run,
            isShort: outcome.isGood)
    }

    /// `isShort`: whether the text may be cut, because the plan above has it whole.
    func ended(
        _ target: TargetName, _ part: String, _ end: (sign: String, word: String, tone: Tone),
        _ text: String, _ run: RunMachine, isShort: Bool = true
    ) -> String {
        let names = run.allSteps.map(\.id.rawValue.utf8.count).max() ?? 8
        let left = TextWidth.padded(part, to: min(24, max(8, names)))
        let word = TextWidth.padded(end.word, to: 11)
        let start = "\(end.sign) \(left) \(word) "
        var text = safe(text)
        if isShort, let width {
            let taken = TextWidth.of(start) + indentWidth(run)
            text = TextWidth.cut(text, to: max(20, width - taken))
        }
        // What is not cut goes on under itself, where a column of it is wide enough to be read.
        let taken = TextWidth.of(start) + indentWidth(run)
        if !isShort, let width, width - taken >= 24 {
            text = String(
                TextWidth.wrapped(text, width: width, indent: taken).joined(separator: "\n")
                    .dropFirst(taken))
        }
        return indent(target, run) + style.paint("\(end.sign) ", end.tone) + left + " "
            + style.paint(word, end.tone) + " " + (isShort ? style.paint(text, .faint) : text)
    }

    private func indentWidth(_ run: RunMachine) -> Int {
        guard hasNames(run) else { return 2 }
        // As wide as `before_wave:1`, where there is one, and as what is done once.
        let list = max(
            run.plan.hasWaveLists ? 13 : 0,
            run.plan.steps.filter { $0.scope != nil }.map { $0.id.rawValue.utf8.count + 7 }.max()
                ?? 0)
        return 3
            + (run.plan.targets.map(\.name.rawValue.utf8.count).max().map { max($0, list) } ?? 0)
    }

    /// Whether lines say what they are about: there is more than one target.
    private func hasNames(_ run: RunMachine) -> Bool {
        run.plan.targets.count > 1 || run.plan.hasWaveLists || run.plan.hasSharedSteps
    }

    private func indent(_ target: TargetName, _ run: RunMachine) -> String {
        guard hasNames(run) else { return "  " }
        let width = indentWidth(run) - 3
        return "  " + style.paint(TextWidth.padded(target.rawValue, to: width), .faint) + " "
    }

    /// The line that stays when a target is lost on which something runs, or answers again.
    func line(forReachOf target: TargetName, lost: String?) -> String {
        guard let lost else { return told("\(target) answers again: its step is followed", .good) }
        return told(
            "\(target) can't be reached: \(lost) Its step goes on there; it is asked every second.",
            .warning)
    }

    /// The lines that are drawn again and again, no wider and no more than there is room for.
    ///
    /// `since` has when each running target last moved on, `lost` since when one can't be reached.
    func status(
        of run: RunMachine, since: [TargetName: Timestamp], lost: [TargetName: Timestamp] = [:],
        started: Timestamp, now: Timestamp, width: Int, rows: Int
    ) -> [String] {
        let running = run.runningTargets
        var lines = [TextWidth.cut(summary(run, running, started, now), to: width)]
        let room = max(0, min(8, rows - 4))
        for name in running.prefix(room) {
            guard let target = run.targets[name] else { continue }
            let doing = target.inFlight.map { key in
                key.part.word + (key.number > 1 ? ", attempt \(key.number)" : "")
            }
            let waiting = waiting(target, run)
            var time = since[name].map { "  \(TimeText.length(now.since($0)))" } ?? ""
            if let at = lost[name] {
                time += " · can't be reached for \(TimeText.length(now.since(at)))"
            }
            lines.append(TextWidth.cut("  \(name)  \(doing ?? waiting)\(time)", to: width))
        }
        if running.count > room, room > 0 { lines.append("  … \(running.count - room) more") }
        return lines
    }

    /// What a target does between two attempts.
    private func waiting(_ target: TargetProgress, _ run: RunMachine) -> String {
        if target.symptomGoneSince != nil { return "watches that the symptom stays gone" }
        return RunReport(run: run).openQuestions.isEmpty
            ? "pauses before the next attempt" : "waits for an answer"
    }

    /// One line: what is done, failed, running, for how long, and how much longer.
    func summary(
        _ run: RunMachine, _ running: [TargetName], _ started: Timestamp, _ now: Timestamp
    ) -> String {
        let outcomes = run.targetOutcomes
        let total = run.targetCount
        // What has to be settled is not done: it keeps the run open.
        let open = run.unsettled.count {
            run.targets[$0.target]?.outcome != nil && $0.target.isTarget
        }
        var parts = ["\(outcomes.count - open)/\(total) done"]
        if let standing = run.waveStanding {
            if standing.waves.count > 1 {
                parts.insert("wave \(standing.index + 1)/\(standing.waves.count)", at: 0)
            }
            parts += [WaveText.short(standing, now: now)].compactMap(\.self)
        }
        let named: [Outcome] = [.unreachable, .unknown]
        let failed = outcomes.count { $0.countsAsFailure && !named.contains($0) }
        let unreachable = outcomes.count { $0 == .unreachable }
        let unknown = outcomes.count { $0 == .unknown }
        if failed > 0 { parts.append("\(failed) failed") }
        if unknown > 0 { parts.append("\(unknown) unknown") }
        if unreachable > 0 { parts.append("\(unreachable) unreachable") }
        if !running.isEmpty { parts.append("\(running.count) running") }
        if !run.deferrals.isEmpty { parts.append("\(run.deferrals.count) waiting") }
        let elapsed = max(0, now.since(started))
        parts.append(TimeText.length(elapsed))
        let left = total - outcomes.count
        if outcomes.count >= 5, left > 0, elapsed > 0 {
            let rest = elapsed * Int64(left) / Int64(outcomes.count)
            parts.append("about \(TimeText.length(rest)) left")
        }
        if run.isAbortRequested {
            parts.append("aborting")
        } else if run.isPauseRequested {
            parts.append("pausing")
        }
        return "▸ \(run.record.plan.runbook.id)  " + parts.joined(separator: " · ")
    }

    func safe(_ text: String) -> String { printable(text.utf8, keepNewlines: false) }
}

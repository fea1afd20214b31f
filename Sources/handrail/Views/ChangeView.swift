import Runbooks
import Runner

/// A change with what is known beside it, to be shown.
struct ShownChange: Sendable {
    let change: Change
    let leftOut: [LeftOutTarget]
    /// The trail's head; nil while it has none.
    let trail: String?
    /// Which of its approvals count, as the gates count them; nil where nobody looked.
    var count: ApprovalCount?
    /// Runs of its plan that it doesn't know of: those after its end.
    var later: [RunSummary] = []
    /// Who wrote the version of its runbook, as trust knows them; nil where nobody asked.
    var written: KnownAuthors?

    /// Shows it for people, or as JSON.
    func show(on console: Console) {
        let now = console.world.now()
        guard !console.isJSON else {
            console.json(
                ChangeDocument(
                    change, leftOut: leftOut, trail: trail, now: now, count: count, later: later,
                    written: written))
            return
        }
        console.lines(
            ChangeView(
                shown: self, time: ShownTime(console.world), style: console.style,
                width: console.proseWidth
            ).lines)
    }
}

/// The human form of a change.
struct ChangeView: Sendable {
    let shown: ShownChange
    let time: ShownTime
    let style: Style
    let width: Int

    private var change: Change { shown.change }
    private var request: ChangeRequest { change.request }

    /// All of it: what it is, how it stands, and what comes next.
    var lines: [String] {
        head + asked + plan + decided + carriedOut + missing + next
    }

    private var head: [String] {
        let kind = [change.severity?.rawValue, request.urgency.rawValue, request.type]
            .compactMap { $0 }.joined(separator: ", ")
        var lines = [
            style.paint(change.id.rawValue, .strong) + "  "
                + style.paint(change.state.rawValue, change.state.tone) + "  "
                + SafeText.line(request.title)
        ]
        if !change.stateReason.isEmpty { lines += item("", change.stateReason) }
        if let hold = change.hold {
            lines += item("ON HOLD", "\(time.ago(hold.at)) by \(hold.actor): \(hold.text)", .bad)
        }
        lines += item("kind", kind)
        lines += item(
            "asked for",
            "\(time.both(change.opened)) by \(change.requester)"
                + (request.ticket.map { ", ticket \($0)" } ?? ""))
        return lines
    }

    private var asked: [String] {
        let impact = request.impact
        let texts: [(String, String?)] = [
            ("why", request.why), ("implementer", request.implementer),
            ("wanted", request.wanted.map(interval)),
            ("takes", request.expectedMilliseconds.map(TimeText.length)),
            ("service", impact.service), ("capacity", impact.capacity),
            ("security", impact.security), ("recovery", impact.recovery),
            ("rollback", request.rollback),
        ]
        return texts.flatMap { name, text in text.map { item(name, $0) } ?? [] }
    }

    private var plan: [String] {
        guard let plan = request.plan else { return [] }
        let undone =
            plan.notUndone.isEmpty
            ? "" : "; can't be undone: \(plan.notUndone.joined(separator: ", "))"
        return item(
            "plan",
            "\(plan.runbook) on \(CountText.of(plan.targetCount, "target")) in "
                + "\(plan.environment)\(undone)")
            + item("", "expires \(time.both(plan.expires)); digest \(plan.digest)")
            + (plan.forecastDigest == nil ? item("", "nobody has looked at the targets") : [])
            + (shown.written.map { item("", $0.words) } ?? [])
            + (shown.written?.problem.map { item("", $0, .warning) } ?? [])
    }

    private var decided: [String] {
        var lines = change.assessment.map { item("assessed", $0.note) } ?? []
        for (index, decision) in change.decisions.enumerated() {
            let problems = shown.count?.problems[index] ?? []
            let statement = decision.signed.statement
            let isOver =
                decision.revoked != nil || time.now >= statement.expires || !problems.isEmpty
            let isRejected = statement.decision == .rejected
            lines += item(
                statement.decision.rawValue,
                "by \(statement.approver) as \(statement.role), \(time.ago(decision.at))"
                    + (decision.revoked.map {
                        "; taken back \(time.ago($0.at)) by \($0.actor): \($0.text)"
                    } ?? (isRejected ? "" : "; until \(time.full(statement.expires))")),
                isOver || isRejected ? .warning : .good)
            // Taking it back is said already.
            if decision.revoked == nil {
                lines += problems.flatMap { item("", "doesn't count: \($0)", .warning) }
            }
        }
        if let quorum = change.quorum, quorum > 0, !change.state.isTerminal {
            let standing = change.standing(at: time.now).map(\.signed.statement.approver)
            let people = Set(shown.count?.people ?? standing)
            lines += item("approvals", "\(people.count) of \(quorum)")
        }
        return lines + change.dates.flatMap { item("time", interval($0)) }
    }

    private var carriedOut: [String] {
        var lines = change.runs.flatMap { part in
            item(
                part.run.isUndoing ? "undone by" : "run",
                "\(part.run.run) by \(part.run.starter), \(time.ago(part.opened)): "
                    + (part.ended?.word ?? "under way"))
        }
        lines += shown.later.flatMap { run in
            item(
                run.goesOnAs == .rollback ? "undone by" : "run",
                "\(run.id) by \(run.actor), \(time.ago(run.opened)): "
                    + (run.closed == nil ? "under way" : run.state.rawValue), .warning)
        }
        for left in shown.leftOut.prefix(Self.listed) {
            lines += item("left out", "\(left.target): \(left.reason)", .warning)
        }
        if shown.leftOut.count > Self.listed {
            lines += item("left out", "\(shown.leftOut.count - Self.listed) more", .warning)
        }
        if let glass = change.breakGlass {
            lines += item(
                "without a change",
                "\(glass.run) by \(glass.signers.joined(separator: " and ")): \(glass.reason)", .bad
            )
        }
        if let review = change.review, !change.state.isTerminal {
            lines += item("review", "by \(review.owner), due \(time.both(review.due))", .warning)
        }
        if let closing = change.closing {
            let follows = closing.followedBy.map { "; followed by \($0)" } ?? ""
            lines += item(
                closing.isComplete ? "complete" : "incomplete", closing.note + follows)
        }
        return lines
    }

    private var missing: [String] {
        guard change.state == .draft else { return [] }
        return request.missing.flatMap { item("missing", "\($0.words): \($0.hint)", .warning) }
    }

    private var next: [String] {
        ChangeNext(change, at: time.now).map { ["    → " + $0.command] } ?? []
    }

    /// Targets that are listed one by one.
    private static let listed = 8

    private func interval(_ interval: Interval) -> String {
        "\(time.full(interval.start)) to \(time.full(interval.end))"
            + (interval.start > time.now ? " (\(time.ago(interval.start)))" : "")
    }

    private func item(_ name: String, _ text: String, _ tone: Tone = .faint) -> [String] {
        let margin = 2 + 13
        let lines = TextWidth.wrapped(SafeText.line(text), width: width, indent: margin)
        let filler = String(repeating: " ", count: max(1, 13 - name.count))
        return lines.enumerated().map {
            $0 == 0 ? "  \(style.paint(name, tone))\(filler)\($1.dropFirst(margin))" : $1
        }
    }
}

extension ChangeState {
    /// How it stands out.
    var tone: Tone {
        switch self {
        case .closed, .approved: .good
        case .draft, .submitted, .assessed, .scheduled, .review: .warning
        case .rejected, .cancelled: .bad
        case .implementing: .strong
        }
    }
}

/// A list of changes, one a line.
struct ChangeListView: Sendable {
    let changes: [Change]
    let time: ShownTime
    let style: Style
    let width: Int?

    /// The table; a sentence where there is none.
    var lines: [String] {
        guard !changes.isEmpty else {
            return ["There is no such change; 'handrail change open' asks for one."]
        }
        var table = Table(
            .init("change", .whole), .init("state", .whole), "title", .init("urgency", .spare),
            .init("type", .spare), .init("when", .spare), .init("by", .spare))
        for change in changes {
            let when =
                change.dates.last.map { "\(time.day($0.start)) \(time.clock($0.start))" }
                ?? time.ago(change.changedAt)
            table.add(
                .init(change.id.rawValue, .strong),
                .init(
                    change.isOnHold ? "\(change.state.rawValue), on hold" : change.state.rawValue,
                    change.isOnHold ? .bad : change.state.tone),
                .init(SafeText.line(change.request.title)),
                .init(
                    change.request.urgency.rawValue,
                    change.request.urgency == .emergency ? .bad : .plain),
                .init(SafeText.line(change.request.type ?? "")), .init(when),
                .init(SafeText.line(change.requester)))
        }
        return table.lines(width: width, style: style)
    }
}

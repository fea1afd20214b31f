/// Why no targets could be selected.
package struct SelectionError: Error, Sendable, Hashable {
    /// What kind of mistake it is; tests and exit codes compare it.
    package enum Code: String, Sendable, CaseIterable {
        /// Neither a target nor a limit was given, where one is needed.
        case missing
        /// Options that exclude each other, or a term that can't be read.
        case badTerm
        case unknownTarget
        case unknownLabel
        /// A name that means a target and a group.
        case ambiguous
        /// A term fits nothing, or the terms leave nothing together.
        case noMatch
        /// A target was named that the runbook isn't for.
        case notForRunbook
        /// Several targets, for a runbook that takes one.
        case several
    }

    /// Why there is no selection; it decides the exit code.
    package let code: Code
    /// What is wrong, in one sentence.
    package let message: String
    /// What to write instead.
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

/// The targets of a run, and what was left out on the way.
package struct Selected: Sendable, Hashable {
    /// A target that fits the limits, by a pattern or an expression, and not the runbook.
    package struct LeftOut: Sendable, Hashable {
        /// The target that the run won't touch.
        package let target: TargetName
        /// Why, as the end of a sentence that starts with the target's name.
        package let reason: String
    }

    /// In the order they run: those with the label `canary = true` first, then by name.
    package let targets: [Target]
    /// Sorted by name.
    package let leftOut: [LeftOut]

    /// The environments of the targets, sorted; a plan is for one.
    package var environments: [String] { Set(targets.map(\.environment)).sorted() }
}

/// The choice of a run's targets: `--on`, `--limit` and `--exclude` against the runbook's `select`.
package enum Selection {
    static let excludeOption = "--exclude"

    /// Selects targets; nothing is guessed, and nothing is picked that wasn't given.
    ///
    /// - Parameters:
    ///   - inventory: All targets.
    ///   - rule: The runbook's own choice and how many it takes.
    ///   - on: `--on`: at most one name or alias, instead of limits.
    ///   - limits: `--limit`: a target must fit every one.
    ///   - excludes: `--exclude`: a target that fits any is left out.
    /// - Returns: The targets, at least one; or why there are none.
    package static func resolve(
        inventory: Inventory, rule: TargetRule, on: [String] = [], limits: [LimitTerm] = [],
        excludes: [LimitTerm] = []
    ) -> Result<Selected, SelectionError> {
        do throws(SelectionError) {
            var chosen = try Choice(
                index: TargetIndex(inventory), rule: rule, on: on, limits: limits)
            try chosen.remove(excludes)
            return .success(try chosen.selected())
        } catch {
            return .failure(error)
        }
    }

    /// At most ten of the texts, and how many more there are.
    static func listed(_ texts: [String]) -> String {
        let rest = texts.count - 10
        return texts.prefix(10).joined(separator: ", ") + (rest > 0 ? ", +\(rest)" : "")
    }
}

/// The targets that are still in, while the options are applied one by one.
private struct Choice {
    private let index: TargetIndex
    private let rule: TargetRule
    private let isLimited: Bool
    private var targets: Set<TargetName>
    private var named: Set<TargetName> = []

    init(
        index: TargetIndex, rule: TargetRule, on: [String], limits: [LimitTerm]
    ) throws(SelectionError) {
        self.index = index
        self.rule = rule
        isLimited = !on.isEmpty || !limits.isEmpty
        targets = Set(index.targets.map(\.name))
        guard !targets.isEmpty else {
            throw SelectionError(.noMatch, "the inventory has no target")
        }
        guard on.isEmpty || limits.isEmpty, on.count <= 1 else {
            throw SelectionError(
                .badTerm, "--on takes exactly one target, and no --limit beside it",
                hint: "for several targets use --limit a,b")
        }
        if let name = on.first {
            let target = try Self.single(name, in: index)
            targets = [target.name]
            named = targets
        }
        try apply(limits)
        if !isLimited { try checkOmission() }
    }

    private static func single(_ name: String, in index: TargetIndex) throws(SelectionError)
        -> Target
    {
        if let target = index.target(name) { return target }
        let shown = printableExcerpt(name)
        if let group = index.group(name) {
            throw SelectionError(
                .unknownTarget, "--on \(shown) is a group of \(Self.count(group.count))",
                hint: "--on takes exactly one target; for a group use --limit \(name)")
        }
        guard !name.contains(where: { "*?,= @".contains($0) }) else {
            throw SelectionError(
                .badTerm, "--on \(shown) is not the name of one target",
                hint: "for a list, a pattern or an expression use --limit")
        }
        throw SelectionError(
            .unknownTarget, "--on \(shown) is no target in the inventory",
            hint: index.suggestion(for: name) ?? "'handrail inventory' lists the targets")
    }

    private mutating func apply(_ limits: [LimitTerm]) throws(SelectionError) {
        for (place, term) in limits.enumerated() {
            let match = try index.match(term, option: "--limit")
            let remaining = targets.intersection(match.targets)
            guard !remaining.isEmpty else {
                let before = limits[..<place].map { printableExcerpt($0.text) }
                throw SelectionError(
                    .noMatch,
                    "--limit \(printableExcerpt(term.text)) fits "
                        + "\(Self.count(match.targets.count)), none of the "
                        + "\(targets.count) that --limit "
                        + "\(before.joined(separator: " and ")) left",
                    hint: "several --limit mean *and*; for *or* use a comma or the word `or`")
            }
            targets = remaining
            named.formUnion(match.named)
        }
    }

    /// A resolution asks for its target, and no runbook means all targets by omission.
    private func checkOmission() throws(SelectionError) {
        guard rule.pick == .one || rule.select == nil else { return }
        let fitting = Self.order(index.targets.filter(isAllowed)).map(\.name.rawValue)
        throw SelectionError(
            .missing,
            rule.pick == .one
                ? "the runbook takes one target, and none is given"
                : "the runbook may run anywhere, and no target is given",
            hint: fitting.isEmpty
                ? nil
                : "give \(rule.pick == .one ? "--on" : "--limit") with one of: "
                    + Selection.listed(fitting))
    }

    /// Takes out what the excludes fit.
    mutating func remove(_ excludes: [LimitTerm]) throws(SelectionError) {
        for term in excludes {
            let match = try index.match(term, option: Selection.excludeOption)
            let remaining = targets.subtracting(match.targets)
            guard !remaining.isEmpty else {
                throw SelectionError(
                    .noMatch,
                    "\(Selection.excludeOption) \(printableExcerpt(term.text)) leaves out "
                        + (targets.count == 1
                            ? "the last target, \(Self.names(targets))"
                            : "all \(targets.count) targets: \(Self.names(targets))"))
            }
            targets = remaining
        }
    }

    /// What is left, held against the runbook's own rule.
    func selected() throws(SelectionError) -> Selected {
        let chosen = index.targets.filter { targets.contains($0.name) }
        let outside = Self.byName(chosen.filter { !isAllowed($0) })
        let misnamed = outside.filter { named.contains($0.name) }
        guard misnamed.isEmpty else { throw notForRunbook(misnamed) }
        let fitting = Self.order(chosen.filter(isAllowed))
        guard !fitting.isEmpty else { throw notForRunbook(outside) }
        guard rule.pick == .many || fitting.count == 1 else {
            throw SelectionError(
                .several,
                "the runbook takes one target, and \(fitting.count) are selected: "
                    + Selection.listed(fitting.map(\.name.rawValue)),
                hint: "give one of them: --on \(fitting[0].name)")
        }
        let leftOut = isLimited ? outside.map(leftOut) : []
        return Selected(targets: fitting, leftOut: leftOut)
    }

    private func isAllowed(_ target: Target) -> Bool {
        rule.select.map { $0.holds(in: target.scope) } ?? true
    }

    private func leftOut(_ target: Target) -> Selected.LeftOut {
        Selected.LeftOut(
            target: target.name, reason: rule.select.map { $0.mismatch(of: target) } ?? "")
    }

    private func notForRunbook(_ targets: [Target]) -> SelectionError {
        guard isLimited || targets.count <= 3 else {
            return SelectionError(
                .noMatch,
                "none of the \(index.targets.count) targets is one the runbook is for"
                    + (rule.select.map { ": \($0)" } ?? ""))
        }
        let reasons = targets.prefix(3).map { "\($0.name) \(leftOut($0).reason)" }
        let more = targets.count > 3 ? "; +\(targets.count - 3)" : ""
        return SelectionError(
            .notForRunbook, "not for this runbook: \(reasons.joined(separator: "; "))\(more)",
            hint: "check the target's name, then the runbook; `handrail list` shows the others")
    }

    private static func count(_ number: Int) -> String {
        number == 1 ? "1 target" : "\(number) targets"
    }

    private static func names(_ targets: Set<TargetName>) -> String {
        Selection.listed(targets.sorted().map(\.rawValue))
    }

    private static func byName(_ targets: [Target]) -> [Target] {
        targets.sorted { $0.name < $1.name }
    }

    private static func order(_ targets: [Target]) -> [Target] {
        let sorted = byName(targets)
        return sorted.filter(\.isCanary) + sorted.filter { !$0.isCanary }
    }
}

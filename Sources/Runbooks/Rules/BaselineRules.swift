/// What a baseline says of the rest of its library: targets of exceptions, and runbooks that mend.
enum BaselineRules {
    /// The problems of each baseline; one with an error can't be used.
    static func check(
        _ runbooks: [Runbook], _ inventory: Inventory
    ) -> [RunbookID: [Diagnostic]] {
        let targets = Set(inventory.targets.map(\.name))
        let names = Set(targets.map(\.rawValue))
        let byID = Dictionary(
            runbooks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [RunbookID: [Diagnostic]] = [:]
        for runbook in runbooks {
            guard let baseline = runbook.baseline else { continue }
            let problems =
                baseline.exceptions.flatMap { unknownTargets(of: $0, targets) }
                + runbook.steps.flatMap { misfits(of: $0, in: runbook, byID, names) }
            if !problems.isEmpty { found[runbook.id] = problems }
        }
        return found
    }

    private static func unknownTargets(
        of exception: BaselineException, _ targets: Set<TargetName>
    ) -> [Diagnostic] {
        exception.targets.filter { !targets.contains($0) }.map { name in
            .error(
                "unknown-member", "There is no target '\(name)' in the inventory.",
                at: exception.position, excerpt: name.rawValue,
                hint: nearestName(to: name.rawValue, among: targets.map(\.rawValue)).map {
                    "Did you mean '\($0)'?"
                } ?? "Remove the exception with its target.")
        }
    }

    private static func misfits(
        of item: Step, in baseline: Runbook, _ runbooks: [RunbookID: Runbook],
        _ targets: Set<String>
    ) -> [Diagnostic] {
        guard let fix = item.audit?.fix else { return [] }
        guard let runbook = runbooks[fix.runbook] else {
            return [
                .error(
                    "dangling-reference", "There is no usable runbook '\(fix.runbook)'.",
                    at: fix.position, excerpt: fix.runbook.rawValue,
                    hint: nearestName(
                        to: fix.runbook.rawValue,
                        among: runbooks.values.filter { $0.kind != .baseline }.map(\.id.rawValue)
                    ).map { "Did you mean '\($0)'?" }
                        ?? "Name one of the library; one with errors can't be used.")
            ]
        }
        guard runbook.kind != .baseline else {
            return [
                .error(
                    "bad-value", "'\(fix.runbook)' is a baseline, and mends nothing.",
                    at: fix.position, excerpt: fix.runbook.rawValue,
                    hint: "Name the runbook that does what is missing.")
            ]
        }
        // Of several items one wrong value is enough to tell.
        var seen: Set<String> = []
        return given(fix, item, runbook).flatMap { given in
            let known = runbook.parameters.filter { parameter in
                fix.set[parameter.name.rawValue] == nil || given[parameter.name.rawValue] != nil
            }
            // What is known only in the plan may be what another parameter needs.
            return ParameterSet.check(known, given: given, targets: targets).diagnostics
                .filter { known.count == runbook.parameters.count || $0.code != unsure }
        }.compactMap { problem -> Diagnostic? in
            guard seen.insert(problem.code + problem.message).inserted else { return nil }
            return .error(
                problem.code, "The fix '\(fix.runbook)': \(problem.message).", at: fix.position,
                excerpt: fix.runbook.rawValue,
                hint: problem.hint.map(sentence) ?? "Its parameters are in its own runbook.yaml.")
        }
    }

    private static let unsure = "conflicting-parameters"

    private static func sentence(_ hint: String) -> String {
        hint.prefix(1).uppercased() + hint.dropFirst() + (hint.hasSuffix("?") ? "" : ".")
    }

    /// The values that a fix is given, for each item that is written down; what only the plan knows
    /// is left out, but for names that the runbook doesn't have.
    private static func given(
        _ fix: ItemFix, _ item: Step, _ runbook: Runbook
    ) -> [[String: GivenValue]] {
        let names = Set(runbook.parameters.map(\.name.rawValue))
        let texts: [String?] =
            if case .texts(let texts)? = item.forEach { texts } else { [nil] }
        return texts.map { text in
            var given: [String: GivenValue] = [:]
            for (name, value) in fix.set {
                switch value {
                case .text(let text): given[name] = .text(text)
                case .reference(.item) where text != nil: given[name] = text.map(GivenValue.text)
                case .reference: if !names.contains(name) { given[name] = .text("") }
                }
            }
            return given
        }
    }
}

/// Every name that is used means something, and is known by the time it is needed.
enum ReferenceRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        let parameters = Set(draft.parameters.map(\.name.rawValue))
        var steps: [String: Int] = [:]
        for (index, step) in draft.steps.enumerated() {
            if let id = step.id?.rawValue, steps[id] == nil { steps[id] = index }
        }
        for mention in draft.mentions {
            let parts = mention.name.parts
            if parts.count == 1 {
                checkBare(parts[0], mention, draft, parameters, steps, &document)
            } else if parts.count == 2 {
                checkDotted(parts[0], parts[1], mention, draft, steps, &document)
            }
        }
        for mention in draft.parameterMentions where !parameters.contains(mention.name.rawValue) {
            dangling(
                "There is no parameter '\(mention.name)'.", mention.name.rawValue, mention.mark,
                parameters, &document)
        }
    }

    private static func checkBare(
        _ name: String, _ mention: RunbookDraft.Mention, _ draft: RunbookDraft,
        _ parameters: Set<String>, _ steps: [String: Int], _ document: inout DocumentReading
    ) {
        if parameters.contains(name) { return }
        if draft.values.contains(where: { $0.name.rawValue == name }) {
            return checkValue(name, mention, draft, &document)
        }
        if name == "target_name" {
            if let place = mention.place { refuseTarget(place, mention, &document) }
            return
        }
        if WaveValue(rawValue: name) != nil {
            guard mention.list == nil, mention.scope != .wave else { return }
            document.error(
                "dangling-reference",
                "'\(name)' means something only in before_wave, after_wave and steps per wave.",
                at: mention.mark, excerpt: mention.written ?? name,
                hint: "Use it there, or name something else.")
            return
        }
        if name == "item", mention.site != .expression {
            guard !mention.hasItem else { return }
            document.error(
                "dangling-reference", "'$item' means something only in a step with 'for_each'.",
                at: mention.mark, excerpt: mention.written,
                hint: "Add `for_each: [a, b]` to the step, or name something else.")
            return
        }
        guard let index = steps[name] else {
            let what =
                mention.site == .expression ? "neither a parameter nor a step" : "no parameter"
            dangling(
                "'\(name)' is \(what).", name, mention.mark,
                parameters.union(steps.keys).union(draft.values.map(\.name.rawValue))
                    .union(["target_name"]), &document,
                excerpt: mention.written,
                otherwise: mention.site == .expression
                    ? "A label is written target.\(name)."
                    : "Text that starts with '$' is "
                        + "written with '$$'.")
            return
        }
        if ![.expression, .items].contains(mention.site), draft.steps[index].keyword != "ask" {
            document.error(
                "dangling-reference", "The step '\(name)' is no question, so it has no answer.",
                at: mention.mark, excerpt: mention.written,
                hint: "Name one of its outputs: $\(name).OUTPUT.")
        }
        refuseForward(name, draft.steps[index], index, mention, &document)
    }

    /// A value is picked for each target, and by nothing that only a run knows.
    private static func checkValue(
        _ name: String, _ mention: RunbookDraft.Mention, _ draft: RunbookDraft,
        _ document: inout DocumentReading
    ) {
        if let place = mention.place { return refuseTarget(place, mention, &document) }
        if let early = mention.early {
            let facts = draft.values.first { $0.name.rawValue == name }?.rule?.facts ?? []
            guard early == "a fact" || !facts.isEmpty else { return }
            document.error(
                "dangling-reference",
                facts.isEmpty
                    ? "'\(name)' is a value, and \(early) uses none."
                    : "'\(name)' is picked by facts.\(facts[0]), which isn't known in \(early).",
                at: mention.mark, excerpt: mention.written ?? name,
                hint: "Use labels (target.NAME) and parameters.")
            return
        }
        guard mention.isInValue else { return }
        document.error(
            "dangling-reference", "'\(name)' is a value itself, and values use no other ones.",
            at: mention.mark, excerpt: mention.written ?? name,
            hint: "Use labels (target.NAME) and parameters.")
    }

    /// What is done once for a wave knows no one target.
    private static func refuseTarget(
        _ place: String, _ mention: RunbookDraft.Mention, _ document: inout DocumentReading
    ) {
        document.error(
            "dangling-reference", "What stands in '\(place)' is about no one target.",
            at: mention.mark, excerpt: mention.written ?? mention.name.description,
            hint:
                "Use $wave_targets, the names of all targets of a wave, or make it a step of each "
                + "target.")
    }

    private static func checkDotted(
        _ first: String, _ second: String, _ mention: RunbookDraft.Mention,
        _ draft: RunbookDraft, _ steps: [String: Int], _ document: inout DocumentReading
    ) {
        if first == "target" {
            if let place = mention.place { refuseTarget(place, mention, &document) }
            return
        }
        if first == "facts" { return checkFact(second, mention, draft, &document) }
        guard let index = steps[first] else {
            dangling(
                "There is no step '\(first)'.", first, mention.mark, Set(steps.keys), &document,
                excerpt: mention.written)
            return
        }
        let step = draft.steps[index]
        let outputs = step.outputs.map(\.declaration.name.rawValue)
        if !outputs.contains(second), !step.brokenOutputs.contains(second) {
            dangling(
                "The step '\(first)' declares no output '\(second)'.", second, mention.mark,
                Set(outputs), &document, excerpt: mention.written,
                otherwise: "Add it to the step's `outputs`.")
            return
        }
        refuseForward(first, step, index, mention, &document)
    }

    /// A fact is one that is declared, and is known from a target's first step on.
    private static func checkFact(
        _ name: String, _ mention: RunbookDraft.Mention, _ draft: RunbookDraft,
        _ document: inout DocumentReading
    ) {
        let known = Set(draft.facts.map(\.name.rawValue))
        guard known.contains(name) else {
            dangling(
                "There is no fact '\(name)'.", name, mention.mark, known, &document,
                excerpt: mention.written, otherwise: "Declare it below 'facts'.")
            return
        }
        if let place = mention.place { return refuseTarget(place, mention, &document) }
        guard let early = mention.early else { return }
        document.error(
            "dangling-reference", "'facts.\(name)' isn't known in \(early).",
            at: mention.mark, excerpt: mention.written ?? mention.name.description,
            hint: "Targets are asked for facts right before their first step; use labels "
                + "(target.NAME) and parameters here.")
    }

    private static func refuseForward(
        _ name: String, _ step: RunbookDraft.StepDraft, _ index: Int,
        _ mention: RunbookDraft.Mention, _ document: inout DocumentReading
    ) {
        let isHidden = step.list == nil || step.list == .before && mention.scope == .run
        if let place = mention.place, isHidden {
            document.error(
                "dangling-reference",
                "What '\(name)' gives isn't known in '\(place)', which is about several targets.",
                at: mention.mark, excerpt: mention.written ?? mention.name.description,
                hint: "What is done for a wave knows the steps of before_wave, and parameters.")
            return
        }
        guard index >= mention.moment else { return }
        document.error(
            "forward-reference", "The step '\(name)' hasn't ended when this is needed.",
            at: mention.mark, excerpt: mention.written,
            hint: "Use what earlier steps give, or move the step up.")
    }

    private static func dangling(
        _ message: String, _ name: String, _ mark: YamlMark, _ candidates: Set<String>,
        _ document: inout DocumentReading, excerpt: String? = nil, otherwise: String? = nil
    ) {
        document.error(
            "dangling-reference", message, at: mark, excerpt: excerpt,
            hint: nearestName(to: name, among: candidates).map { "Did you mean '\($0)'?" }
                ?? otherwise)
    }
}

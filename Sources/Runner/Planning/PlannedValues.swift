import Runbooks

/// A plan's parameters, and the text that references to them become.
struct PlannedValues: Sendable {
    /// In the order in which the runbook declares them.
    let parameters: [PlannedParameter]
    private let byName: [String: PlannedParameter]

    /// The values given, and defaults for the rest.
    ///
    /// - Throws: `badParameter` for a name that isn't declared, a value that is missing, or text
    ///   that no script can be given.
    init(_ declared: [Parameter], given: [ParameterName: Value]) throws(PlanError) {
        let names = Set(declared.map(\.name))
        if let unknown = given.keys.filter({ !names.contains($0) }).min() {
            throw PlanError(
                .badParameter, "there is no parameter '\(unknown)'",
                hint: names.isEmpty
                    ? "this runbook has no parameters"
                    : "there are " + names.sorted().map(\.rawValue).joined(separator: ", "))
        }
        var planned: [PlannedParameter] = []
        for parameter in declared {
            planned.append(
                try Self.planned(parameter, given[parameter.name] ?? parameter.defaultValue))
        }
        parameters = planned
        byName = Dictionary(
            planned.map { ($0.name.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The text of a reference to a parameter; everything else, and a secret, as it is.
    func resolved(_ argument: Argument) -> Argument {
        guard case .reference(let name) = argument, name.parts.count == 1,
            let parameter = byName[name.parts[0]], parameter.secret == nil
        else { return argument }
        // A parameter that may be left out, and was, reaches scripts as empty text.
        return .text(parameter.text ?? "")
    }

    /// The step with text for its parameters, and its typed actions' names looked at again.
    func resolved(_ step: Step) throws(PlanError) -> Step {
        var step = step.mappingArguments(resolved)
        step.position = nil
        if case .reference(let name)? = step.forEach, name.parts.count == 1,
            let parameter = byName[name.parts[0]]
        {
            step.forEach = .texts(parameter.values ?? [])
        }
        try Self.check(step)
        return step
    }

    /// A wave's list with text for its parameters; nil where it is empty.
    func list(_ steps: [Step]) throws(PlanError) -> [Step]? {
        var list: [Step] = []
        for step in steps { list.append(try resolved(step)) }
        return list.isEmpty ? nil : list
    }

    /// Looks at what a target's labels bring into its steps: the items of lists.
    func check(_ steps: [Step], of target: PlannedTarget) throws(PlanError) {
        for step in steps where step.itemLabel != nil {
            let texts = step.itemTexts(labels: target.labels) ?? []
            do throws(PlanError) {
                try Self.check(items: texts, of: step)
                for item in step.items(labels: target.labels) { try Self.check(item) }
            } catch {
                throw PlanError(
                    error.code, "\(target.name): \(error.message)",
                    hint: "correct the label '\(step.itemLabel ?? "")' in the inventory")
            }
        }
    }

    private static func check(_ step: Step) throws(PlanError) {
        if case .texts(let texts)? = step.forEach {
            try check(items: texts, of: step)
            for item in step.items(labels: [:]) where item.forEach == nil { try check(item) }
            return
        }
        for action in [step.action] + (step.undo ?? []) {
            if let problem = problem(of: action) {
                throw PlanError(
                    .badParameter, "step '\(step.id)': \(problem)",
                    hint: "give the parameter it is taken from another value")
            }
        }
    }

    private static func check(items texts: [String], of step: Step) throws(PlanError) {
        if texts.count > ItemList.limit {
            throw PlanError(
                .badParameter,
                "step '\(step.id)' would go through \(texts.count) items; "
                    + "\(ItemList.limit) is the limit",
                hint: "give a shorter list")
        }
        // By bytes, as targets tell them apart: Swift's texts are equal in any normal form.
        var seen: Set<[UInt8]> = []
        if let twice = texts.first(where: { !seen.insert(Array($0.utf8)).inserted }) {
            throw PlanError(
                .badParameter,
                "step '\(step.id)' would go through \(printableExcerpt(twice)) twice",
                hint: "give each item once")
        }
    }

    private static func planned(
        _ parameter: Parameter, _ value: Value?
    ) throws(PlanError) -> PlannedParameter {
        switch value {
        case nil:
            guard parameter.isOptional else {
                throw PlanError(
                    .badParameter, "the parameter '\(parameter.name)' has no value",
                    hint: "give it with --set \(parameter.name)=…")
            }
            return PlannedParameter(name: parameter.name, kind: parameter.kind, text: nil)
        case .secret(let reference):
            return PlannedParameter(
                name: parameter.name, kind: parameter.kind, text: nil, secret: reference)
        case let value?:
            guard parameter.kind != .secret else {
                // Its text must not get into the plan by a wrong type.
                throw PlanError(
                    .badParameter, "the secret '\(parameter.name)' was given as plain text",
                    hint: "give it with --set \(parameter.name)=@FILE, or at the prompt")
            }
            if case .list(let elements) = value,
                let broken = elements.first(where: { $0.utf8.contains(UInt8(ascii: "\n")) })
            {
                throw PlanError(
                    .badParameter,
                    "an element of '\(parameter.name)' has a line end: \(printableExcerpt(broken))",
                    hint: "a list reaches scripts as one element a line")
            }
            let text = value.text
            guard !text.utf8.contains(0) else {
                throw PlanError(
                    .badParameter, "the value of '\(parameter.name)' has a NUL character",
                    hint: "no program can be given one")
            }
            return PlannedParameter(name: parameter.name, kind: parameter.kind, text: text)
        }
    }

    /// What is wrong with a typed action's values, now that they are known.
    private static func problem(of action: Action) -> String? {
        switch action {
        case .file(let file):
            guard case .text(let path) = file.path, !path.hasPrefix("/") else { return nil }
            return "the path \(printableExcerpt(path)) is not absolute"
        case .service(let service): return problem(ofName: service.name, "service", .service)
        case .package(let package):
            if case .exactly(let version) = package.version,
                let problem = problem(ofName: version, "version", .version)
            {
                return problem
            }
            return problem(ofName: package.name, "package", .package)
        case .http(let request): return problem(of: request)
        case .run, .reboot, .wait, .assert, .collect, .manual, .ask, .stop: return nil
        }
    }

    /// What is wrong with where a request goes, as far as it is known now.
    private static func problem(of request: HTTPAction) -> String? {
        guard case .text(let base) = request.url else { return nil }
        let known = { (argument: Argument) -> String? in
            if case .text(let text) = argument { text } else { nil }
        }
        do {
            _ = try HTTPAddress(base: base, path: request.path.compactMap(known))
            return nil
        } catch {
            return "the request to \(printableExcerpt(base)) can't be made: \(error.message)"
        }
    }

    /// What a run would refuse as a name is refused here: no service manager can hold it, or a
    /// program would take it for an option, a path or a pattern.
    private static func problem(
        ofName argument: Argument, _ what: String, _ signs: NameGrammar.Signs
    ) -> String? {
        guard case .text(let name) = argument else { return nil }
        if name.isEmpty { return "the \(what) has no name" }
        guard !NameGrammar.isActionName(name, with: signs) else { return nil }
        return "\(printableExcerpt(name)) is no name of a \(what): letters, digits and "
            + "\(signs.rawValue), starting with a letter or digit, 200 at most"
    }
}

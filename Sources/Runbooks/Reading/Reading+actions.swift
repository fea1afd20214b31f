extension RunbookReading {
    /// The action that a key of a step, or of an `undo`, describes.
    mutating func action(
        _ keyword: String, in fields: Fields, _ environment: [String: Argument],
        isUndo: Bool = false
    ) -> Action? {
        guard let node = fields[keyword] else { return nil }
        switch keyword {
        case "run": return script(node, "run", inheriting: environment).map(Action.run)
        case "file": return file(node, environment).map(Action.file)
        case "service": return service(node).map(Action.service)
        case "package": return package(node, isUndo: isUndo).map(Action.package)
        case "reboot":
            guard let fields = document.fields(node, .reboot) else { return nil }
            let upTo = document.time(fields, "up_to", "up_to")
            return .reboot(RebootAction(upTo: upTo ?? .seconds(600)))
        case "wait": return wait(fields, environment).map(Action.wait)
        case "assert":
            let time = document.time(fields, "stays_ok_for", "stays_ok_for")
            return script(node, "assert", inheriting: environment).map {
                .assert(AssertAction(script: $0, staysOKFor: time ?? .zero))
            }
        case "collect": return collect(node).map(Action.collect)
        case "http": return http(node).map(Action.http)
        case "manual": return manual(node).map(Action.manual)
        case "ask": return ask(node).map(Action.ask)
        case "stop": return stop(node).map(Action.stop)
        default: return nil
        }
    }

    private mutating func service(_ node: YamlNode) -> ServiceAction? {
        guard let fields = document.fields(node, .service) else { return nil }
        let name = value(fields["name"], "the service's name", site: .typedAction)
        let state = document.word(fields["state"], "the state", as: ServiceAction.State.self)
        if case .text(let text)? = name, let node = fields["name"] {
            refuseOddName(text, "a service", at: node, signs: .service)
        }
        guard let name, let state else { return nil }
        return ServiceAction(name: name, state: state)
    }

    private mutating func package(_ node: YamlNode, isUndo: Bool) -> PackageAction? {
        guard let fields = document.fields(node, .package) else { return nil }
        let name = value(fields["name"], "the package's name", site: .typedAction)
        if case .text(let text)? = name, let node = fields["name"] {
            refuseOddName(text, "a package", at: node, signs: .package)
        }
        let isAbsent = absent(fields)
        if isAbsent, fields.has("version") {
            document.error(
                "conflicting-keys", "'absent' and 'version' exclude each other.",
                at: fields.mark(of: "version"), hint: "Keep one of them.")
        }
        guard let version = version(fields["version"], isAbsent, isUndo), let name else {
            return nil
        }
        return PackageAction(name: name, version: version)
    }

    private mutating func version(
        _ node: YamlNode?, _ isAbsent: Bool, _ isUndo: Bool
    ) -> PackageAction.Version? {
        if isAbsent { return .absent }
        guard let node else { return .present }
        guard let version = value(node, "the version", site: .typedAction) else { return nil }
        guard case .text(let text) = version else { return .exactly(version) }
        if text == "previous" {
            if isUndo { return .previous }
            document.error(
                "bad-value", "'previous' is the version before a step, so it stands in undo only.",
                at: node.start, hint: "Write the version, as the package carries it.")
            return nil
        }
        refuseOddName(text, "a version", at: node, signs: .version)
        return .exactly(version)
    }

    /// The value of `absent`, which can only be true.
    private mutating func absent(_ fields: Fields) -> Bool {
        guard let node = fields["absent"], let isAbsent = document.truth(node, "absent") else {
            return false
        }
        if !isAbsent {
            document.error(
                "bad-value", "'absent' can only be true.", at: node.start,
                hint: "Remove the key for something that must be there.")
        }
        return isAbsent
    }

    private mutating func refuseOddName(
        _ text: String, _ what: String, at node: YamlNode, signs: NameGrammar.Signs
    ) {
        if NameGrammar.isActionName(text, with: signs) { return }
        document.error(
            "bad-value", "'\(Excerpt.line(text))' can't be the name of \(what).", at: node.start,
            excerpt: text,
            hint: "Letters, digits and \(signs.rawValue), starting with a letter or digit.")
    }

    private mutating func wait(
        _ step: Fields, _ environment: [String: Argument]
    ) -> WaitAction? {
        guard let node = step["wait"] else { return nil }
        let pause: Duration = .seconds(5)
        if case .scalar = node.content {
            return document.time(step, "wait", "wait").map {
                WaitAction(until: nil, every: pause, upTo: $0)
            }
        }
        guard let fields = document.fields(node, .wait) else { return nil }
        let every = document.time(fields, "every", "every")
        let upTo = document.time(fields, "up_to", "up_to")
        guard let until = script(fields["until"], "until", inheriting: environment) else {
            return nil
        }
        return WaitAction(until: until, every: every ?? pause, upTo: upTo ?? .seconds(60))
    }

    /// The longest command line or path of a `collect`, in characters.
    static let longestCommand = 4096

    private mutating func collect(_ node: YamlNode) -> CollectAction? {
        guard let fields = document.fields(node, .collect) else { return nil }
        if !fields.part.atLeastOne.contains(where: fields.has) {
            document.error(
                "missing-key", "There is nothing to collect.", at: fields.mark,
                hint: "Add `commands: […]` or `files: […]`.")
        }
        var commands: [String] = []
        for element in document.elements(fields, "commands", "commands") ?? [] {
            guard let line = document.line(element, "a command", limit: Self.longestCommand) else {
                continue
            }
            commands.append(line)
            if line.hasPrefix("scripts/") || line.hasPrefix("lib/"), !line.contains(" ") {
                draft.files.append(.init(path: line, kind: .script, mark: element.start))
            }
        }
        var paths: [String] = []
        for element in document.elements(fields, "files", "files") ?? [] {
            guard let line = document.line(element, "a path", limit: Self.longestCommand) else {
                continue
            }
            refuseRelative(line, at: element)
            paths.append(line)
        }
        let limit = document.size(fields, "limit", "limit")
        return CollectAction(commands: commands, files: paths, limitBytes: limit ?? 20 << 20)
    }

    /// Refuses a literal path on the target that is not absolute, or that climbs.
    mutating func refuseRelative(_ path: String, at node: YamlNode) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        guard path.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), !path.hasSuffix("/")
        else {
            document.error(
                "bad-path", "A file on the target is named by its absolute path.", at: node.start,
                excerpt: path, hint: "Start with '/', without '..', and name a file.")
            return
        }
    }

    private mutating func deadline(_ fields: Fields) -> Duration {
        document.time(fields, "deadline", "deadline")
            ?? .seconds(3600)
    }

    /// How often a person is asked; in a wave's list there is no choice.
    private mutating func personScope(_ fields: Fields) -> PersonScope? {
        isInList ? nil : document.word(fields["per"], "per", as: PersonScope.self)
    }

    private mutating func manual(_ node: YamlNode) -> PersonAction? {
        if case .scalar = node.content {
            return document.text(node, "manual").map {
                PersonAction(text: $0, choices: [], deadline: .seconds(3600), perTarget: false)
            }
        }
        guard let fields = document.fields(node, isInList ? .waveManual : .manual) else {
            return nil
        }
        let deadline = deadline(fields)
        let per = personScope(fields)
        guard let text = document.text(fields, "do", "do") else { return nil }
        return PersonAction(
            text: text, choices: [], deadline: deadline, perTarget: per == .target,
            perWave: per == .wave ? true : nil)
    }

    private mutating func ask(_ node: YamlNode) -> PersonAction? {
        guard let fields = document.fields(node, isInList ? .waveAsk : .ask) else { return nil }
        let deadline = deadline(fields)
        let per = personScope(fields)
        let question = document.text(fields, "question", "the question")
        let choices = choices(fields)
        guard let question else { return nil }
        return PersonAction(
            text: question, choices: choices, deadline: deadline, perTarget: per == .target,
            perWave: per == .wave ? true : nil)
    }

    private mutating func choices(_ fields: Fields) -> [PersonAction.Choice] {
        guard let node = fields["choices"],
            let nodes = document.elements(fields, "choices", "choices")
        else { return [] }
        if nodes.count < fields.part.count(of: "choices").range.lowerBound {
            document.error(
                "bad-value", "A question needs at least two choices.", at: node.start)
        }
        var found: [PersonAction.Choice] = []
        for element in nodes {
            guard let fields = document.fields(element, .choice) else { continue }
            let id = document.name(
                document.line(fields, "id", "the id"), "the id of a choice",
                at: fields["id"]?.start ?? fields.mark, as: StepID.self)
            let label = document.line(fields, "label", "the label")
            guard let id, let label else { continue }
            if found.contains(where: { $0.id == id.rawValue }) {
                document.error(
                    "duplicate-id", "The choice '\(id)' stands twice.", at: element.start)
                continue
            }
            found.append(PersonAction.Choice(id: id.rawValue, label: label))
        }
        return found
    }

    private mutating func stop(_ node: YamlNode) -> StopAction? {
        guard let fields = document.fields(node, .stop) else { return nil }
        let resolution = document.word(
            fields["as"], "'as'", as: StopAction.Resolution.self)
        let say = document.text(fields, "say", "say")
        let escalate = document.line(fields, "escalate", "escalate")
        guard let resolution, let say else { return nil }
        return StopAction(resolution: resolution, escalate: escalate, say: say)
    }
}

extension RunbookReading {
    /// How the run goes over its targets, and how they are cut into waves.
    mutating func rollout(_ node: YamlNode?) -> (Rollout, WaveRule?) {
        guard let node, let fields = document.fields(node, .rollout) else {
            return (Rollout(), nil)
        }
        let waves = waves(fields["waves"])
        var rollout = Rollout()
        readStops(fields, hasWaves: fields.has("waves"), into: &rollout)
        if let reach = fields["reach"], let parts = document.fields(reach, .reach) {
            rollout.leaveOut = amount(parts, "leave_out", least: 0)
        }
        if let inFlight = document.integer(fields, "max_in_flight", "max_in_flight") {
            rollout.maxInFlight = inFlight
        }
        rollout.health = healthChecks(fields)
        rollout.soak = soak(fields)
        let promote = document.word(fields["promote"], "promote", as: Rollout.Promote.self)
        if fields.has("promote"), !fields.has("waves") {
            document.error(
                "misplaced-key", "'promote' means nothing without 'waves'.",
                at: fields.mark(of: "promote"), hint: "Add `waves:`, or remove it.")
        }
        rollout.promote = promote == .manual ? .manual : nil
        rollout.onStop = document.word(fields["on_stop"], "on_stop", as: Rollout.OnStop.self)
        rollout.expectedMilliseconds =
            document.time(fields, "expected", "expected")?.inMilliseconds
        let keepsGoing = document.truth(fields["keep_going"], "keep_going")
        rollout.keepsGoing = keepsGoing == true ? true : nil
        return (rollout, waves)
    }

    private mutating func readStops(
        _ fields: Fields, hasWaves: Bool, into rollout: inout Rollout
    ) {
        guard let stop = fields["stop_at"], let parts = document.fields(stop, .stopAt) else {
            return
        }
        guard parts.part.atLeastOne.contains(where: parts.has) else {
            document.error(
                "missing-key", "stop_at needs 'first_wave', 'wave' or 'failures'.",
                at: parts.mark, hint: "Add `failures: 1`, or remove it: any failure stops then.")
            return
        }
        if parts.has("first_wave"), !hasWaves {
            document.error(
                "misplaced-key", "'first_wave' means nothing without 'waves'.",
                at: parts.mark(of: "first_wave"), hint: "Write `wave`, or add `waves:`.")
        }
        rollout.stopAtFailures = document.integer(parts, "failures", "failures")
        rollout.stopAtFirstWave = amount(parts, "first_wave", least: 1)
        rollout.stopAtWave = amount(parts, "wave", least: 1)
    }

    /// A number, or a share such as `20%`.
    private mutating func amount(_ fields: Fields, _ key: String, least: Int) -> Amount? {
        amount(fields[key], key, least: least)
    }

    private mutating func amount(_ node: YamlNode?, _ what: String, least: Int) -> Amount? {
        guard let node, let text = document.scalar(node, what) else { return nil }
        if text.hasSuffix("%") { return document.share(text, at: node) }
        guard let count = Int(text), (least...10_000).contains(count), !text.hasPrefix("+") else {
            document.error(
                "bad-value",
                "\(what) must be a whole number from \(least) to 10000, or a share such as 20%.",
                at: node.start, excerpt: text)
            return nil
        }
        return .count(count)
    }
}

/// Waves, in both forms.
extension RunbookReading {
    private mutating func waves(_ node: YamlNode?) -> WaveRule? {
        let most = DocumentPart.mostWaveEntries
        guard let node, let nodes = document.elements(node, "waves", limit: most) else {
            return nil
        }
        guard let first = nodes.first else {
            document.error(
                "bad-value", "'waves' names no wave.", at: node.start,
                hint: "Write sizes, `[1, 10%, rest]`, or a list of entries.")
            return nil
        }
        if case .mapping = first.content { return entries(nodes) }
        return sizes(nodes)
    }

    private mutating func sizes(_ nodes: [YamlNode]) -> WaveRule? {
        var sizes: [Amount?] = []
        for (index, node) in nodes.enumerated() {
            guard case .scalar(let text, _) = node.content, text == "rest" else {
                if let size = amount(node, "a wave's size", least: 1) { sizes.append(size) }
                continue
            }
            guard index == nodes.count - 1 else {
                document.error(
                    "bad-value", "'rest' takes all that are left, so no wave comes after it.",
                    at: node.start, hint: "Put it last.")
                continue
            }
            sizes.append(nil)
        }
        return sizes.isEmpty ? nil : .sizes(sizes)
    }

    private mutating func entries(_ nodes: [YamlNode]) -> WaveRule? {
        var entries: [WaveEntry] = []
        var taker: String?
        for node in nodes {
            guard let fields = document.fields(node, .wave) else { continue }
            let mark = fields["name"]?.start ?? fields.mark
            let name = document.name(
                document.line(fields, "name", "a wave's name"), "a wave's name", at: mark,
                as: StepID.self)?.rawValue
            let entry = WaveEntry(
                name: name ?? "", select: selector(fields["select"], "select"),
                size: amount(fields, "size", least: 1))
            if let name, entries.contains(where: { $0.name == name }) {
                document.error(
                    "duplicate-id", "There is a wave '\(name)' already.", at: mark,
                    hint: "Give each entry a name of its own.")
            }
            if let taker {
                document.error(
                    "conflicting-keys",
                    "'\(taker)' has no 'select' and takes all that are left, so no target belongs "
                        + "to an entry after it.",
                    at: fields.mark, hint: "Put the entry without 'select' last.")
            } else if !fields.has("select") {
                taker = name ?? "an entry before it"
            }
            entries.append(entry)
        }
        return entries.isEmpty ? nil : .entries(entries)
    }
}

/// What lies between two waves.
extension RunbookReading {
    private mutating func soak(_ fields: Fields) -> Soak? {
        guard let node = fields["soak"], let parts = document.fields(node, .soak) else {
            return nil
        }
        let time = document.time(parts, "time", "time")
        let watch = watch(parts["watch"], within: time)
        if watch != nil, !fields.has("health") {
            document.error(
                "misplaced-key", "'watch' asks what 'health' says, and there is none.",
                at: parts.mark(of: "watch"), hint: "Add `health:`, or remove it.")
        }
        return time.map {
            Soak(milliseconds: $0.inMilliseconds, watchMilliseconds: watch?.inMilliseconds)
        }
    }

    private mutating func watch(_ node: YamlNode?, within time: Duration?) -> Duration? {
        guard let node, let text = document.scalar(node, "watch") else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0] == "every", let watch = parseDuration(String(words[1])),
            watch >= .seconds(1)
        else {
            document.error(
                "bad-value", "watch must say how often, 1s or more.", at: node.start,
                excerpt: text, hint: "Write `watch: every 1m`.")
            return nil
        }
        if let time, watch > time {
            document.error(
                "bad-value",
                "It is watched every \(formatDuration(watch)), and soaks for "
                    + "\(formatDuration(time)) only.",
                at: node.start, excerpt: text, hint: "Watch more often, or soak longer.")
        }
        return watch
    }

    private mutating func healthChecks(_ fields: Fields) -> [HealthCheck]? {
        guard let nodes = document.elements(fields, "health", "health") else { return nil }
        let before = moment
        // No target's outputs are known between two waves, but what began the wave is.
        moment = countBefore
        let known = draft.mentions.count
        let checks = nodes.compactMap { healthCheck($0) }
        for index in known..<draft.mentions.count { draft.mentions[index].early = "health" }
        moment = before
        return checks.isEmpty ? nil : checks
    }

    private mutating func healthCheck(_ node: YamlNode) -> HealthCheck? {
        guard let fields = document.fields(node, .healthCheck) else { return nil }
        let place = document.word(fields["where"], "where", as: Step.Place.self) ?? .target
        let environment = environment(fields)
        let known = draft.mentions.count
        let check =
            fields.has("nagios")
            ? nagiosCheck(fields, place, environment)
            : script(fields, "a health check", inheriting: environment).map {
                HealthCheck(place: place, convention: .script, script: $0, name: $0.program.name)
            }
        guard place == .controller else { return check }
        for mention in draft.mentions.dropFirst(known) {
            guard let first = mention.name.parts.first,
                ["target", "target_name"].contains(first)
                    || draft.values.contains(where: { $0.name.rawValue == first })
            else { continue }
            document.error(
                "dangling-reference",
                "On the controller a health check is about the whole wave, and about no one "
                    + "target.",
                at: mention.mark, excerpt: mention.written,
                hint: "Remove it, or write `where: target`.")
        }
        return check
    }

    private mutating func nagiosCheck(
        _ fields: Fields, _ place: Step.Place, _ environment: [String: Argument]
    ) -> HealthCheck? {
        for key in ["script", "sh", "args", "stdin", "interpreter"] where fields.has(key) {
            document.error(
                "conflicting-keys", "'\(key)' and 'nagios' exclude each other.",
                at: fields.mark(of: key), hint: "Keep one of them.")
        }
        let nodes = document.elements(fields, "nagios", "nagios") ?? []
        let words = nodes.compactMap { value($0, "an element of nagios", site: .argument) }
        guard let command = words.first else {
            document.error(
                "bad-value", "'nagios' names no command.", at: fields.mark(of: "nagios"),
                hint: "Write `nagios: [check_load, -w, \"8\"]`.")
            return nil
        }
        guard case .text(let name) = command else {
            document.error(
                "bad-value",
                "The command of 'nagios' is written out; only its arguments may be "
                    + "references.",
                at: nodes[0].start, hint: "Write the plugin's name, such as check_load.")
            return nil
        }
        let script = ScriptCall(
            program: .inline(HealthCheck.nagiosProgram), arguments: words,
            environment: environment)
        return HealthCheck(place: place, convention: .nagios, script: script, name: name)
    }
}

extension HealthCheck {
    /// Runs its arguments as a command, also where distributions keep monitoring plugins (Debian,
    /// Red Hat, Nagios' own default prefix).
    static let nagiosProgram = """
        PATH="$PATH:/usr/lib/nagios/plugins:/usr/lib64/nagios/plugins:/usr/local/nagios/libexec"
        exec "$@"
        """
}

extension ScriptCall.Program {
    /// What people call it: its path, or the first words of its text.
    fileprivate var name: String {
        switch self {
        case .file(let path): path
        case .inline(let text):
            Excerpt.line(
                String(text.split(separator: "\n").first { !$0.hasPrefix("#!") } ?? ""))
        }
    }
}

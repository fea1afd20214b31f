/// Environments in `handrail.yaml`, and which of them comes before which.
extension DocumentReading {
    /// The environments, in the document's order.
    mutating func environments(_ document: Fields) -> [EnvironmentRule] {
        guard let node = document["environments"], let pairs = mapping(node, "environments")
        else { return [] }
        let range = document.part.count(of: "environments").range
        if !range.contains(pairs.count) {
            error(
                "bad-value",
                "A library has \(range.lowerBound) to \(range.upperBound) environments.",
                at: node.start)
        }
        var order = EnvironmentOrder(names: pairs.map(\.key))
        var rules: [EnvironmentRule] = []
        for pair in pairs {
            refuseEmpty(pair)
            let name = labelName(pair.key, "an environment", at: pair.keyMark)
            guard let name, !pair.value.isEmpty, let fields = fields(pair.value, .environmentRule)
            else { continue }
            let content = word(fields["content"], "content", as: PolicyLevel.self)
            let change = word(fields["change"], "change", as: PolicyLevel.self)
            let isProduction = truth(fields["production"], "production")
            let before = before(fields, of: name, &order)
            rules.append(
                EnvironmentRule(
                    name: name, content: content ?? .required, change: change ?? .required,
                    isProduction: isProduction ?? true, after: before))
        }
        refuseCycles(order)
        return rules
    }

    /// What an environment comes after; nil where it says nothing, or nothing that can be read.
    mutating func before(
        _ fields: Fields, of name: String, _ order: inout EnvironmentOrder
    ) -> EnvironmentBefore? {
        guard let node = fields["after"] else { return nil }
        guard node.text == nil else {
            guard let before = environmentBefore(node, of: name, &order) else { return nil }
            return EnvironmentBefore(environment: before)
        }
        guard let keys = self.fields(node, .environmentBefore) else { return nil }
        let label = keys["one_of_each"].flatMap { node in
            line(node, "a label").flatMap { labelName($0, "a label", at: node.start) }
        }
        let targets = integer(keys, "targets", "targets")
        let within = self.time(keys, "within", "within")
        let policy = word(keys["policy"], "policy", as: PolicyLevel.self)
        guard let place = keys["environment"],
            let before = environmentBefore(place, of: name, &order)
        else { return nil }
        return EnvironmentBefore(
            environment: before,
            oneOfEach: label ?? (keys.has("targets") ? nil : EnvironmentBefore.usualLabel),
            targets: targets ?? 1,
            withinMilliseconds: (within ?? EnvironmentBefore.usualAge).inMilliseconds,
            policy: policy ?? .required)
    }

    private mutating func environmentBefore(
        _ node: YamlNode, of name: String, _ order: inout EnvironmentOrder
    ) -> String? {
        guard let before = line(node, "the environment before") else { return nil }
        guard order.names.contains(before) else {
            error(
                "unknown-environment", "There is no environment '\(Excerpt.line(before))' here.",
                at: node.start, excerpt: before,
                hint: nearestName(to: before, among: order.names).map { "Did you mean '\($0)'?" }
                    ?? "There are: \(order.names.joined(separator: ", ")).")
            return nil
        }
        order.before[name] = (before, node.start)
        return before
    }

    /// Reports each cycle once, where its first environment says what it comes after.
    mutating func refuseCycles(_ order: EnvironmentOrder) {
        for cycle in order.cycles {
            guard let first = cycle.first, let place = order.before[first] else { continue }
            let words = cycle + [first]
            error(
                "environment-cycle",
                cycle.count == 1
                    ? "\(first) comes after itself: nothing could ever run there."
                    : "\(words.joined(separator: " comes after ")): nothing could ever run there.",
                at: place.mark, hint: "One of them is the first: remove its `after`.")
        }
    }
}

/// Which environment comes after which, as a document says it.
struct EnvironmentOrder {
    /// All environments of the document, in its order.
    let names: [String]
    /// What each comes after, and where that is said.
    var before: [String: (name: String, mark: YamlMark)] = [:]

    init(names: [String]) { self.names = names }

    /// The environments that come after themselves, each cycle from its first one on.
    var cycles: [[String]] {
        var seen: Set<String> = []
        return names.compactMap { start in
            var path: [String] = []
            var next: String? = start
            while let name = next, !path.contains(name) {
                path.append(name)
                next = before[name]?.name
            }
            guard next == start, !seen.contains(start) else { return nil }
            seen.formUnion(path)
            return path
        }
    }
}

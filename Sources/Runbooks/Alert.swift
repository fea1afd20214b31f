/// What monitoring says is wrong, read and within limits.
package struct Alert: Sendable, Hashable, Codable {
    /// Whether it is still so.
    package enum Status: String, Sendable, Codable, CaseIterable { case firing, resolved }

    /// Its name: the label `alertname`.
    package let name: String
    /// Whether it is still so.
    package let status: Status
    /// Its labels, `alertname` included.
    package let labels: [String: String]
    /// Its annotations.
    package let annotations: [String: String]
    /// When it began, as monitoring wrote it; nil when it doesn't say.
    package let started: String?
    /// Where monitoring shows it; nil when it doesn't say.
    package let source: String?

    package init(
        name: String, status: Status = .firing, labels: [String: String],
        annotations: [String: String] = [:], started: String? = nil, source: String? = nil
    ) {
        self.name = name
        self.status = status
        self.labels = labels
        self.annotations = annotations
        self.started = started
        self.source = source
    }

    /// The same alert with every secret replaced, in its values and wherever it points to.
    package func scrubbed(by redactor: Redactor) -> Alert {
        Alert(
            name: name, status: status, labels: labels.mapValues { redactor.scrub($0) },
            annotations: annotations.mapValues { redactor.scrub($0) }, started: started,
            source: source.map { redactor.scrub($0) })
    }

    /// The value at a place such as `alert.labels.instance`; nil when there is none.
    package func value(at path: String) -> String? {
        let parts = path.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "alert" else { return nil }
        switch parts[1] {
        case "labels": return labels[String(parts[2])]
        case "annotations": return annotations[String(parts[2])]
        default: return nil
        }
    }
}

/// Finds the targets that alerts are about.
package struct AlertTargets: Sendable {
    private let inventory: Inventory
    private var named: [String: Target] = [:]
    private var addressed: [String: [Target]] = [:]

    package init(_ inventory: Inventory) {
        self.inventory = inventory
        for target in inventory.targets {
            for alias in target.aliases where named[alias] == nil { named[alias] = target }
            addressed[target.address, default: []].append(target)
        }
        for target in inventory.targets { named[target.name.rawValue] = target }
    }

    /// The target of a name, an alias, or an address that no other target has; with a port or
    /// without.
    package func target(for instance: String) -> Target? {
        let bare = Self.withoutPort(instance)
        if let target = named[instance] ?? named[bare] { return target }
        let found = addressed[instance] ?? addressed[bare] ?? []
        return found.count == 1 ? found[0] : nil
    }

    /// The names of the inventory's targets.
    var names: Set<String> { Set(inventory.targets.map(\.name.rawValue)) }

    /// The name or alias that a misspelt one most likely means.
    package func near(_ instance: String) -> String? {
        nearestName(to: Self.withoutPort(instance), among: named.keys.sorted())
    }

    /// `mbx01:9100` and `[::1]:9100` without their ports.
    static func withoutPort(_ instance: String) -> String {
        guard let colon = instance.lastIndex(of: ":") else { return instance }
        let port = instance[instance.index(after: colon)...]
        guard !port.isEmpty, port.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return instance
        }
        let host = instance[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { return String(host.dropFirst().dropLast()) }
        // A second colon is an IPv6 address, which has no port without brackets.
        return host.contains(":") ? instance : String(host)
    }
}

extension Target {
    /// The names of a selector on this target: a bare name, or `target.NAME`, is a label.
    ///
    /// `name`, `environment` and `group` are what the inventory says, where no label has that name.
    package var scope: Scope {
        Scope { [self] name in
            switch name.parts.count {
            case 1: values(ofLabel: name.parts[0])
            case 2 where name.parts[0] == "target": values(ofLabel: name.parts[1])
            default: nil
            }
        }
    }

    /// Whether the target comes before the others of its wave.
    package var isCanary: Bool { labels["canary"] == ["true"] }

    private func values(ofLabel label: String) -> [String]? {
        if let values = labels[label] { return values }
        return switch label {
        case "name": [name.rawValue]
        case "environment": [environment]
        case "group": groups
        default: nil
        }
    }
}

extension Expression {
    /// Why a target doesn't fit this selector, as the end of a sentence that starts with its name.
    func mismatch(of target: Target) -> String {
        switch self {
        case .and(let left, let right):
            return (left.holds(in: target.scope) ? right : left).mismatch(of: target)
        case .has(let name): return "has no label `\(name)`"
        case .compare(let name, _, _), .isIn(let name, _, _), .holds(let name):
            guard let values = target.scope.lookUp(name), !values.isEmpty else {
                return "has no label `\(name)`, and the runbook needs \(self)"
            }
            return "has \(Self.shown(name, values)), and the runbook needs \(self)"
        case .or, .not:
            let known = names.compactMap { name in
                target.scope.lookUp(name).map { Self.shown(name, $0) }
            }
            let has = known.isEmpty ? "none of these labels" : known.joined(separator: ", ")
            return "has \(has), and the runbook needs \(self)"
        }
    }

    private static func shown(_ name: Name, _ values: [String]) -> String {
        let texts = values.map(quoted)
        return texts.count == 1
            ? "\(name) = \(texts[0])" : "\(name) = [\(texts.joined(separator: ", "))]"
    }
}

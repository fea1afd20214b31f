import Runbooks
import Runner

/// A person's file, as the command writes it (docs/trust.md, "People").
enum PersonText {
    /// The document's text.
    static func of(_ person: Person) -> String {
        var lines = ["handrail: 1", "name: \(quoted(person.name))"]
        if !person.accounts.isEmpty {
            lines.append("accounts: [\(person.accounts.joined(separator: ", "))]")
        }
        if !person.git.isEmpty {
            lines.append("git: [\(person.git.map(quoted).joined(separator: ", "))]")
        }
        if !person.roles.isEmpty { lines.append("roles:") }
        for grant in person.roles {
            let bounds: [(String, [String])] = [
                ("environments", grant.environments), ("runbooks", grant.runbooks.map(\.rawValue)),
                ("targets", grant.targets.map(\.rawValue)),
            ].filter { !$0.1.isEmpty }
            lines.append(
                bounds.isEmpty ? "  - \(grant.role.rawValue)" : "  - role: \(grant.role.rawValue)")
            for (key, values) in bounds {
                lines.append("    \(key): [\(values.map(quoted).joined(separator: ", "))]")
            }
        }
        if !person.keys.isEmpty { lines.append("keys:") }
        for key in person.keys {
            lines.append("  - key: \(key.key.line)")
            if let from = key.from { lines.append("    from: \(from.trailText)") }
            if let until = key.until { lines.append("    until: \(until.trailText)") }
        }
        if let retired = person.retired { lines.append("retired: \(retired.trailText)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Text in double quotes (YAML 1.2, 7.3.1).
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

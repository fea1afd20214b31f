import Runbooks

/// Ways through a document along its schema.
extension JSONValue {
    /// Calls back with each part's name and the keys that the document gives it.
    func visit(_ check: SchemaCheck, _ seen: (String, Set<String>) -> Void) {
        visit(check, check.root, "$", seen)
    }

    private func visit(
        _ check: SchemaCheck, _ schema: SchemaTree, _ name: String,
        _ seen: (String, Set<String>) -> Void
    ) {
        guard case .object(let rules) = schema else { return }
        if case .text(let reference)? = rules["$ref"] {
            let part = reference.split(separator: "/").last.map(String.init) ?? reference
            visit(check, check.definition(reference), part, seen)
        }
        if case .list(let alternatives)? = rules["anyOf"] {
            for alternative in alternatives { visit(check, alternative, name, seen) }
        }
        switch self {
        case .object(let members):
            if case .object(let known)? = rules["properties"] {
                seen(name, Set(members.keys))
                for (key, value) in members {
                    if let schema = known[key] { value.visit(check, schema, name, seen) }
                }
            } else if let schema = rules["additionalProperties"] {
                for value in members.values { value.visit(check, schema, name, seen) }
            }
        case .list(let elements):
            if let schema = rules["items"] {
                for element in elements { element.visit(check, schema, name, seen) }
            }
        default: break
        }
    }

    /// The document once for each of its mappings with a key too many, and once for each value
    /// with another type in its place.
    func variants(in check: SchemaCheck) -> [(what: String, document: JSONValue)] {
        var found: [(String, JSONValue)] = []
        switch self {
        case .object(let members):
            var more = members
            more["No key of ours!"] = .text("x")
            found.append(("a key too many", .object(more)))
            for (key, value) in members {
                for (what, variant) in value.variants(in: check) {
                    var changed = members
                    changed[key] = variant
                    found.append(("\(key): \(what)", .object(changed)))
                }
            }
        case .list(let elements):
            for (index, value) in elements.enumerated() {
                for (what, variant) in value.variants(in: check) {
                    var changed = elements
                    changed[index] = variant
                    found.append(("[\(index)] \(what)", .list(changed)))
                }
            }
        case .text, .number, .truth:
            found.append(("a mapping for a value", .object(["No key of ours!": .null])))
        case .null: break
        }
        return found
    }
}

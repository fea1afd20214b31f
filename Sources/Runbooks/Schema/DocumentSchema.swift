/// The JSON Schema (draft 7) of a kind of documents, made of the readers' own tables.
///
/// It says what a document's tables say: keys, types, names, choices and limits. What holds between
/// several places (references, files, effects) only the reader knows: every document that the
/// reader accepts fits its schema, and some that fit are refused by the reader.
package struct DocumentSchema: Sendable {
    /// The documents that there is a schema of.
    package enum Kind: String, Sendable, CaseIterable {
        case runbook, exceptions, inventory, configuration
    }

    /// Which documents it is of.
    package let kind: Kind

    /// The schema of a kind of documents.
    package init(of kind: Kind) { self.kind = kind }

    /// The whole schema.
    package var tree: SchemaTree {
        let part: DocumentPart =
            switch kind {
            case .runbook: .runbook
            case .exceptions: .exceptions
            case .inventory: .inventory
            case .configuration: .configuration
            }
        var definitions = SchemaDefinitions()
        var root = definitions.members(of: part)
        root["$schema"] = .text("http://json-schema.org/draft-07/schema#")
        root["title"] = .text("Handrail format 1: \(kind.rawValue)")
        root["definitions"] = .object(definitions.made)
        return .object(root)
    }
}

/// The definitions that a schema refers to, made as they are met.
struct SchemaDefinitions {
    private(set) var made: [String: SchemaTree] = [:]

    /// The schema of one part of a document.
    mutating func members(of part: DocumentPart) -> [String: SchemaTree] {
        var properties: [String: SchemaTree] = [:]
        var dependencies: [String: SchemaTree] = [:]
        for key in part.table {
            properties[key.name] = schema(of: key.shape)
            if let needed = dependency(of: key) { dependencies[key.name] = needed }
        }
        var members: [String: SchemaTree] = [
            "type": .text("object"), "additionalProperties": .truth(false),
            "properties": .object(properties),
        ]
        if !part.required.isEmpty { members["required"] = .texts(part.required) }
        if !part.exactlyOne.isEmpty { members["oneOf"] = Self.each(part.exactlyOne) }
        if !part.atLeastOne.isEmpty { members["anyOf"] = Self.each(part.atLeastOne) }
        if !dependencies.isEmpty { members["dependencies"] = .object(dependencies) }
        return members
    }

    /// What must, or can't, stand beside a key; nil where everything can.
    private func dependency(of key: DocumentPart.Key) -> SchemaTree? {
        var members: [String: SchemaTree] = [:]
        if !key.beside.isEmpty { members["anyOf"] = Self.each(key.beside) }
        if !key.excludes.isEmpty {
            members["not"] = .object(["anyOf": Self.each(key.excludes)])
        }
        return members.isEmpty ? nil : .object(members)
    }

    private static func each(_ keys: [String]) -> SchemaTree {
        .list(keys.map { .object(["required": .texts([$0])]) })
    }

    /// The schema of what may stand as a value.
    mutating func schema(of shape: Shape) -> SchemaTree {
        switch shape {
        case .format, .line, .text, .truth, .onlyTrue, .date, .octal, .account, .expression,
            .value, .reference, .empty, .words, .integer, .time, .size:
            return .object(Self.scalar(shape))
        case .name(let pattern):
            return reference(pattern.name) { _ in
                .object(Self.pattern(pattern.expression, says: pattern.words))
            }
        case .list(let element, let range, let orOne):
            let one = schema(of: element)
            let list = SchemaTree.object([
                "type": .text("array"), "items": one, "minItems": .integer(range.lowerBound),
                "maxItems": .integer(range.upperBound),
            ])
            return orOne ? .object(["anyOf": .list([one, list])]) : list
        case .mapping(let names, let value, let range):
            return .object([
                "type": .text("object"), "propertyNames": schema(of: .name(names)),
                "additionalProperties": schema(of: value),
                "minProperties": .integer(range.lowerBound),
                "maxProperties": .integer(range.upperBound),
            ])
        case .part(let part):
            return reference(Self.identifier(of: part)) { definitions in
                .object(definitions.members(of: part))
            }
        case .member:
            return reference("json_value") { definitions in
                definitions.schema(
                    of: .either([
                        .value, .list(of: .member, upTo: DocumentPart.mostMembers), .part(.member),
                    ]))
            }
        case .either(let shapes):
            return .object(["anyOf": .list(shapes.map { schema(of: $0) })])
        }
    }

    private mutating func reference(
        _ name: String, _ make: (inout SchemaDefinitions) -> SchemaTree
    ) -> SchemaTree {
        if made[name] == nil {
            // What is made may refer to itself.
            made[name] = .object([:])
            let definition = make(&self)
            made[name] = definition
        }
        return .object(["$ref": .text("#/definitions/\(name)")])
    }

    /// The name of a part's definition: its own, without an article.
    static func identifier(of part: DocumentPart) -> String {
        let words = part.name.split(separator: " ")
        return words.drop { $0 == "a" || $0 == "an" }.joined(separator: "_")
    }
}

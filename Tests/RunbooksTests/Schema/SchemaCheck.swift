import Foundation
import Runbooks
import Yams

/// A JSON value, as an editor gets it from a document.
indirect enum JSONValue: Hashable {
    case object([String: JSONValue])
    case list([JSONValue])
    case text(String)
    case number(Double)
    case truth(Bool)
    case null

    /// The value of a YAML document: the core schema of YAML 1.2.2 (section 10.3.2).
    init(yaml text: String) throws {
        self = try Yams.compose(yaml: text).map(JSONValue.init) ?? .null
    }

    private init(_ node: Node) {
        switch node {
        case .mapping(let mapping):
            let pairs = mapping.map { ($0.key.string ?? "", JSONValue($0.value)) }
            self = .object(Dictionary(pairs) { first, _ in first })
        case .sequence(let sequence): self = .list(sequence.map(JSONValue.init))
        case .scalar(let scalar): self = JSONValue(scalar)
        case .alias: self = .null
        }
    }

    private init(_ scalar: Node.Scalar) {
        guard scalar.style == .plain else {
            self = .text(scalar.string)
            return
        }
        switch scalar.string {
        case "", "~", "null": self = .null
        case "true": self = .truth(true)
        case "false": self = .truth(false)
        default:
            let isNumber = scalar.string.contains(#/^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$/#)
            self =
                Double(scalar.string).flatMap { isNumber ? .number($0) : nil }
                ?? .text(scalar.string)
        }
    }
}

/// Checks values against a schema: the part of draft 7 that Handrail's schemas use.
///
/// A keyword that it doesn't know is a failure, so that no rule of a schema goes unchecked.
struct SchemaCheck {
    let root: SchemaTree

    /// What doesn't fit, each with its place; empty where everything does.
    func problems(_ value: JSONValue) -> [String] { problems(value, root, "$") }

    private func problems(_ value: JSONValue, _ schema: SchemaTree, _ place: String) -> [String] {
        guard case .object(let members) = schema else { return ["\(place): no schema"] }
        return members.sorted { $0.key < $1.key }.flatMap { keyword, rule in
            check(keyword, rule, members, value, place)
        }
    }

    private func check(
        _ keyword: String, _ rule: SchemaTree, _ schema: [String: SchemaTree],
        _ value: JSONValue, _ place: String
    ) -> [String] {
        switch (keyword, rule, value) {
        case ("$schema", _, _), ("title", _, _), ("definitions", _, _), ("description", _, _):
            return []
        case ("$ref", .text(let name), _):
            return problems(value, definition(name), place)
        case ("type", _, _):
            return rule.texts.contains { value.isOf(type: $0) } ? [] : ["\(place): type"]
        case ("enum", .list(let values), _):
            return values.contains { value.equals($0) } ? [] : ["\(place): enum"]
        case ("anyOf", .list(let schemas), _):
            return schemas.contains { problems(value, $0, place).isEmpty }
                ? [] : ["\(place): anyOf"]
        case ("oneOf", .list(let schemas), _):
            return schemas.filter { problems(value, $0, place).isEmpty }.count == 1
                ? [] : ["\(place): oneOf"]
        case ("not", _, _): return problems(value, rule, place).isEmpty ? ["\(place): not"] : []
        case ("pattern", .text(let pattern), .text(let text)):
            return text.range(of: pattern, options: .regularExpression) != nil
                ? [] : ["\(place): pattern"]
        case ("minimum", .integer(let limit), .number(let number)):
            return number >= Double(limit) ? [] : ["\(place): minimum"]
        case ("maximum", .integer(let limit), .number(let number)):
            return number <= Double(limit) ? [] : ["\(place): maximum"]
        case ("pattern", _, _), ("minimum", _, _), ("maximum", _, _): return []
        default: return checkParts(keyword, rule, schema, value, place)
        }
    }

    private func checkParts(
        _ keyword: String, _ rule: SchemaTree, _ schema: [String: SchemaTree],
        _ value: JSONValue, _ place: String
    ) -> [String] {
        switch (keyword, rule, value) {
        case ("items", _, .list(let elements)):
            return elements.enumerated().flatMap { problems($1, rule, "\(place)[\($0)]") }
        case ("minItems", .integer(let limit), .list(let elements)):
            return elements.count >= limit ? [] : ["\(place): minItems"]
        case ("maxItems", .integer(let limit), .list(let elements)):
            return elements.count <= limit ? [] : ["\(place): maxItems"]
        case ("minProperties", .integer(let limit), .object(let members)):
            return members.count >= limit ? [] : ["\(place): minProperties"]
        case ("maxProperties", .integer(let limit), .object(let members)):
            return members.count <= limit ? [] : ["\(place): maxProperties"]
        case ("required", _, .object(let members)):
            return rule.texts.filter { members[$0] == nil }.map { "\(place): lacks \($0)" }
        case ("propertyNames", _, .object(let members)):
            return members.keys.flatMap { problems(.text($0), rule, "\(place).\($0)") }
        case ("properties", .object(let known), .object(let members)):
            return members.flatMap { key, value in
                known[key].map { problems(value, $0, "\(place).\(key)") } ?? []
            }
        case ("additionalProperties", _, .object(let members)):
            let known: Set<String>
            if case .object(let named)? = schema["properties"] {
                known = Set(named.keys)
            } else {
                known = []
            }
            let others = members.filter { !known.contains($0.key) }
            if rule == .truth(false) { return others.keys.map { "\(place): unknown \($0)" } }
            return others.flatMap { problems($1, rule, "\(place).\($0)") }
        case ("dependencies", .object(let rules), .object(let members)):
            return rules.filter { members[$0.key] != nil }.flatMap {
                problems(value, $0.value, "\(place).\($0.key)")
            }
        case ("items", _, _), ("minItems", _, _), ("maxItems", _, _), ("minProperties", _, _),
            ("maxProperties", _, _), ("required", _, _), ("propertyNames", _, _),
            ("properties", _, _), ("additionalProperties", _, _), ("dependencies", _, _):
            return []
        default: return ["\(place): the keyword '\(keyword)' is not known here"]
        }
    }

    /// The definition that a reference names; no schema where there is none.
    func definition(_ reference: String) -> SchemaTree {
        guard case .object(let members) = root, case .object(let all)? = members["definitions"],
            let name = reference.split(separator: "/").last
        else { return .truth(false) }
        return all[String(name)] ?? .truth(false)
    }
}

extension SchemaTree {
    /// The texts of a list, or the one that stands there.
    var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let elements): elements.flatMap(\.texts)
        default: []
        }
    }
}

extension JSONValue {
    fileprivate func isOf(type: String) -> Bool {
        switch (self, type) {
        case (.object, "object"), (.list, "array"), (.text, "string"), (.truth, "boolean"),
            (.number, "number"), (.null, "null"):
            true
        case (.number(let number), "integer"): number == number.rounded()
        default: false
        }
    }

    fileprivate func equals(_ value: SchemaTree) -> Bool {
        switch (self, value) {
        case (.text(let mine), .text(let other)): mine == other
        case (.number(let mine), .integer(let other)): mine == Double(other)
        case (.truth(let mine), .truth(let other)): mine == other
        default: false
        }
    }
}

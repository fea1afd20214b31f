/// A value as a person or a file gives it, before any check.
package enum GivenValue: Sendable {
    case text(String)
    case list([String])
    /// A secret and where it came from.
    case secret(SecretReference, Secret)
}

/// The checked parameters of one run; only `check` makes one that holds anything.
package struct ParameterSet: Sendable {
    /// Every parameter that has a value, defaults included; a secret is a reference here.
    package let values: [ParameterName: Value]
    /// What the secrets are; never stored, never shown.
    package let secrets: [ParameterName: Secret]
    private let numbers: Set<String>

    /// No parameters at all.
    package static let empty = ParameterSet(values: [:], secrets: [:], numbers: [])

    /// The names for an expression over parameters, such as `required_if`.
    package var scope: Scope { Self.scope(values, numbers: numbers) }

    /// Checks everything that is given for a runbook, from whatever way it came.
    ///
    /// All violations are found in one pass, in the order of the declarations, unknown names last.
    /// A parameter counts as given for `excludes` and `requires` when a value was given for it,
    /// and as present for `requires` and `required_if` also by its default.
    ///
    /// - Parameters:
    ///   - declarations: The runbook's parameters.
    ///   - given: The values by name.
    ///   - targets: The names of the inventory's targets, for type `target`.
    /// - Returns: The set, unless there is any error; with codes `unknown-parameter`,
    ///   `missing-parameter`, `bad-parameter` and `conflicting-parameters`.
    package static func check(
        _ declarations: [Parameter], given: [String: GivenValue], targets: Set<String>
    ) -> Checked<ParameterSet> {
        var values: [ParameterName: Value] = [:]
        var secrets: [ParameterName: Secret] = [:]
        var found: [Diagnostic] = []
        for parameter in declarations {
            guard let value = given[parameter.name.rawValue] else {
                values[parameter.name] = parameter.defaultValue
                continue
            }
            let reading = parameter.read(value, targets: targets)
            values[parameter.name] = reading.value
            if case .secret(_, let secret) = value, reading.problems.isEmpty {
                secrets[parameter.name] = secret
            }
            found += reading.problems.map { problem in
                .error(
                    "bad-parameter", "\(parameter.name) \(problem.message)", hint: problem.hint)
            }
        }
        let numbers = Set(declarations.filter { $0.kind == .number }.map(\.name.rawValue))
        let scope = scope(values, numbers: numbers)
        var seen: Set<Set<ParameterName>> = []
        for parameter in declarations {
            found += parameter.missing(given: given, scope: scope)
            found += parameter.conflicts(given: given, values: values, seen: &seen)
        }
        found += unknown(given: given, declarations: declarations)
        let set = ParameterSet(values: values, secrets: secrets, numbers: numbers)
        return Checked(value: found.isEmpty ? set : nil, diagnostics: found)
    }

    private static func scope(_ values: [ParameterName: Value], numbers: Set<String>) -> Scope {
        let texts = Dictionary(
            uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value.elements) })
        return Scope(
            lookUp: { texts[$0.description] }, isNumber: { numbers.contains($0.description) })
    }

    private static func unknown(
        given: [String: GivenValue], declarations: [Parameter]
    ) -> [Diagnostic] {
        let known = declarations.map(\.name.rawValue)
        let list = known.isEmpty ? "it takes none" : "it takes \(known.joined(separator: ", "))"
        return given.keys.filter { !known.contains($0) }.sorted().map { name in
            .error(
                "unknown-parameter",
                "the runbook has no parameter \(printableExcerpt(name)); \(list)",
                hint: nearestName(to: name, among: known).map { "did you mean \($0)?" })
        }
    }
}

extension Parameter {
    fileprivate func read(_ given: GivenValue, targets: Set<String>) -> ParameterCheck.Reading {
        let check = ParameterCheck(kind, constraints, targets: targets)
        return switch given {
        case .text(let text): check.read(text)
        case .list(let elements): check.read(elements)
        case .secret(let reference, let secret): check.read(secret, from: reference)
        }
    }

    fileprivate func missing(given: [String: GivenValue], scope: Scope) -> [Diagnostic] {
        guard given[name.rawValue] == nil, defaultValue == nil else { return [] }
        let about = description.isEmpty ? nil : description
        guard let condition = constraints.requiredIf else {
            guard !isOptional else { return [] }
            return [
                .error("missing-parameter", "\(name) is needed (\(kind.rawValue))", hint: about)
            ]
        }
        guard condition.holds(in: scope) else { return [] }
        return [.error("missing-parameter", "\(name) is needed, since \(condition)", hint: about)]
    }

    fileprivate func conflicts(
        given: [String: GivenValue], values: [ParameterName: Value],
        seen: inout Set<Set<ParameterName>>
    ) -> [Diagnostic] {
        guard given[name.rawValue] != nil else { return [] }
        let excluded = constraints.excludes.filter {
            given[$0.rawValue] != nil && seen.insert([name, $0]).inserted
        }
        let absent = constraints.requires.filter {
            given[$0.rawValue] == nil && values[$0] == nil
        }
        return excluded.map {
            .error(
                "conflicting-parameters", "\(name) and \($0) can't be given together",
                hint: "leave one of them out")
        }
            + absent.map {
                .error(
                    "conflicting-parameters", "\(name) needs \($0) too", hint: "give \($0) as well")
            }
    }
}

extension OutputDeclaration {
    /// Checks what a step wrote for this output, as a parameter's value is checked.
    package func check(_ text: String) -> Checked<Value> {
        let reading = ParameterCheck(kind, constraints).read(text)
        let found = reading.problems.map { problem in
            Diagnostic.error("bad-output", "\(name) \(problem.message)", hint: problem.hint)
        }
        return Checked(value: found.isEmpty ? reading.value : nil, diagnostics: found)
    }
}

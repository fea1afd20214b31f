import Runbooks
import Runner

/// Collects the values of parameters from the command line, a file and a person, and checks them.
struct ParameterIntake: Sendable {
    let session: Session
    let options: ParameterOptions
    /// Names of the inventory's targets.
    let targets: Set<String>
    /// Values from elsewhere, such as a plan file; the command line wins.
    var given: [String: GivenValue] = [:]

    /// The checked parameters of a runbook.
    ///
    /// On a terminal, missing ones are asked for, with their checks.
    /// - Throws: `Failure` with every violation.
    func collect(for declarations: [Parameter]) async throws -> ParameterSet {
        var given = self.given
        given.merge(try await fromFile(declarations)) { $1 }
        given.merge(try await fromOptions(declarations)) { $1 }
        while true {
            let checked = ParameterSet.check(declarations, given: given, targets: targets)
            if let set = checked.value { return set }
            let missing = Self.missing(declarations, checked.diagnostics)
            guard session.console.isInteractive, !missing.isEmpty,
                checked.diagnostics.allSatisfy({ $0.code == "missing-parameter" })
            else { throw refusal(checked.diagnostics) }
            for parameter in missing {
                given[parameter.name.rawValue] = try await ask(parameter)
            }
        }
    }

    private func refusal(_ found: [Diagnostic]) -> Failure {
        let count = found.count == 1 ? "1 problem" : "\(found.count) problems"
        return Failure(
            .invalidInput, code: "parameters", "The parameters have \(count): nothing was started.",
            hint: "give values with --set name=value; 'handrail show' explains each",
            diagnostics: found)
    }

    private static func missing(
        _ declarations: [Parameter], _ found: [Diagnostic]
    ) -> [Parameter] {
        declarations.filter { parameter in
            found.contains {
                $0.code == "missing-parameter"
                    && $0.message.hasPrefix("\(parameter.name) is needed")
            }
        }
    }

    private func fromOptions(_ declarations: [Parameter]) async throws -> [String: GivenValue] {
        var given: [String: GivenValue] = [:]
        for text in options.set {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw Failure(
                    .usage, code: "usage",
                    "--set \(printableExcerpt(text)) is no name, '=' and value.",
                    hint: "write --set name=value")
            }
            let name = String(text[..<equals])
            let value = String(text[text.index(after: equals)...])
            guard given[name] == nil else {
                throw Failure(
                    .usage, code: "usage", "--set \(printableExcerpt(name)) is given twice.",
                    hint: "a list is one value with commas")
            }
            let isSecret = declarations.contains { $0.name.rawValue == name && $0.kind == .secret }
            given[name] = isSecret ? try await secret(name, value) : .text(value)
        }
        return given
    }

    private func secret(_ name: String, _ value: String) async throws -> GivenValue {
        guard value.hasPrefix("@") else {
            throw Failure(
                .invalidInput, code: "parameters",
                "\(name) is a secret, and a command line can be read by other accounts.",
                hint: "write --set \(name)=@FILE, or leave it out and type it at the prompt; "
                    + "change the secret if it was a real one")
        }
        let path = String(value.dropFirst())
        var bytes = try await InputFile(path: path).bytes(session.world)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(
                .invalidInput, code: "parameters", "The file of the secret \(name) is no UTF-8.")
        }
        let reference = SecretReference(source: path == "-" ? "stdin" : "file", name: path)
        return .secret(reference, Secret(text))
    }

    private func fromFile(_ declarations: [Parameter]) async throws -> [String: GivenValue] {
        guard let source = options.params else { return [:] }
        let path = source.hasPrefix("@") ? String(source.dropFirst()) : source
        let bytes = try await InputFile(path: path).bytes(session.world)
        let secrets = Set(declarations.filter { $0.kind == .secret }.map(\.name.rawValue))
        var given =
            Self.isJSON(bytes, path)
            ? try json(bytes, source) : try yaml(bytes, path, isSecret: !secrets.isEmpty)
        for name in secrets {
            guard case .text(let text) = given[name] else { continue }
            let reference = SecretReference(source: path == "-" ? "stdin" : "file", name: path)
            given[name] = .secret(reference, Secret(text))
        }
        return given
    }

    /// By its name; standard input and other files by how they begin.
    private static func isJSON(_ bytes: [UInt8], _ path: String) -> Bool {
        if path.hasSuffix(".json") { return true }
        if path.hasSuffix(".yaml") || path.hasSuffix(".yml") { return false }
        return bytes.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
    }

    private func yaml(
        _ bytes: [UInt8], _ path: String, isSecret: Bool
    ) throws -> [String: GivenValue] {
        let read = ParameterFile.read(
            bytes, file: path == "-" ? "standard input" : path, hidesText: isSecret)
        if let given = read.value { return given }
        throw Failure(
            .invalidInput, code: "parameters",
            "--params can't be read as YAML: nothing was started.",
            hint: "write one 'name: value' a line; a list as [a, b]",
            diagnostics: read.diagnostics)
    }

    private func json(_ bytes: [UInt8], _ source: String) throws -> [String: GivenValue] {
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONReader.read(bytes, largest: InputFile.largest)
        } catch {
            throw Failure(
                .invalidInput, code: "parameters",
                "--params \(printableExcerpt(source)) is no JSON: byte \(error.offset): \(error.message)",
                hint: "write an object, such as {\"name\": \"value\"}, or YAML in a .yaml file")
        }
        guard case .object(let members) = document else {
            throw Failure(
                .invalidInput, code: "parameters",
                "--params \(printableExcerpt(source)) is no JSON object.",
                hint: "write an object, such as {\"name\": \"value\"}")
        }
        var given: [String: GivenValue] = [:]
        for (name, value) in members { given[name] = try Self.value(value, of: name) }
        return given
    }

    private static func value(_ value: JSONValue, of name: String) throws -> GivenValue {
        switch value {
        case .string(let text): return .text(text)
        case .boolean(let truth): return .text(truth ? "true" : "false")
        case .integer, .number:
            return .text(String(decoding: CanonicalJSON.bytes(of: value), as: UTF8.self))
        case .array(let elements):
            return .list(
                try elements.map { element in
                    guard case .text(let text) = try self.value(element, of: name) else {
                        throw unreadable(name)
                    }
                    return text
                })
        case .null, .object: throw unreadable(name)
        }
    }

    private static func unreadable(_ name: String) -> Failure {
        Failure(
            .invalidInput, code: "parameters",
            "The value of \(printableExcerpt(name)) in --params is neither text, number, truth "
                + "nor a list of them.")
    }

    /// Asks a person for one value until it passes its checks.
    private func ask(_ parameter: Parameter) async throws -> GivenValue {
        let console = session.console
        if !parameter.description.isEmpty { console.note(parameter.description) }
        let choices =
            parameter.kind == .boolean ? ["true", "false"] : parameter.constraints.choices
        if !choices.isEmpty, parameter.kind != .list {
            let index = try await console.choose(
                "\(parameter.name)?", among: choices.map { ($0, "") })
            return .text(choices[index])
        }
        let check = ParameterCheck(parameter.kind, parameter.constraints, targets: targets)
        while true {
            let isSecret = parameter.kind == .secret
            let answer = try await console.ask(
                "\(parameter.name) (\(parameter.kind.rawValue)):", isHidden: isSecret)
            if answer == "?", let help = parameter.help {
                console.note("  " + help)
                continue
            }
            let reference = SecretReference(source: "prompt", name: parameter.name.rawValue)
            let reading =
                isSecret ? check.read(Secret(answer), from: reference) : check.read(answer)
            if reading.problems.isEmpty, reading.value != nil {
                return isSecret ? .secret(reference, Secret(answer)) : .text(answer)
            }
            for problem in reading.problems {
                console.note("  \(parameter.name) \(problem.message)")
                if let hint = problem.hint { console.note("    hint: \(hint)") }
            }
        }
    }
}

extension ParameterIntake {
    /// A run's secrets, given again: their values are nowhere but with people.
    ///
    /// - Throws: `Failure` when one is not given.
    static func secretsAgain(
        of plan: Plan, _ session: Session, _ options: ParameterOptions
    ) async throws -> [ParameterName: Secret] {
        let wanted = plan.parameters.filter { $0.secret != nil }
        guard !wanted.isEmpty else { return [:] }
        let declarations = wanted.map { parameter in
            Parameter(
                name: parameter.name, kind: .secret, description: "A secret of this run, again")
        }
        let intake = ParameterIntake(session: session, options: options, targets: [])
        return try await intake.collect(for: declarations).secrets
    }
}

import Runbooks
import Testing

struct ParameterSetTests {
    @Test func takesValuesDefaultsAndSecrets() throws {
        let reference = SecretReference(source: "file", name: "token")
        let checked = ParameterSet.check(
            [
                Parameter(name: name("limit"), kind: .integer, defaultValue: .integer(50)),
                Parameter(name: name("server"), kind: .target),
                Parameter(name: name("token"), kind: .secret),
                Parameter(name: name("note"), kind: .string, isOptional: true),
                Parameter(name: name("roles"), kind: .list),
            ],
            given: [
                "server": .text("hub07"), "token": .secret(reference, Secret("hunter22")),
                "roles": .list(["a,b"]),
            ], targets: ["hub07"])
        let set = try #require(checked.value)
        #expect(checked.diagnostics == [])
        #expect(
            set.values == [
                name("limit"): .integer(50), name("server"): .string("hub07"),
                name("token"): .secret(reference),
                name("roles"): .list(["a,b"]),
            ])
        #expect(set.secrets == [name("token"): Secret("hunter22")])
        #expect(!String(describing: set).contains("hunter22"))
    }

    @Test func findsAllViolationsAtOnce() {
        let checked = ParameterSet.check(
            [
                Parameter(
                    name: name("limit"), kind: .integer,
                    constraints: Parameter.Constraints(max: 9)),
                Parameter(
                    name: name("mode"), kind: .choice,
                    constraints: Parameter.Constraints(choices: ["fast", "slow"])),
                Parameter(name: name("needed"), kind: .string, description: "Why it is done"),
                Parameter(name: name("token"), kind: .secret),
                Parameter(name: name("plain"), kind: .string),
            ],
            given: [
                "limit": .text("10"), "mode": .text("fsat"), "token": .text("hunter22"),
                "plain": .secret(
                    SecretReference(source: "prompt", name: "plain"), Secret("hunter22")),
                "lmit": .text("1"), "\u{1B}": .text(""),
            ], targets: [])
        let all = "limit, mode, needed, token, plain"
        #expect(checked.value == nil)
        #expect(
            checked.diagnostics == [
                .error("bad-parameter", "limit is 10, more than 9"),
                .error(
                    "bad-parameter", "mode is 'fsat', which is none of fast, slow",
                    hint: "did you mean fast?"),
                .error(
                    "bad-parameter", "token is a secret, and is never given as plain text",
                    hint: "give it at the prompt, or as name=@file"),
                .error(
                    "bad-parameter", "plain is no secret, but is given as one",
                    hint: "give it as plain text"),
                .error("missing-parameter", "needed is needed (string)", hint: "Why it is done"),
                .error(
                    "unknown-parameter",
                    "the runbook has no parameter '\\x1b'; it takes \(all)"
                ),
                .error(
                    "unknown-parameter",
                    "the runbook has no parameter 'lmit'; it takes \(all)",
                    hint: "did you mean limit?"),
            ])
    }

    @Test func holdsParametersAgainstEachOther() throws {
        let when = try Expression.parse("mode = slow and limit > 5").get()
        let declarations = [
            Parameter(name: name("mode"), kind: .string, defaultValue: .string("slow")),
            Parameter(name: name("limit"), kind: .integer, isOptional: true),
            Parameter(
                name: name("why"), kind: .string,
                constraints: Parameter.Constraints(requiredIf: when), isOptional: true),
            Parameter(
                name: name("all"), kind: .boolean,
                constraints: Parameter.Constraints(excludes: [name("one")]), isOptional: true),
            Parameter(
                name: name("one"), kind: .boolean,
                constraints: Parameter.Constraints(
                    excludes: [name("all")], requires: [name("limit"), name("mode")]),
                isOptional: true),
        ]
        func messages(_ given: [String: String]) -> [String] {
            ParameterSet.check(declarations, given: given.mapValues { .text($0) }, targets: [])
                .diagnostics.map(\.message)
        }
        #expect(messages([:]) == [])
        #expect(messages(["limit": "5"]) == [])
        #expect(messages(["limit": "6"]) == ["why is needed, since mode = slow and limit > 5"])
        #expect(messages(["limit": "6", "mode": "fast"]) == [])
        #expect(messages(["limit": "6", "why": "x"]) == [])
        #expect(
            messages(["all": "true", "one": "true"]) == [
                "all and one can't be given together", "one needs limit too",
            ])
    }

    @Test func showsNumbersToExpressionsAsNumbers() throws {
        let declared = [
            Parameter(name: name("ratio"), kind: .number),
            Parameter(name: name("version"), kind: .string),
        ]
        let set = try #require(
            ParameterSet.check(
                declared, given: ["ratio": .text("0.5"), "version": .text("1.10")], targets: []
            ).value)
        #expect(try Expression.parse("ratio > 0.25 and version > 1.9").get().holds(in: set.scope))
    }

    @Test func checksOutputsAsParametersAreChecked() {
        let output = OutputDeclaration(
            name: name("latency"), kind: .integer, constraints: Parameter.Constraints(min: 0))
        #expect(output.check("12").value == .integer(12))
        #expect(
            output.check("-1").diagnostics == [.error("bad-output", "latency is -1, less than 0")])
        #expect(
            output.check("\u{1B}[2J").diagnostics == [
                .error("bad-output", "latency is '\\x1b[2J', no whole number", hint: "such as 42")
            ])
    }
}

private func name(_ text: String) -> ParameterName {
    guard let name = ParameterName(rawValue: text) else { preconditionFailure(text) }
    return name
}

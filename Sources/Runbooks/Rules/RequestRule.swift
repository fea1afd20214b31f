/// A secret is sent over TLS only, and the outputs of a request are those that it takes.
enum RequestRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        let secrets = Set(draft.parameters.filter { $0.kind == .secret }.map(\.name.rawValue))
        for step in draft.steps {
            guard case .http(let request)? = step.action else { continue }
            let given = request.arguments.contains { argument in
                guard case .reference(let name) = argument else { return false }
                return secrets.contains(name.description)
            }
            if given, request.login == nil, request.url.isPlainHTTP {
                document.error(
                    "secret-exposed", "Over http:// everybody on the way can read the secret.",
                    at: step.mark, hint: "Use https://.")
            }
            let declared = Set(step.outputs.map(\.declaration.name.rawValue))
            for output in step.outputs where request.take[output.declaration.name.rawValue] == nil {
                document.error(
                    "missing-key",
                    "Nothing says where the output '\(output.declaration.name)' is in the answer.",
                    at: output.mark,
                    hint: "Add it to the request: `take: { \(output.declaration.name): /POINTER }`."
                )
            }
            for name in request.take.keys.sorted()
            where !declared.contains(name) && !step.brokenOutputs.contains(name) {
                document.error(
                    "missing-key", "'\(name)' is taken from the answer, and is no output.",
                    at: step.mark, hint: "Add `outputs: { \(name): string }` to the step.")
            }
        }
    }
}

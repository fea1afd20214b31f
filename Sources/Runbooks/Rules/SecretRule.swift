/// A secret reaches a script on its standard input, and in no other way.
enum SecretRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        let secrets = Set(
            draft.parameters.filter { $0.kind == .secret }.map(\.name.rawValue))
        guard !secrets.isEmpty else { return }
        for mention in draft.mentions {
            guard mention.name.parts.count == 1, let name = mention.name.parts.first,
                secrets.contains(name)
            else { continue }
            switch mention.site {
            case .standardInput, .message: continue
            case .argument, .environment:
                document.error(
                    "secret-in-args",
                    "'\(name)' is a secret, and other accounts can read a program's arguments "
                        + "and environment.",
                    at: mention.mark, excerpt: mention.written,
                    hint: "Give it on standard input: `stdin: $\(name)`.")
            case .address:
                document.error(
                    "secret-exposed",
                    "'\(name)' is a secret, and where a request goes is shown and recorded.",
                    at: mention.mark, excerpt: mention.written,
                    hint: "Give it in `bearer`, `basic`, `headers` or the body.")
            case .typedAction, .template, .expression, .items:
                document.error(
                    "secret-exposed",
                    "'\(name)' is a secret, and what is used here is shown and recorded.",
                    at: mention.mark, excerpt: mention.written,
                    hint: "Give it to a script: `stdin: $\(name)`.")
            }
        }
    }
}

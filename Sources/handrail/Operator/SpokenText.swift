import Runbooks
import Runner

/// Short texts that people give: tickets, recipients, reasons.
enum SpokenText {
    /// The most characters of a ticket's name, or of whom something is handed to.
    static let longestName = 128

    /// A ticket, or a recipient: one printable line.
    ///
    /// - Throws: `Failure` (invalidInput).
    static func name(
        _ text: String, _ what: String, such example: String = "INC-4711"
    ) throws -> String {
        let problem: String? =
            if text.allSatisfy(\.isWhitespace) { "it is empty" } else if text.count > longestName {
                "it has more than \(longestName) characters"
            } else if text.unicodeScalars.contains(where: isControl) {
                "it holds line ends or other control characters"
            } else { nil }
        guard let problem else { return text }
        throw Failure(
            .invalidInput, code: "text",
            "\(what) \(printableExcerpt(text)) can't be taken: \(problem).",
            hint: "give one line, such as \(example)")
    }

    /// Line and paragraph separators, and what steers terminals or the direction of text.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }
}

/// Takes a run's secrets out of what people write about it: they are nowhere but with people.
struct SpokenSecrets: Sendable {
    let redactor: Redactor

    /// Asks for the run's secrets again.
    ///
    /// On a terminal an empty line says that a secret can't be in what was written; without one,
    /// each must be given.
    /// - Throws: `Failure` when one is neither given nor can be asked for.
    init(of plan: Plan, _ session: Session, _ options: ParameterOptions) async throws {
        let wanted = plan.parameters.filter { $0.secret != nil }.map(\.name)
        guard !wanted.isEmpty else {
            redactor = Redactor(secrets: [])
            return
        }
        let declarations = wanted.map { name in
            Parameter(
                name: name, kind: .secret, isOptional: true,
                description: "A secret of this run, again")
        }
        var secrets = try await ParameterIntake(session: session, options: options, targets: [])
            .collect(for: declarations).secrets
        for name in wanted where secrets[name] == nil {
            guard session.console.isInteractive else {
                throw Failure(
                    .usage, code: "secrets",
                    "This run has the secret \(name), which must not be in its record: it is "
                        + "taken out of what you write, and nobody can be asked for it here.",
                    hint: "give it with --set \(name)=@FILE, or write on a terminal")
            }
            let answer = try await session.console.ask(
                "\(name) (secret, taken out of what you wrote; empty if it can't be in it):",
                isHidden: true)
            if !answer.isEmpty { secrets[name] = Secret(answer) }
        }
        redactor = Redactor(secrets: Array(secrets.values))
    }
}

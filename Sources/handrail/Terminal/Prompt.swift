import Runbooks

extension Console {
    /// Asks a person for one line, on standard error, so that results stay clean.
    ///
    /// - Throws: `Failure` (aborted) at the end of input, `CancellationError`.
    func ask(_ prompt: String, isHidden: Bool = false) async throws -> String {
        world.terminal.writeError(errorStyle.paint(prompt, .strong) + " ")
        // What was typed unseen, its Enter included, leaves the cursor where the question is.
        defer { if isHidden { note("") } }
        guard let line = try await world.terminal.readLine(isHidden) else {
            if !isHidden { note("") }
            throw Failure(
                .aborted, code: "aborted", "There was no answer: standard input has ended.",
                hint: "nothing was started")
        }
        return String(
            line.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " }.reversed())
    }

    /// Lets a person choose one of several, by number or by word.
    ///
    /// - Returns: the index.
    func choose(_ prompt: String, among choices: [(word: String, label: String)]) async throws
        -> Int
    {
        note(errorStyle.paint(prompt, .strong))
        for (index, choice) in choices.enumerated() {
            let label = choice.label.isEmpty ? "" : "  \(choice.label)"
            note("  \(index + 1)) \(choice.word)\(errorStyle.paint(label, .faint))")
        }
        while true {
            let answer = try await ask("Number or word:")
            if let number = Int(answer), choices.indices.contains(number - 1) { return number - 1 }
            if let index = choices.firstIndex(where: { $0.word == answer }) { return index }
            let near = nearestName(to: answer, among: choices.map(\.word))
            note(
                "  \(printableExcerpt(answer)) is none of them."
                    + (near.map { " Did you mean \($0)?" } ?? ""))
        }
    }
}

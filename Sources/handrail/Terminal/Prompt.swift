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
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        return String(
            line.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    /// Lets a person choose one of several, by number or by word, in capitals too; gives the index.
    ///
    /// What else stands for a choice (`short`, by its word) is shown beside it.
    func choose(
        _ prompt: String, among choices: [(word: String, label: String)],
        short: [String: [String]] = [:]
    ) async throws -> Int {
        for line in TextWidth.wrapped(prompt, width: errorWidth ?? 100) {
            note(errorStyle.paint(line, .strong))
        }
        for (index, choice) in choices.enumerated() {
            let keys = short[choice.word].map { " (\($0.joined(separator: ", ")))" } ?? ""
            let start = "  \(index + 1)) \(choice.word)\(keys)"
            let label = choice.label.isEmpty ? "" : "  \(choice.label)"
            let (used, width) = (TextWidth.of(start), errorWidth ?? 100)
            guard used + TextWidth.of(label) > width, used < width / 2 else {
                note(start + errorStyle.paint(label, .faint))
                continue
            }
            let lines = TextWidth.wrapped(choice.label, width: width, indent: used + 2)
            note(start + errorStyle.paint(String(lines[0].dropFirst(used)), .faint))
            for line in lines.dropFirst() { note(errorStyle.paint(line, .faint)) }
        }
        let answers = ChoiceWords(choices.map(\.word), short: short)
        while true {
            let answer = try await ask("Number or word:")
            if let index = answers.index(of: answer) { return index }
            if answer.isEmpty {
                note("  Type a number from 1 to \(choices.count), or a word of the list.")
                continue
            }
            let near = nearestName(to: answer, among: choices.map(\.word))
            note(
                "  \(printableExcerpt(answer)) is none of them."
                    + (near.map { " Did you mean \($0)?" } ?? ""))
        }
    }
}

/// Which of several choices a person means.
struct ChoiceWords: Sendable {
    private let words: [String]
    private let short: [String: [String]]

    init(_ words: [String], short: [String: [String]] = [:]) {
        (self.words, self.short) = (words, short)
    }

    /// The index of what was typed; nil where that is none of them, or could be two.
    ///
    /// A number, a word, a word in other capitals where only one is alike, what `short` names; and
    /// `y` or `n` where `yes` or `no` can be chosen.
    func index(of answer: String) -> Int? {
        if let number = Int(answer), words.indices.contains(number - 1) { return number - 1 }
        if let index = words.firstIndex(of: answer) { return index }
        let typed = answer.lowercased()
        let alike = words.indices.filter { words[$0].lowercased() == typed }
        guard alike.isEmpty else { return alike.count == 1 ? alike[0] : nil }
        if let index = words.firstIndex(where: { short[$0]?.contains(typed) == true }) {
            return index
        }
        return ["y": "yes", "n": "no"][typed].flatMap(words.firstIndex)
    }
}

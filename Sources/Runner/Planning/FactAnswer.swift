import Runbooks

/// What a target's answer for a fact means: pure judgement, without state.
package enum FactAnswer: Sendable, Hashable {
    /// One of the fact's choices.
    case choice(String)
    /// None of them; why, in a few words.
    case unknown(String)

    /// What more than so many bytes say is no choice, since a choice is a line of 200 characters.
    private static let mostBytes = 1024

    /// The choice; nil where the fact is unknown.
    package var choice: String? { if case .choice(let choice) = self { choice } else { nil } }

    /// What a script answered that ended well, by its standard output.
    ///
    /// Line ends at its end don't count. `written` is nil where it was not kept whole, or is too
    /// long for a choice.
    init(_ declared: OutputDeclaration, written: String?) {
        let choices = declared.constraints.choices
        let wanted = Fact.listed(choices)
        guard var text = written.map({ Substring($0) }) else {
            self = .unknown("it answered more than a choice can be; it is one of \(wanted)")
            return
        }
        while text.last?.isNewline == true { text = text.dropLast() }
        // By bytes, as the plan's choices differ: Swift's texts are equal in any normal form.
        if let choice = choices.first(where: { Array($0.utf8) == Array(text.utf8) }) {
            self = .choice(choice)
        } else {
            let said = text.isEmpty ? "nothing" : printableExcerpt(String(text))
            self = .unknown("it answered \(said), which is none of \(wanted)")
        }
    }

    /// What an attempt of a run answered; nil where it did not end with 0.
    init?(_ declared: OutputDeclaration, _ attempt: AttemptRecord) {
        guard attempt.ending == .exited(0) else { return nil }
        let output = attempt.stdout
        let isWhole =
            output.stored == nil && output.droppedBytes == 0 && output.totalBytes <= Self.mostBytes
        self.init(declared, written: isWhole ? output.text : nil)
    }

    /// What was answered in a dry run, also where it did not end well.
    init(_ declared: OutputDeclaration, _ report: AttemptReport) {
        guard report.ending == .exited(0) else {
            let why: String =
                switch report.ending {
                case .exited(let status): "exit \(status)"
                case .timedOut: "it took longer than its timeout"
                case .notStarted(let why), .heldBack(let why), .unreachable(let why),
                    .unknown(let why):
                    why
                case .cancelled: "it was cancelled"
                }
            self = .unknown("\(why); it is one of \(Fact.listed(declared.constraints.choices))")
            return
        }
        let output = report.stdout
        guard output.totalBytes <= Self.mostBytes, output.droppedBytes == 0 else {
            self.init(declared, written: nil)
            return
        }
        do throws(JournalError) {
            let bytes = try output.bytes
            self.init(declared, written: printable(bytes, keepNewlines: true))
        } catch {
            self = .unknown("its answer can't be read: \(error.message)")
        }
    }
}

extension Step {
    /// What it asks for, where that is a fact; nil for every other step.
    package var factDeclaration: OutputDeclaration? { isFact ? outputs.first : nil }

    /// The answers that count, where it asks for a fact; none for every other step.
    var factChoices: [String] { factDeclaration?.constraints.choices ?? [] }

    /// Whether its script writes to `$HANDRAIL_OUTPUT`; a fact's writes to standard output.
    var writesOutputs: Bool { !isFact && !outputs.isEmpty }
}

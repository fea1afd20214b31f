/// A question or a request to a person.
package struct PersonAction: Sendable, Hashable, Codable {
    /// One answer that can be chosen.
    package struct Choice: Sendable, Hashable, Codable {
        /// What expressions compare the step's id with, and `answer` is given.
        package let id: String
        /// What the person reads.
        package let label: String

        package init(id: String, label: String) {
            self.id = id
            self.label = label
        }
    }

    /// The question, or what the person is to do.
    package var text: String
    /// The answers of an `ask`; empty for `manual`, which is confirmed with a note.
    package var choices: [Choice]
    /// How long the run waits before it needs a person (default 1 h).
    @InMilliseconds package var deadline: Duration
    /// Whether every target asks for itself; otherwise the run asks once.
    package var perTarget: Bool
    /// True where each wave asks for itself; else nil, as in plans of before there was such a thing.
    package var perWave: Bool?

    private enum CodingKeys: String, CodingKey {
        case text, choices
        case deadline = "deadline_ms"
        case perTarget = "per_target"
        case perWave = "per_wave"
    }

    package init(
        text: String, choices: [Choice], deadline: Duration, perTarget: Bool, perWave: Bool? = nil
    ) {
        self.text = text
        self.choices = choices
        self.deadline = deadline
        self.perTarget = perTarget
        self.perWave = perWave
    }
}

extension Action {
    /// What is asked of a person; nil for actions that ask nobody.
    package var person: PersonAction? {
        switch self {
        case .ask(let person), .manual(let person): person
        case .run, .file, .service, .package, .reboot, .wait, .assert, .collect, .http, .stop: nil
        }
    }
}

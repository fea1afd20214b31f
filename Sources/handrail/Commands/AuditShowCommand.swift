import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail audit show`: the lines of a run, an event or a commit.
struct AuditShowCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "The trail's lines of a run, of one event, or of a commit.",
        discussion: """
            A run is named by its id, by a part of it, or by 'last'; an event by its number; a \
            commit by 7 or more digits of its id.

            Example: handrail audit show last
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("The run, event or commit.", valueName: "run|event|commit"),
        completion: .custom(Completions.runs))
    var what: String

    @OptionGroup var trail: TrailOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows the lines, each with its commit, and which evidence is there.
    func perform(_ session: Session) async throws -> ExitCode {
        let reader = try await trail.reader(session)
        let passage = try TrailPassage(of: what, in: reader)
        let console = session.console
        if console.isJSON {
            console.json(AuditShowDocument(trail: reader.controller, passage))
        } else {
            let view = AuditShowView(
                passage: passage, time: ShownTime(session.world), style: console.style)
            console.lines(view.lines)
        }
        return .success
    }
}

/// Some lines of a trail, and the evidence that they name.
struct TrailPassage: Sendable {
    /// What was asked for.
    enum Subject: Sendable, Hashable { case run(String), event(Int), commit(String) }

    let subject: Subject
    let lines: [TrailReader.Line]
    let commits: [TrailReader.Commit]
    /// By the event that names it.
    let evidence: [(event: Int, TrailReader.Evidence)]

    init(
        subject: Subject, lines: [TrailReader.Line], commits: [TrailReader.Commit],
        evidence: [(event: Int, TrailReader.Evidence)]
    ) {
        (self.subject, self.lines) = (subject, lines)
        (self.commits, self.evidence) = (commits, evidence)
    }

    /// The lines that a text names.
    ///
    /// - Throws: `Failure` (invalidInput) where it names none, `JournalError` (corrupt).
    init(of text: String, in reader: TrailReader) throws {
        let all = try reader.commits()
        try self.init(of: try Self.subject(text, reader, all), in: reader, all)
    }

    /// The lines of a subject, in a trail with these commits.
    init(
        of subject: Subject, in reader: TrailReader, _ all: [TrailReader.Commit]
    ) throws {
        let chosen = all.filter { commit in
            switch subject {
            case .run(let id): commit.runs.contains(id)
            case .event(let number): commit.events.contains(number)
            case .commit(let id): commit.id == id
            }
        }
        commits = chosen.reversed()
        lines = try commits.flatMap { try reader.lines(of: $0) }.filter { line in
            switch subject {
            case .run(let id): line.record.about["run"] == id
            case .event(let number): line.record.sequence == number
            case .commit: true
            }
        }
        self.subject = subject
        evidence = try lines.flatMap { line in
            try reader.evidence(namedBy: line).map { (line.record.sequence, $0) }
        }
    }

    private static func subject(
        _ text: String, _ reader: TrailReader, _ commits: [TrailReader.Commit]
    ) throws -> Subject {
        let last = commits.first?.events.upperBound ?? 0
        if let number = Int(text), number > 0, text.count < 7 || number <= last {
            guard number <= last else {
                throw Failure(
                    .invalidInput, code: "audit.notFound",
                    "The trail has no event \(number): it ends at \(last).")
            }
            return .event(number)
        }
        let isHex = text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        if isHex, (7...40).contains(text.count) {
            let fitting = commits.filter { $0.id.hasPrefix(text) }
            if fitting.count == 1 { return .commit(fitting[0].id) }
        }
        return .run(try reader.run(named: text, in: commits))
    }
}

import ArgumentParser
import Foundation
import Runbooks
import Runner

/// `handrail note`: writes something into a run's record.
struct NoteCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "note",
        abstract: "Writes a note into the record of an open run.",
        discussion: "Example: handrail note last 'the queue was empty before' --attach queue.txt")

    @OptionGroup var run: RunIDArgument

    // Taken as it is, whatever it begins with: '-3 mails since noon' is a note.
    @ArgumentParser.Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "What to write down, in quotes; - reads it from standard input.", valueName: "text"))
    var text: [String]

    @Option(
        help: ArgumentHelp(
            "A file to keep beside the run's outputs, 8 MiB at most. The run's own secrets are "
                + "taken out of it, and asked for; everybody who may read the home can read the "
                + "rest.", valueName: "file"),
        completion: .file())
    var attach: String?

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Refuses what isn't one text.
    func validate() throws {
        if attach == "-", said == ["-"] {
            throw ValidationError("Note and attachment can't both be standard input.")
        }
        guard said.count != 1 else { return }
        let option = text.first { $0.wholeMatch(of: /--?[a-z][a-z-]*(=.*)?/) != nil }
        throw ValidationError(
            option.map { "\(printableExcerpt($0)) is no option of 'note'." }
                ?? "The note is one text: write it in quotes.")
    }

    /// The words without the `--` that ends the options.
    private var said: [String] { text.first == "--" ? Array(text.dropFirst()) : text }

    /// Takes the run's secrets out, keeps the file, then tells the run.
    func perform(_ session: Session) async throws -> ExitCode {
        let telling = try await Telling.of(run.run, session, leading)
        let redactor = try await telling.redactor()
        var note = redactor.scrub(try await NoteText.given(said[0], session.world))
        if let attach {
            let bytes = redactor.scrub(try await InputFile(path: attach).bytes(session.world))
            let digest = try await telling.home.store.put(bytes)
            let name = attach == "-" ? "standard input" : PathText.name(of: attach)
            note +=
                " [attached: \(printable(name.utf8, keepNewlines: false)), "
                + "\(CountText.of(bytes.count, "byte")), sha256 \(digest)]"
        }
        return try await telling.tell(.note(note), done: ["Noted."])
    }
}

import ArgumentParser
import Runbooks
import Runner

/// `handrail find`: runbooks by words.
struct FindCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Finds runbooks by words in their symptoms, titles and articles.",
        discussion: """
            What has the words in its symptoms goes first, then what has helped here before. A \
            word may be the beginning of one.

            Example: handrail find mail queue stuck
            """)

    @ArgumentParser.Argument(help: ArgumentHelp("What to look for.", valueName: "word"))
    var words: [String]

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Searches, and shows what was found.
    func perform(_ session: Session) async throws -> ExitCode {
        let opened = try await session.openLibrary()
        let memory = try await session.homeMemoryIfReadable()
        // A home that can't be opened keeps no index either.
        let home = memory.problem == nil ? try await session.existingHome() : nil
        let search = LibrarySearch(
            opened: opened, memory: memory,
            path: home.map { $0.home.path + "/search.db" })
        let text = words.joined(separator: " ")
        let result = try search.find(text)
        let console = session.console
        if console.isJSON {
            console.json(
                FindDocument(
                    library: opened.source, result, noHistory: memory.problem?.message))
            return .success
        }
        let view = FindView(
            result: result, time: ShownTime(session.world), style: console.style,
            width: console.proseWidth)
        console.lines(view.lines)
        if result.found.isEmpty {
            console.note(
                "None of \(CountText.of(opened.library.runbooks.count, "runbook")) has "
                    + "\(printableExcerpt(text)).")
        }
        for (word, near) in result.meant.sorted(by: { $0.key < $1.key }) {
            console.note("Nothing has \(printableExcerpt(word)): did you mean \(near)?")
        }
        return .success
    }
}

import ArgumentParser
import Runbooks
import Runner

/// `handrail list`: the runbooks of the library.
struct ListCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "The runbooks of the library: what each is for, and when it last helped.",
        discussion: """
            Words narrow the list: each must occur in the id, the title, an alert, the owner or \
            the article.

            Example: handrail list disk full
            """)

    @ArgumentParser.Argument(help: ArgumentHelp("Words that must occur.", valueName: "word"))
    var words: [String] = []

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows the runbooks that fit; broken ones are counted in a warning.
    func perform(_ session: Session) async throws -> ExitCode {
        let opened = try await session.openLibrary()
        var entries = opened.library.runbooks.filter { fits($0, opened.library.tree) }
            .map { RunbookEntry($0) }
        let memory = try await session.homeMemoryIfReadable()
        for index in entries.indices { entries[index].take(memory) }
        let console = session.console
        if console.isJSON {
            console.json(
                RunbookList(
                    library: opened.source, runbooks: entries,
                    noHistory: memory.problem?.message))
        } else {
            let view = RunbookListView(
                entries: entries, time: ShownTime(session.world), style: console.style)
            console.lines(view.lines(width: console.width))
            if entries.isEmpty {
                console.note(emptiness(opened))
            }
        }
        warnOfBroken(opened, console)
        return .success
    }

    private func fits(_ runbook: Runbook, _ tree: LibraryTree) -> Bool {
        guard !words.isEmpty else { return true }
        let article = tree.entries[runbook.folder + "/README.md"]?.bytes ?? []
        let text =
            ([runbook.id.rawValue, runbook.title, runbook.owner]
            + runbook.symptoms.flatMap(\.alerts)
            + [String(decoding: article, as: UTF8.self)])
            .joined(separator: "\n").lowercased()
        return words.allSatisfy { text.contains($0.lowercased()) }
    }

    private func emptiness(_ opened: OpenedLibrary) -> String {
        words.isEmpty
            ? "The library (\(opened.source)) has no runbook."
            : "None of \(CountText.of(opened.library.runbooks.count, "runbook")) has all of: "
                + words.map { printableExcerpt($0) }.joined(separator: " ")
    }

    private func warnOfBroken(_ opened: OpenedLibrary, _ console: Console) {
        let files = opened.diagnostics.filter { $0.severity == .error }
            .compactMap { $0.position?.file }
        guard !files.isEmpty else { return }
        console.warn(
            "\(CountText.of(Set(files).count, "file")) of the library "
                + "\(Set(files).count == 1 ? "has" : "have") errors, and can't be used: "
                + CountText.listed(Set(files).sorted().map(SafeText.line), limit: 3),
            hint: "'handrail validate' shows them")
    }
}

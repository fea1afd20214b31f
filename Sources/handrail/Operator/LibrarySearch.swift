import Audit
import Runbooks
import Runner

/// Finds runbooks by words: what fits best, and among that what helped here.
struct LibrarySearch: Sendable {
    /// A runbook that was found.
    struct Found: Sendable {
        let runbook: Runbook
        let hit: SearchHit
        let past: PastUse
        let flags: [RaisedFlag]
    }

    /// What a search came to.
    struct Result: Sendable {
        let found: [Found]
        /// Whether none has all of the words.
        let isPartial: Bool
        /// Words that nothing has, with the nearest that something has.
        let meant: [String: String]
    }

    let opened: OpenedLibrary
    let memory: HomeMemory
    /// Where the index is kept; nil for memory.
    let path: String?

    /// The runbooks for some words: by where the words are, then by how often the runbook helped
    /// here, then by how well they fit.
    ///
    /// - Throws: `JournalError`.
    func find(_ words: String) throws -> Result {
        let library = opened.library
        let version = opened.commit.map { "\(library.configuration.libraryID) \($0)" }
        let index = try SearchIndex(
            at: version == nil ? nil : path, version: version ?? "now",
            entries: { library.runbooks.map { Self.entry($0, library) } })
        let answer = try index.find(words)
        let known = Dictionary(
            library.runbooks.map { ($0.id.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
        let found = answer.hits.compactMap { hit in
            known[hit.id].map {
                Found(
                    runbook: $0, hit: hit, past: memory.use(of: $0.id),
                    flags: memory.flags(of: $0.id))
            }
        }
        let sorted = found.enumerated().sorted { left, right in
            let (first, second) = (left.element, right.element)
            if first.hit.place != second.hit.place { return first.hit.place < second.hit.place }
            if PastUse.ranks(first.past, before: second.past) { return true }
            return !PastUse.ranks(second.past, before: first.past) && left.offset < right.offset
        }.map(\.element)
        return Result(found: sorted, isPartial: answer.isPartial, meant: answer.meant)
    }

    private static func entry(_ runbook: Runbook, _ library: Library) -> SearchEntry {
        let article = library.tree.entries[runbook.folder + "/README.md"]?.bytes ?? []
        var rest = [runbook.help ?? "", runbook.owner]
        for parameter in runbook.parameters {
            rest += [parameter.name.rawValue, parameter.description, parameter.help ?? ""]
        }
        for step in runbook.steps + runbook.beforeWave + runbook.afterWave {
            rest += [step.id.rawValue, step.title, step.help ?? "", step.ifFails ?? ""]
        }
        // What a baseline looks at is the symptom of what mends it.
        let mended = library.baselines.flatMap(\.steps)
            .filter { $0.audit?.fix?.runbook == runbook.id }.map(\.title)
        let alerts = runbook.symptoms.flatMap(\.alerts).map(SearchWords.spelledOut)
        return SearchEntry(
            id: runbook.id.rawValue, title: runbook.title,
            symptoms: (alerts + mended).joined(separator: "\n"),
            article: String(decoding: article, as: UTF8.self),
            rest: rest.joined(separator: "\n"))
    }
}

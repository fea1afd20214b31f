import ArgumentParser
import Runbooks
import Runner

/// `handrail change list`: the changes of a home.
struct ChangeListCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The changes that have not ended, the newest first.")

    @Flag(help: "Those that have ended too.")
    var all = false

    @Option(help: ArgumentHelp("Those in a state; several may be given.", valueName: "state"))
    var state: [String] = []

    @Option(help: ArgumentHelp("How many at most.", valueName: "number"))
    var limit = 50

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Lists them.
    func perform(_ session: Session) async throws -> ExitCode {
        let states = try state.map(Self.state)
        var filter = ChangeFilter(limit: max(1, limit))
        if !states.isEmpty {
            filter.states = Set(states)
        } else if !all {
            filter.isOpen = true
        }
        let home = try await session.homeToRead()
        let changes = try await home?.journal.changes(matching: filter) ?? []
        let console = session.console
        if console.isJSON {
            let now = session.world.now()
            console.json(
                ChangeListDocument(
                    changes: changes.map {
                        ChangeDocument($0, leftOut: [], trail: nil, now: now)
                    }))
        } else {
            console.lines(
                ChangeListView(
                    changes: changes, time: ShownTime(session.world), style: console.style,
                    width: console.width
                ).lines)
        }
        return .success
    }

    private static func state(_ text: String) throws -> ChangeState {
        if let state = ChangeState(rawValue: text) { return state }
        let known = ChangeState.allCases.map(\.rawValue)
        let near = nearestName(to: text, among: known)
        throw Failure(
            .invalidInput, code: "change.state",
            "\(printableExcerpt(text)) is no state of a change.",
            hint: near.map { "did you mean \($0)?" } ?? known.joined(separator: ", "))
    }
}

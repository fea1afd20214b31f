import Foundation
import Runbooks
import Runner
import Testing

/// The table of states and inputs in docs/changes.md, cell by cell.
struct ChangeStateTableTests {
    /// A row: an input, in the words of the page.
    enum Row: String, CaseIterable, Sendable {
        case amend = "it is altered"
        case submit = "`submit`"
        case automatic = "`submit`, of an automatic type"
        case assess = "`assess`"
        case approve = "`approve`, others have to as well"
        case lastApproval = "`approve`, the last one"
        case emergency = "`approve`, the last one, of an emergency"
        case reject = "`reject`"
        case revoke = "`revoke`"
        case schedule = "`schedule`"
        case add = "`schedule --add`"
        case hold = "`hold`"
        case unhold = "`hold --off`"
        case cancel = "`cancel`"
        case start = "a run starts"
        case undo = "a run undoes"
        case end = "its run ends"
        case close = "`close`"
    }

    @Test func thePageHasEveryRowAndColumn() throws {
        let table = try Self.page()
        #expect(Array(table.keys).sorted() == Row.allCases.map(\.rawValue).sorted())
        let headings = Set(ChangeState.allCases.map(Self.heading))
        for (row, cells) in table { #expect(Set(cells.keys) == headings, "\(row)") }
    }

    @Test(arguments: ChangeState.allCases, Row.allCases)
    func everyCellIsAsThePageSays(_ state: ChangeState, _ row: Row) throws {
        let expected = try #require(try Self.page()[row.rawValue]?[Self.heading(state)])
        #expect(Self.cell(state, row) == expected, "\(row.rawValue) while \(state.rawValue)")
    }

    // --- cells ----------------------------------------------------------------------------------

    private static func heading(_ state: ChangeState) -> String {
        state.isTerminal ? "an end" : "`\(state.rawValue)`"
    }

    private static func cell(_ state: ChangeState, _ row: Row) -> String {
        var scene = scene(state, row)
        if row == .unhold { scene.tell(.hold(why: "wait")) }
        let (before, count) = (scene.change.state, scene.events.count)
        if !scene.tell(input(row)).isEmpty { return "refused" }
        if scene.events.count == count { return "ignored" }
        return scene.change.state == before ? "stays" : "`\(scene.change.state.rawValue)`"
    }

    private static func scene(_ state: ChangeState, _ row: Row) -> ChangeScene {
        switch (row, state) {
        case (.approve, .assessed):
            .at(state, rules: ChangeSamples.rules(quorum: 3))
        case (.emergency, .submitted):
            .at(
                state, request: ChangeSamples.request(urgency: .emergency),
                rules: ChangeSamples.rules(quorum: 1))
        case (.emergency, .assessed):
            .at(state, request: ChangeSamples.request(urgency: .emergency))
        default: .at(state)
        }
    }

    private static func input(_ row: Row) -> ChangeInput {
        let facts = ChangeSamples.facts()
        switch row {
        case .amend: return .amend(ChangeSamples.request(urgency: .high))
        case .submit: return .submit(ChangeSamples.rules())
        case .automatic: return .submit(ChangeSamples.rules(severity: .automatic))
        case .assess: return .assess(.init(note: "fits"))
        case .approve, .lastApproval, .emergency:
            return .decide(ChangeSamples.statement("cid"), facts)
        case .reject: return .decide(ChangeSamples.statement("cid", decision: .rejected), facts)
        case .revoke: return .revoke(approver: "ann", why: "not sure any more")
        case .schedule: return .schedule(ChangeSamples.interval(9000, 9500), adds: false)
        case .add: return .schedule(ChangeSamples.interval(9000, 9500), adds: true)
        case .hold: return .hold(why: "wait for the vendor")
        case .unhold: return .unhold(why: "the vendor answered")
        case .cancel: return .cancel(why: "not needed")
        case .start: return .runOpened(ChangeSamples.run("r-9"))
        case .undo: return .runOpened(ChangeSamples.run("r-9", isUndoing: true))
        case .end: return .runEnded(ChangeSamples.run().run, .succeeded)
        case .close: return .close(.init(isComplete: true, note: "done"), unfinished: [])
        }
    }

    // --- the page -------------------------------------------------------------------------------

    private static func page() throws -> [String: [String: String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/changes.md")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let start = try #require(lines.firstIndex { $0.hasPrefix("| what happens |") })
        let headings = cells(lines[start]).dropFirst()
        var table: [String: [String: String]] = [:]
        for line in lines[(start + 2)...] {
            guard line.hasPrefix("|") else { break }
            let found = cells(line)
            table[found[0]] = Dictionary(
                zip(headings, found.dropFirst()), uniquingKeysWith: { first, _ in first })
        }
        return table
    }

    private static func cells(_ line: Substring) -> [String] {
        line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }
}

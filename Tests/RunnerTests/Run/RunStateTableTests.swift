import Foundation
import Runbooks
import Testing

@testable import Runner

/// The table of run states and inputs in docs/semantics.md, cell by cell.
struct RunStateTableTests {
    private static let a = RunFixture.target("a")
    private static let b = RunFixture.target("b")
    private static let ask = RunFixture.id("ask")

    /// A column: a run in a state, with what is typical of it.
    enum Column: String, CaseIterable, Sendable {
        case pending, waiting, running, paused, question, owed, unknown, promotion, rollingBack
        case succeeded, failed, rolledBack, rollbackFailed, aborted

        /// The column of the page; all states that are an end share one.
        var heading: String {
            switch self {
            case .question: "`needsPerson`: a late answer"
            case .owed: "`needsPerson`: owed"
            case .unknown: "`needsPerson`: unknown"
            case .promotion: "`needsPerson`: a promotion"
            case .succeeded, .failed, .rolledBack, .rollbackFailed, .aborted: "an end"
            default: "`\(rawValue)`"
            }
        }
    }

    /// A row: an input, in the words of the page.
    enum Row: String, CaseIterable, Sendable {
        case led = "a leader begins"
        case session = "a session is opened"
        case ended = "an attempt ends"
        case stray = "an attempt ends that is not under way"
        case retry = "a pause before an attempt is over"
        case deadline = "a deadline passes"
        case locks = "locks are asked for again"
        case leaving = "the process is to end (SIGTERM)"
        case halted = "nothing more may start"
        case allowed = "the person allows a step"
        case abort = "`abort`, Ctrl-C twice"
        case pause = "`pause`, Ctrl-C once"
        case resume = "`resume`"
        case note = "`note`"
        case answer = "`answer`"
        case confirm = "`confirm`"
        case pay = "`pay`"
        case byHand = "`pay --by-hand`"
        case settle = "`settle`"
        case promote = "`promote`"
        case handOver = "another run takes over what is owed"
    }

    @Test func thePageHasEveryRowAndColumn() throws {
        let table = try Self.page()
        #expect(Array(table.keys).sorted() == Row.allCases.map(\.rawValue).sorted())
        let headings = Set(Column.allCases.map(\.heading))
        for (row, cells) in table { #expect(Set(cells.keys) == headings, "\(row)") }
    }

    @Test(arguments: Column.allCases, Row.allCases)
    func everyCellIsAsThePageSays(_ column: Column, _ row: Row) throws {
        let expected = try #require(try Self.page()[row.rawValue]?[column.heading])
        let found = try Self.cell(column, row)
        #expect(found == expected, "\(row.rawValue) while \(column.heading)")
    }

    // --- cells ----------------------------------------------------------------------------------

    /// What an input means in a state: `refused`, `ignored`, or the state that follows.
    private static func cell(_ column: Column, _ row: Row) throws -> String {
        var machine = try run(column)
        // A leader that begins has nothing but what is recorded.
        if row == .led { machine.admission = Admission() }
        let before = machine.state
        let decision = machine.decide(try input(row, machine), at: Timestamp(milliseconds: 9))
        let isRefused = decision.events.contains {
            if case .refused = $0 { true } else { false }
        }
        if isRefused { return "refused" }
        let leaves = decision.isEnd && !machine.state.isTerminal
        // That the process is to end is recorded nowhere, and heeded all the same.
        if decision.events.isEmpty, decision.effects.isEmpty || machine.state.isTerminal {
            return row == .leaving && !machine.state.isTerminal ? "stays" : "ignored"
        }
        let end =
            machine.state.isTerminal && machine.state != before
            ? "`\(machine.state.rawValue)`"
            : machine.state == before ? "stays" : "`\(machine.state.rawValue)`"
        return end + (leaves ? ", the leader leaves" : "")
    }

    private static func input(_ row: Row, _ machine: RunMachine) throws -> RunInput {
        func tell(_ verb: PersonCommand.Verb) -> RunInput {
            .command(PersonCommand(verb: verb, actor: "ann"), inboxID: 7)
        }
        let underWay = machine.runningTargets.compactMap { machine.targets[$0]?.inFlight }.first
        let stray = AttemptKey(target: a, part: .verify(9), number: 1)
        let question = Question(step: ask, target: nil)
        return switch row {
        case .led: .led
        case .session: .sessionOpened(a, "proof")
        case .ended: .attemptEnded(underWay ?? stray, .exit(0))
        case .stray: .attemptEnded(stray, .exit(0))
        case .retry: .timer(.retry(b))
        case .deadline: .timer(.deadline(question))
        case .locks: .timer(.admission)
        case .leaving: .leaving
        case .halted: .halted([], reason: "the remote can't be reached", pauses: true)
        case .allowed: .allowed(b, RunFixture.id("work"), isLast: false)
        case .abort: tell(.abort)
        case .pause: tell(.pause)
        case .resume: tell(.resume)
        case .note: tell(.note("seen"))
        case .answer: tell(.answer(ask, choice: "yes", target: nil))
        case .confirm: tell(.confirm(RunFixture.id("told"), note: "done", target: nil))
        case .pay: tell(.pay(a))
        case .byHand: tell(.paidByHand(a, note: "by hand"))
        case .settle:
            tell(.settle(a, RunFixture.id("work"), isDone: false, why: "I looked"))
        case .promote: tell(.promote)
        case .handOver:
            tell(.handOver(try #require(RunID(rawValue: "r-20260101-0009-abcd"))))
        }
    }

    // --- columns --------------------------------------------------------------------------------

    private static func run(_ column: Column) throws -> RunMachine {
        switch column {
        case .pending: return HandDrive(asking()).machine
        case .waiting:
            // Both targets are held by another run.
            var drive = HandDrive(working())
            let (run, runbook) = (
                RunID(rawValue: "r-20260101-0009-abcd"), drive.machine.plan.runbook
            )
            drive.locks = try [a, b].map {
                TargetLock(
                    target: $0, run: try #require(run), runbook: runbook.id, actor: "bob",
                    since: Timestamp(milliseconds: 0), step: nil, kept: nil, isLed: true)
            }
            drive.feed([.led]) { _ in nil }
            return drive.machine
        case .running: return started().machine
        case .paused:
            var drive = HandDrive(working(safeStop: true))
            drive.feed([.led]) { _ in nil }
            drive.feed([tell(.pause)]) { _ in nil }
            drive.feed(drive.open.map { .attemptEnded($0, .exit(0)) }) { _ in nil }
            return drive.machine
        case .question:
            var drive = started()
            drive.feed([.attemptEnded(try #require(drive.open.first), .exit(0))]) { _ in .exit(0) }
            drive.feed([.timer(.deadline(Question(step: ask, target: nil)))]) { _ in nil }
            return drive.machine
        case .owed:
            var drive = HandDrive(working(rule: .keep))
            drive.feed([.led]) { HandDrive.text(of: $0.action) == "work" ? .exit(9) : .exit(0) }
            return drive.machine
        case .promotion:
            var fixture = working()
            fixture.waves = [["a"], ["b"]]
            fixture.rollout.promote = .manual
            var drive = HandDrive(fixture)
            drive.feed([.led]) { _ in .exit(0) }
            return drive.machine
        case .unknown:
            var drive = HandDrive(working(effect: .once))
            drive.feed([.led]) {
                $0.key.target == a && HandDrive.text(of: $0.action) == "work"
                    ? .ended(.unknown("lost")) : .exit(0)
            }
            return drive.machine
        case .rollingBack: return try rollingBack { _ in nil }
        case .rolledBack: return try rollingBack { _ in .exit(0) }
        case .rollbackFailed: return try rollingBack { _ in .exit(9) }
        case .succeeded, .failed:
            var drive = HandDrive(working())
            drive.feed([.led]) { _ in .exit(column == .succeeded ? 0 : 9) }
            return drive.machine
        case .aborted:
            var drive = HandDrive(working())
            drive.feed([tell(.abort)]) { _ in nil }
            return drive.machine
        }
    }

    /// A question of the run on `a`, work on both.
    private static func asking() -> RunFixture {
        let question = RunFixture.step("ask", .read) {
            $0.action = .ask(
                PersonAction(
                    text: "Well?", choices: [PersonAction.Choice(id: "yes", label: "Yes")],
                    deadline: .seconds(60), perTarget: false))
            $0.when = .has(.init(parts: ["target", "list"]))
        }
        let last = RunFixture.step("last")
        var fixture = RunFixture(steps: [question, RunFixture.step("work"), last])
        fixture.targets = ["a", "b"]
        fixture.lists = ["a": ["x"]]
        return fixture
    }

    /// `a` waits for an answer, and `b` is at work.
    private static func started() -> HandDrive {
        var drive = HandDrive(asking())
        drive.feed([.led]) { _ in nil }
        return drive
    }

    private static func working(
        rule: Release.IfStopped? = nil, effect: Effect = .idempotent, safeStop: Bool = false
    ) -> RunFixture {
        let out = RunFixture.step("out") {
            $0.isSafeStop = safeStop
            $0.release = rule.map {
                Release(
                    script: RunFixture.call("back"), after: RunFixture.id("work"), ifStopped: $0)
            }
        }
        let work = RunFixture.step("work", effect) { $0.undo = [.run(RunFixture.call("undo"))] }
        var fixture = RunFixture(steps: [out, work])
        fixture.targets = ["a", "b"]
        fixture.rollout = Rollout(maxInFlight: 2, stopAtFailures: 2)
        return fixture
    }

    private static func rollingBack(
        _ answer: (AttemptRequest) -> AttemptRecord?
    ) throws -> RunMachine {
        var parent = HandDrive(working())
        parent.feed([.led]) { _ in .exit(0) }
        let chain = RunChain([parent.machine])
        var drive = HandDrive(.rollback, of: [parent], try chain.rollback([a, b]).get())
        drive.feed([.led], answer: answer)
        return drive.machine
    }

    private static func tell(_ verb: PersonCommand.Verb) -> RunInput {
        .command(PersonCommand(verb: verb, actor: "ann"), inboxID: 1)
    }

    // --- the page -------------------------------------------------------------------------------

    /// The table of docs/semantics.md: cells by row and column.
    private static func page() throws -> [String: [String: String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/semantics.md")
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
            .map { String($0.trimmingPrefix(while: \.isWhitespace)) }
            .map { text in
                var text = text
                while text.last?.isWhitespace == true { text.removeLast() }
                return text
            }
    }
}

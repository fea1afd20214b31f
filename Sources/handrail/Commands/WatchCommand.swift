import ArgumentParser
import Runbooks
import Runner

/// `handrail watch`: follows a run that another process leads.
struct WatchCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Follows a run. Ctrl-C leaves; the run goes on.",
        discussion: "Example: handrail watch last")

    @OptionGroup var run: RunIDArgument

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    private static let interval = Duration.milliseconds(250)

    /// Shows the run until it has ended, nobody leads it, or the person leaves.
    func perform(_ session: Session) async throws -> ExitCode {
        let (home, folded) = try await session.openRun(run.run)
        let record = folded.machine.record
        let machine = RunMachine(record: record)
        let view = ProgressView(
            style: session.console.errorStyle, width: session.console.errorWidth,
            zoneOffset: session.world.zoneOffset)
        let board = ProgressBoard(machine, view: view, now: session.world.now)
        let screen = ProgressScreen(
            board, console: session.console, view: view, started: record.opened)
        let last = try await session.unless([.interrupt]) {
            try await withThrowingTaskGroup(of: Followed?.self) { group in
                group.addTask {
                    await screen.run()
                    return nil
                }
                group.addTask { try await follow(machine, board, session, home) }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        }
        await screen.finish()
        guard let last, let last else {
            session.console.note("left; the run goes on: handrail watch \(record.id)")
            return .success
        }
        return await session.recap(last.machine, ended: last.moved, in: home)
    }

    /// A run as it was left, and when it last moved.
    private struct Followed {
        let machine: RunMachine
        let moved: Timestamp?
    }

    private func follow(
        _ first: RunMachine, _ board: ProgressBoard, _ session: Session, _ home: OpenedHome
    ) async throws -> Followed {
        var machine = first
        var moved: Timestamp?
        var seen = 0
        var told: Set<Question> = []
        while true {
            let events = try await home.journal.events(of: machine.record.id, after: seen)
            for event in events {
                machine.apply(event.event, at: event.at)
                board.note([event.event])
                (seen, moved) = (event.sequence, event.at)
            }
            for question in RunReport(run: machine).openQuestions
            where told.insert(question).inserted {
                let view = QuestionView(run: machine, question: question)
                board.say(
                    "\(question.step)\(view.place) asks: \(printable((view.person?.text ?? "").utf8, keepNewlines: false))"
                )
                for line in view.lines("  answer it with") { board.say(line) }
            }
            let last = Followed(machine: machine, moved: moved)
            if machine.state.isTerminal || machine.state == .paused { return last }
            if events.isEmpty, try await !isLed(machine.record.id, home) { return last }
            try await session.world.sleep(Self.interval)
        }
    }

    private func isLed(_ id: RunID, _ home: OpenedHome) async throws -> Bool {
        let open = try await home.journal.runs(matching: RunFilter(isOpen: true, limit: 1000))
        return open.first { $0.id == id }?.isLed ?? false
    }
}

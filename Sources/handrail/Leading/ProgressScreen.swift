import Runner

/// Shows a board on standard error: lines that stay, and on a terminal a status that moves.
///
/// An actor, because it owns what stands on the terminal: one writer at a time.
actor ProgressScreen {
    private static let interval = Duration.milliseconds(100)

    private let board: ProgressBoard
    private let console: Console
    private let view: ProgressView
    private let started: Timestamp
    private let isLive: Bool
    private var drawn = 0
    private var isHeld = false
    private var isDetached = false
    private var toldTenths = 0

    init(_ board: ProgressBoard, console: Console, view: ProgressView, started: Timestamp) {
        self.board = board
        self.console = console
        self.view = view
        self.started = started
        isLive =
            console.world.terminal.isErrorTerminal && console.world.environment["TERM"] != "dumb"
    }

    /// Shows until its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            refresh()
            do {
                try await console.world.sleep(Self.interval)
            } catch {
                return
            }
        }
    }

    /// Takes the status away and leaves the terminal to a question, until `resume`.
    func hold() {
        refresh()
        erase()
        isHeld = true
    }

    /// Says something at once, also while a question is on the terminal.
    func say(_ line: String) {
        guard isHeld, !isDetached else { return board.say(line) }
        console.errors(["", line])
    }

    /// Whether a question has the terminal.
    var isAsking: Bool { isHeld && !isDetached }

    /// Shows again.
    func resume() { isHeld = false }

    /// The terminal is gone: nothing is written any more.
    func detach() { isDetached = true }

    /// Shows the last lines, and takes the status away for good.
    func finish() {
        isHeld = false
        refresh()
        erase()
        isHeld = true
    }

    private func refresh() {
        guard !isHeld, !isDetached else { return }
        let snapshot = board.take()
        guard isLive else {
            console.errors(snapshot.lines + milestone(snapshot.run))
            return
        }
        let terminal = console.world.terminal
        let status = view.status(
            of: snapshot.run, since: snapshot.since, lost: snapshot.lost, started: started,
            now: console.world.now(), width: max(20, terminal.columns() - 1), rows: terminal.rows())
        let lines = snapshot.lines + (snapshot.run.state.isTerminal ? [] : status)
        terminal.writeError(eraser + lines.map { $0 + "\n" }.joined())
        drawn = snapshot.run.state.isTerminal ? 0 : status.count
    }

    private func erase() {
        guard drawn > 0 else { return }
        console.world.terminal.writeError(eraser)
        drawn = 0
    }

    /// Up over what was drawn, and clear from there (ECMA-48: CUU, ED).
    private var eraser: String { drawn > 0 ? "\u{1b}[\(drawn)A\r\u{1b}[J" : "" }

    /// Off a terminal, with many targets: one line for each tenth of them.
    private func milestone(_ run: RunMachine) -> [String] {
        let total = run.targetCount
        guard total > ProgressView.mostTargetsByLine else { return [] }
        let tenths = run.targetOutcomes.count * 10 / total
        guard tenths > toldTenths else { return [] }
        toldTenths = tenths
        return [view.summary(run, run.runningTargets, started, console.world.now())]
    }
}

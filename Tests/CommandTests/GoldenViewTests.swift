import Runbooks
import Runner
import Testing

@testable import handrail

/// What people read at 80 columns, word by word; see `Golden` for how to change it.
struct GoldenViewTests {
    private static let width = 80

    @Test func plan() async throws {
        let many = try await GoldenScene()
        let one = try await GoldenScene(on: "web1")
        let framed = try await GoldenScene.framed()
        for (scene, name) in [(many, "plan"), (one, "plan-one"), (framed, "plan-framed")] {
            let view = PlanView(subject: scene.subject, style: .plain, width: Self.width)
            try Golden.expect(view.lines, in: name)
        }
    }

    /// 200 targets in waves, with pairs that are kept apart: what is shown of it fits a screen.
    @Test func planInWaves() async throws {
        let scene = try await GoldenScene()
        var plan = scene.subject.plan
        let targets = try (1...200).map { number in
            let name = try #require(TargetName(rawValue: "web\(number)"))
            return Target(
                name: name, address: "192.0.2.1", environment: "lab",
                labels: ["canary": number == 7 ? ["true"] : []])
        }
        let pairs = stride(from: 0, to: 200, by: 2).map { index in
            ProtectedGroup(
                marks: [.init(label: "pair", value: "p\(index / 2)")], maxUnavailable: 1,
                members: targets[index...(index + 1)].map(\.name).sorted())
        }
        let waves = WavePlan(
            targets, by: .sizes([.count(1), .percent(8)]), keepingApart: pairs
        ).waves
        plan.targets = waves.flatMap(\.targets).map { name in
            PlannedTarget(
                name: name, address: "192.0.2.1", port: 22, user: nil, becomeUser: nil,
                hostKeys: [], labels: [:])
        }
        plan.waves = waves
        plan.rollout = Rollout(
            maxInFlight: 20, stopAtFailures: 6, stopAtFirstWave: .count(1),
            stopAtWave: .percent(20), leaveOut: .percent(2),
            soak: Soak(milliseconds: 600_000, watchMilliseconds: 60_000),
            health: [
                HealthCheck(
                    place: .target, convention: .nagios,
                    script: ScriptCall(program: .inline("exec \"$@\"")), name: "check_load")
            ], promote: .manual, keepsGoing: true)
        let subject = PlanSubject(
            plan: plan, digest: scene.subject.digest, librarySource: "main@3f2c1d9, clean",
            gates: scene.subject.gates, forecast: scene.subject.forecast, notProbed: nil,
            selected: scene.subject.selected, alert: nil, made: GoldenScene.start)
        let view = PlanView(subject: subject, style: .plain, width: Self.width)
        try Golden.expect(view.head + [""] + view.summary, in: "plan-waves")
        #expect(view.head.count + view.summary.count <= 50)
    }

    @Test func glassForecast() async throws {
        let view = PlanView(
            subject: try await GoldenScene.glassForecast(), style: .plain, width: Self.width)
        try Golden.expect(try #require(view.glass), in: "plan-glass")
        #expect(view.lines.suffix(view.glass?.count ?? 0) == (view.glass ?? [])[...])
    }

    @Test func confirmation() async throws {
        let scene = try await GoldenScene.ended()
        let recorded = RecordedWorld()
        let session = Session(
            console: Console(world: recorded.world(), isJSON: false),
            options: try GlobalOptions.parse([]))
        let confirmation = Confirmation(
            session: session, subject: scene.subject, memory: try await GoldenScene.memory(),
            isSymptomAbsent: false, decision: StartDecision(scene.subject, earlier: nil))
        try Golden.expect(
            confirmation.lines(style: .plain, now: GoldenScene.now) + [confirmation.word],
            in: "confirmation")
    }

    @Test func progress() async throws {
        let scene = try await GoldenScene.ended()
        let view = ProgressView(style: .plain)
        var machine = RunMachine(record: scene.machine.record)
        var lines: [String] = []
        for recorded in scene.events {
            machine.apply(recorded.event, at: recorded.at)
            if let line = view.line(for: recorded.event, in: machine) { lines.append(line) }
        }
        try Golden.expect(lines, in: "progress")
        let passed = try await GoldenScene.passedOver()
        let ends = passed.events.compactMap { view.line(for: $0.event, in: passed.machine) }
        #expect(ends.contains { $0.contains("passed over: exit 1 \"uptime: not found\"") })
    }

    @Test func movingStatus() async throws {
        let scene = try await GoldenScene.asking()
        let lines = ProgressView(style: .plain).status(
            of: scene.machine, since: [try name("web1"): GoldenScene.start],
            started: GoldenScene.start, now: GoldenScene.now, width: Self.width, rows: 24)
        try Golden.expect(lines, in: "progress-status")
    }

    @Test func recap() async throws {
        for (scene, name) in [
            (try await GoldenScene.asking(), "recap-left"),
            (try await GoldenScene.owing(), "recap-owed"),
            (try await GoldenScene.ended(), "recap-failed"),
            (try await GoldenScene.unsettled(), "recap-unknown"),
            (try await GoldenScene.rolledBack(), "recap-rolled-back"),
            (try await GoldenScene.retried(), "recap-retried"),
            (try await GoldenScene.aborted(), "recap-aborted"),
            (try await GoldenScene.abortedAmid(), "recap-aborted-amid"),
            (try await GoldenScene.passedOver(), "recap-passed-over"),
            (try await GoldenScene.framed(), "recap-framed"),
        ] {
            let view = RecapView(
                report: RunReport(run: scene.machine), style: .plain, width: Self.width,
                milliseconds: 12_300, chain: scene.chain)
            try Golden.expect(view.lines, in: name)
        }
    }

    @Test func auditRecap() throws {
        let scene = try BaselineScene()
        let picks = scene.library.picks
        let recap = RecapView(
            report: RunReport(run: scene.machine), style: .plain, width: Self.width,
            milliseconds: 12_300, picks: picks)
        try Golden.expect(recap.lines, in: "recap-audit")
        let report = BaselineReportView(
            report: try scene.report(), picks: picks,
            time: ShownTime(
                now: PastRun.start.adding(.seconds(3600)), zoneOffset: { _ in 0 }),
            style: .plain, width: Self.width)
        try Golden.expect(report.lines, in: "baseline-report")
        let view = ProgressView(style: .plain, width: Self.width)
        try Golden.expect(
            scene.events.compactMap { view.line(for: $0, in: scene.machine) },
            in: "progress-audit")
    }

    /// Where there is no room beside its name, the head that people copy stands below it.
    @Test(arguments: [(80, 2), (100, 1)])
    func theTrailsHeadIsNeverBroken(_ width: Int, _ lines: Int) async throws {
        let head = "58:" + String(repeating: "a", count: 64)
        let view = RecapView(
            report: RunReport(run: try await GoldenScene.resolved().machine), style: .plain,
            width: width, milliseconds: 1, trail: head)
        let last = Array(view.lines.suffix(lines))
        #expect(last.first?.hasPrefix("  trail") == true && last.last?.hasSuffix(head) == true)
        #expect(last.allSatisfy { TextWidth.of($0) <= width })
    }

    @Test func warningsAndStepsThatFailedGoOnUnderThemselves() async throws {
        let recorded = RecordedWorld()
        let console = Console(world: recorded.world(isTerminal: true), isJSON: false, color: .never)
        console.warn(
            String(repeating: "the journal can't be read ", count: 6),
            hint: String(
                repeating: "restore it ", count: 12))
        let scene = try await GoldenScene.ended()
        let view = ProgressView(style: .plain, width: 80)
        let ends = scene.events.compactMap { view.line(for: $0.event, in: scene.machine) }
        let lines = ends.flatMap { $0.split(separator: "\n") }
        #expect(lines.allSatisfy { TextWidth.of(String($0)) <= 80 })
        #expect(ends.contains { $0.contains("\n") })
        let warned = recorded.errors.split(separator: "\n")
        #expect(
            warned.count == 5 && warned.allSatisfy { TextWidth.of(String($0)) <= 80 }, "\(warned)")
    }

    @Test func status() async throws {
        for (scene, name) in [
            (try await GoldenScene.questioned(), "status-asking"),
            (try await GoldenScene.owing(), "status-owed"),
            (try await GoldenScene.ended(), "status-failed"),
            (try await GoldenScene.unsettled(), "status-unknown"),
            (try await GoldenScene.rolledBack(), "status-rolled-back"),
            (try await GoldenScene.abortedAmid(), "status-aborted-amid"),
            (try await GoldenScene.passedOver(), "status-passed-over"),
            (try await GoldenScene.framed(), "status-framed"),
            (try await GoldenScene.asksBeforeItsWave(), "status-asks-before"),
            (try await GoldenScene.soaking(), "status-soaking"),
            (try await GoldenScene.unwell(), "status-unwell"),
        ] {
            let view = StatusView(
                status: scene.status, time: GoldenScene.time, style: .plain, width: Self.width)
            try Golden.expect(view.lines, in: name)
        }
    }

    @Test func inbox() async throws {
        let view = InboxView(
            inbox: try await GoldenScene.inbox(), time: GoldenScene.time, style: .plain,
            width: Self.width)
        try Golden.expect(view.lines, in: "inbox")
    }

    @Test func alert() async throws {
        let recorded = RecordedWorld()
        let session = Session(
            console: Console(world: recorded.world(), isJSON: false),
            options: try GlobalOptions.parse([]))
        let report = try await GoldenScene.alertReport()
        try Golden.expect(report.view(session, .plain), in: "alert")
    }

    @Test func pack() async throws {
        let text = PackText(
            pack: try await GoldenScene.pack(), machine: try await GoldenScene.ended().machine,
            time: GoldenScene.time
        ).text
        try Golden.expect(
            text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init),
            in: "pack")
        let passed = try await GoldenScene.passedOver()
        let short = PackText(
            pack: try await GoldenScene.pack(passed), machine: passed.machine,
            time: GoldenScene.time
        ).text
        #expect(short.contains("| picture | failed, passed over | exit 1"))
        #expect(short.contains("- picture on web1: failed, passed over: exit 1"))
        #expect(short.contains("  - the runbook says: Look at the load yourself."))
    }

    @Test func logs() async throws {
        let logs = AttemptLog.attempts(in: try await GoldenScene.ended().events)
        let view = LogView(time: GoldenScene.time, style: .plain)
        try Golden.expect(logs.flatMap(view.lines), in: "logs")
        try Golden.expect(view.grouped(logs), in: "logs-grouped")
    }

    @Test func whatWasNotBegunIsNeitherShownNorCounted() throws {
        let step = AttemptRecord(ending: .exited(0), stdout: .nothing, stderr: .nothing)
        let held = AttemptRecord(ending: .afterBadEnd, stdout: .nothing, stderr: .nothing)
        let part = Part.action(try #require(StepID(rawValue: "look")))
        let name = try #require(TargetName(rawValue: "web1"))
        let events = [held, held, step].enumerated().map { index, record in
            RecordedEvent(
                sequence: index + 1, at: GoldenScene.now,
                event: .attemptEnded(
                    AttemptKey(target: name, part: part, number: index + 1), record))
        }
        let logs = AttemptLog.attempts(in: events)
        #expect(logs.map(\.number) == [1])
        let view = LogView(time: GoldenScene.time, style: .plain)
        #expect(!logs.flatMap(view.lines).joined().contains("attempt"))
    }

    @Test func tables() async throws {
        let scene = try await GoldenScene.ended()
        let history = HistoryView(
            runs: [scene.summary], time: GoldenScene.time, style: .plain)
        var entry = RunbookEntry(scene.runbook)
        entry.take(HomeMemory(runs: [scene.summary], flags: []))
        let list = RunbookListView(entries: [entry], time: GoldenScene.time, style: .plain)
        let inventory = InventoryView(targets: scene.opened.library.inventory.targets)
        for width in [nil, 80, 60] {
            let name = width.map { "tables-\($0)" } ?? "tables"
            try Golden.expect(
                history.lines(width: width)
                    + HelpedView(
                        helped: HelpedHere.of([scene.summary]), time: GoldenScene.time,
                        style: .plain
                    ).lines(width: width) + [""] + list.lines(width: width) + [""]
                    + inventory.lines(width: width, style: .plain), in: name)
        }
    }

    @Test(arguments: [60, 80, 132])
    func noLineIsWiderThanTheTerminal(_ width: Int) async throws {
        let scene = try await GoldenScene.owing()
        let time = GoldenScene.time
        let lines =
            PlanView(subject: scene.subject, style: .plain, width: width).lines
            + RecapView(
                report: RunReport(run: scene.machine), style: .plain, width: width,
                milliseconds: 1
            ).lines
            + StatusView(status: scene.status, time: time, style: .plain, width: width).lines
            + InboxView(
                inbox: try await GoldenScene.inbox(), time: time, style: .plain, width: width
            ).lines
            + HistoryView(runs: [scene.summary], time: time, style: .plain).lines(width: width)
        // A command is never broken: it is copied.
        let wide = lines.filter { TextWidth.of($0) > width && !$0.hasPrefix("    → ") }
        #expect(wide.isEmpty)
    }
}

extension OutputRecord {
    fileprivate static let nothing = OutputRecord(
        text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
}

import Runbooks
import Runner
import Testing

/// Facts in dry runs (docs/semantics.md, "Facts").
struct FactDryRunTests {
    private func report(_ text: String, _ ending: Ending = .exited(0)) -> AttemptReport {
        AttemptReport(
            ending: ending,
            stdout: CapturedOutput(bytes: Array(text.utf8), totalBytes: text.utf8.count))
    }

    /// A forecast in which each target answers so, with what was asked.
    private func forecast(
        _ answers: [String: AttemptReport], probing: DryRun.Probing = .allowed,
        _ change: (inout PlanFixture) throws -> Void = { _ in }
    ) throws -> (forecast: Forecast, asked: [AttemptRequest]) {
        var fixture = try FactFixture.fixture()
        fixture.targets = try answers.keys.sorted().map { try PlanFixture.target($0) }
        try change(&fixture)
        let run = try #require(RunID(rawValue: "r-20261123-0714-k3f9"))
        var dryRun = DryRun(of: try fixture.plan(), run: run, probing: probing)
        var asked: [AttemptRequest] = []
        while true {
            let requests = dryRun.requests()
            if requests.isEmpty { break }
            for request in requests {
                asked.append(request)
                let isFact = request.key.part.step?.rawValue.hasPrefix("fact-") == true
                let answer = isFact ? answers[request.key.target.rawValue] : nil
                dryRun.take(answer ?? AttemptReport(ending: .exited(0)), for: request.key)
            }
        }
        #expect(dryRun.isOver)
        return (dryRun.forecast, asked)
    }

    private func labels(_ forecast: Forecast, _ place: Int = 0) -> [ForecastLabel] {
        forecast.targets[place].entries.map(\.label)
    }

    @Test func whatIsAnsweredDecides() throws {
        let (forecast, asked) = try forecast(
            ["a": report("debian12\n"), "b": report("debian13")])
        #expect(labels(forecast, 0) == [.read, .wouldRun, .skipped])
        #expect(labels(forecast, 1) == [.read, .wouldRun, .wouldRun])
        #expect(forecast.targets.map { $0.entries[0].fact } == ["debian12", "debian13"])
        #expect(forecast.targets[0].entries[0].note == "it is debian12")
        #expect(asked.map(\.mode) == [.apply, .apply])
        #expect(asked.map(\.wantsOutputs) == [false, false])
    }

    @Test func withoutProbesItDepends() throws {
        let (forecast, asked) = try forecast(
            ["a": report("debian12")], probing: .forbidden("--no-probe"))
        #expect(labels(forecast) == [.notProbed, .depends, .depends])
        #expect(forecast.targets[0].entries[0].fact == nil)
        #expect(asked.isEmpty)
    }

    @Test func anUnknownFactOfAValueFailsTheTargetInTheForecast() throws {
        let (forecast, _) = try forecast(["a": report("freebsd\n")])
        #expect(labels(forecast) == [.failed, .skipped, .skipped])
        #expect(
            forecast.targets[0].entries[0].note
                == "facts.os is unknown: it answered 'freebsd', which is none of debian12, "
                + "debian13; 'unit' is picked by it: give the runbook that choice, correct what "
                + "answers, or leave this target out")
    }

    @Test(arguments: [
        (AttemptReport(ending: .exited(0)), "it answered nothing, which is none of"),
        (AttemptReport(ending: .exited(1)), "exit 1; it is one of"),
        (AttemptReport(ending: .exited(77)), "exit 77; it is one of"),
        (AttemptReport(ending: .timedOut), "it took longer than its timeout"),
        (AttemptReport(ending: .notStarted("no sh")), "no sh"),
        (
            AttemptReport(
                ending: .exited(0),
                stdout: CapturedOutput(bytes: Array("debian12".utf8), totalBytes: 5000)),
            "more than a choice can be"
        ),
    ])
    func whereNoValueNeedsItAnUnknownFactIsRead(report: AttemptReport, why: String) throws {
        let (forecast, _) = try forecast(["a": report]) { fixture in
            fixture.rules = []
            fixture.steps.removeFirst()
        }
        #expect(labels(forecast) == [.read, .skipped])
        let note = try #require(forecast.targets[0].entries[0].note)
        #expect(note.hasPrefix("facts.os is unknown: ") && note.contains(why), "\(note)")
        #expect(forecast.targets[0].entries[0].fact == nil)
    }

    @Test func whoCantBeReachedIsUnreachable() throws {
        let (forecast, _) = try forecast(["a": AttemptReport(ending: .unreachable("no route"))])
        #expect(labels(forecast) == [.unreachable, .unreachable, .unreachable])
    }

    @Test func anotherAnswerIsADifference() throws {
        let answers = ["debian12", "debian13", "freebsd"]
        let forecasts = try answers.map { answer in
            try forecast(["a": report(answer)]) { fixture in
                // Every label is the same whatever is answered.
                fixture.rules = []
                fixture.steps = [fixture.steps[1]]
                fixture.steps[0].when = try PlanFixture.parse("not facts.os = x")
            }.forecast
        }
        for (index, forecast) in forecasts.enumerated() {
            #expect(labels(forecast) == [.read, .wouldRun])
            #expect(Forecast.compare(forecasts[0], forecast).isEqual == (index == 0))
        }
        let comparison = Forecast.compare(forecasts[0], forecasts[1])
        #expect(comparison.lines == ["a: fact-os: debian12 → debian13"])
        #expect(comparison.differences.map(\.kind) == [.other])
        #expect(
            Forecast.compare(forecasts[2], forecasts[0]).lines
                == ["a: fact-os: unknown → debian12"])
    }

    /// A plan with a forecast beside it, as `plan -o` writes them.
    private struct Document: Encodable {
        let plan: Plan
        let forecast: Forecast
    }

    @Test func theAnswerBesideThePlanIsReadToBeCompared() throws {
        var fixture = try FactFixture.fixture()
        fixture.targets = [try PlanFixture.target("a")]
        let plan = try fixture.plan()
        let shown = try forecast(["a": report("debian12")]).forecast
        let text = String(
            decoding: try CanonicalJSON.bytes(of: Document(plan: plan, forecast: shown)),
            as: UTF8.self)
        let earlier = try #require(try PlanFile(reading: Array(text.utf8)).forecast(of: plan))
        #expect(Forecast.compare(earlier, shown).isEqual)
        let other = try forecast(["a": report("debian13")]).forecast
        #expect(
            Forecast.compare(earlier, other).lines == [
                "a: rotate: skipped → would run; fact-os: debian12 → debian13"
            ])
        try #require(text.contains("\"fact\":\"debian12\""))
        let odd = text.replacing("\"fact\":\"debian12\"", with: "\"fact\":\"debian11\"")
        #expect(throws: PlanError.self) {
            try PlanFile(reading: Array(odd.utf8)).forecast(of: plan)
        }
    }
}

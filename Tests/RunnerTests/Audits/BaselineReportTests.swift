import Runbooks
import Testing

@testable import Runner

/// What a baseline's report says of past audits.
struct BaselineReportTests {
    private static let hour: Int64 = 3_600_000

    private static func time(_ hours: Int64) -> Timestamp {
        Timestamp(milliseconds: hours * hour)
    }

    private static func item(
        _ name: String, _ severity: ItemSeverity = .major, _ change: (inout Step) -> Void = { _ in }
    ) -> Step {
        var step = Step(
            id: RunFixture.id(name), title: "\(name) holds", effect: .read,
            action: .assert(AssertAction(script: RunFixture.call(name))))
        step.audit = ItemAudit(severity: severity)
        change(&step)
        return step
    }

    private static func target(_ name: String, _ labels: [String: [String]]) -> Target {
        Target(
            name: RunFixture.target(name), address: "127.0.0.1", environment: "lab",
            labels: labels)
    }

    private static func baseline(
        _ items: [Step], exceptions: [BaselineException] = []
    ) -> Runbook {
        guard let id = RunbookID(rawValue: "baseline.mail") else { preconditionFailure("id") }
        return Runbook(
            id: id, title: "Mail", kind: .baseline, owner: "x", steps: items,
            baseline: BaselineRule(every: .seconds(8 * 3600), exceptions: exceptions),
            folder: "b")
    }

    private static let inventory = Inventory(targets: [
        target("a", ["role": ["mailbox", "hub"]]), target("b", ["role": ["mailbox"]]),
        target("c", [:]),
    ])

    /// The results of one run, by target and item.
    private struct Past {
        let hours: Int64
        let results: [String: [String: AuditResult.Verdict]]
        var outcomes: [String: Outcome] = [:]
    }

    /// A history of runs, the oldest first.
    private static func history(
        _ past: [Past], since boundary: Timestamp? = nil
    ) -> AuditHistory {
        var history = AuditHistory(since: boundary)
        for (index, run) in past.enumerated().reversed() {
            guard let id = RunID(rawValue: "r-\(index)") else { preconditionFailure("id") }
            let opened = AuditHistory.Run(id: id, opened: time(run.hours))
            var ends: [TargetName: Outcome?] = [:]
            for name in Set(run.results.keys).union(run.outcomes.keys) {
                ends.updateValue(run.outcomes[name] ?? .ok, forKey: RunFixture.target(name))
            }
            history.take(opened, on: ends)
            for (name, results) in run.results {
                for (item, verdict) in results {
                    guard let id = StepID(recorded: item) else { preconditionFailure("id") }
                    let deviates = verdict == .deviates
                    history.take(
                        AuditResult(
                            verdict, .major, expected: "e", actual: deviates ? "a" : nil),
                        of: id, on: RunFixture.target(name), in: opened)
                }
            }
        }
        return history
    }

    private func report(
        _ past: [Past], _ items: [Step] = [item("one"), item("two")],
        exceptions: [BaselineException] = [], at hours: Int64 = 100, since: Timestamp? = nil,
        by label: String = "role"
    ) -> BaselineReport {
        BaselineReport(
            of: Self.baseline(items, exceptions: exceptions), in: Self.inventory,
            Self.history(past, since: since), at: Self.time(hours), by: label)
    }

    private func rows(_ report: BaselineReport) -> [String] {
        report.rows.map {
            "\($0.target) \($0.item) \($0.result.verdict.rawValue) \($0.drift?.rawValue ?? "-")"
        }
    }

    @Test func driftIsToldBetweenTheLastTwoAudits() {
        let past = [
            Past(hours: 80, results: ["a": ["one": .complies, "two": .deviates]]),
            Past(hours: 88, results: ["a": ["one": .deviates, "two": .complies]]),
            Past(
                hours: 96,
                results: ["a": ["one": .deviates, "two": .complies], "b": ["one": .deviates]]),
        ]
        #expect(
            rows(report(past)) == [
                "a one deviates staying", "b one deviates new", "a two complies -",
            ])
        #expect(report(past).rows.map(\.since) == [Self.time(88), Self.time(96), nil])
        // Against what was before the last but one.
        #expect(
            rows(report(past, since: Self.time(84))) == [
                "a one deviates new", "b one deviates new", "a two complies mended",
            ])
        #expect(report(past).deviates)
    }

    @Test func whatCouldNotBeLookedAtIsNoDrift() {
        let past = [
            Past(hours: 80, results: ["a": ["one": .deviates], "b": ["one": .complies]]),
            Past(hours: 88, results: ["a": ["one": .failed]], outcomes: ["a": .failed]),
            Past(hours: 96, results: ["a": ["one": .complies]], outcomes: ["b": .unreachable]),
        ]
        #expect(
            rows(report(past)) == ["a one complies mended", "b one complies -"])
        let now = report(Array(past.prefix(2)))
        #expect(rows(now) == ["a one failed -", "b one complies -"])
        #expect(!now.deviates)
    }

    @Test func aServerWithSeveralRolesCountsInEach() {
        let past = [
            Past(
                hours: 96,
                results: [
                    "a": ["one": .complies, "two": .deviates], "b": ["one": .failed],
                    "c": ["one": .complies],
                ])
        ]
        let counts = report(past).counts
        #expect(counts.map(\.value) == ["hub", "mailbox", nil])
        #expect(counts.map(\.targets) == [1, 2, 1])
        #expect(
            counts.map(\.verdicts) == [
                [.complies: 1, .deviates: 1], [.complies: 1, .deviates: 1, .failed: 1],
                [.complies: 1],
            ])
        #expect(report(past, by: "site").counts.map(\.value) == [nil])
    }

    @Test func whatIsExceptedIsJudgedNow() throws {
        func exception(_ item: String, _ target: String, _ until: String) throws
            -> BaselineException
        {
            BaselineException(
                item: RunFixture.id(item), targets: [RunFixture.target(target)], until: until,
                why: "w", who: "y")
        }
        let past = [
            Past(
                hours: 96,
                results: ["a": ["one": .deviates, "two": .complies], "b": ["one": .excepted]])
        ]
        // 100 hours are within the fifth day.
        let now = report(
            past,
            exceptions: [
                try exception("one", "a", "1970-01-05"), try exception("two", "a", "1970-03-01"),
                try exception("one", "c", "1970-03-01"), try exception("one", "b", "1970-01-04"),
            ])
        #expect(
            rows(now) == [
                "a one excepted -", "b one deviates new", "a two complies -",
            ])
        #expect(
            now.exceptions.map { "\($0.exception.item) \($0.note.rawValue)" }
                == ["one ends_soon", "two idle", "one ended"])
    }

    @Test func targetsThatWereNotLookedAtForTooLongAreNamed() {
        let past = [
            Past(hours: 80, results: ["a": ["one": .complies], "b": ["one": .complies]]),
            Past(hours: 96, results: ["a": ["one": .complies]], outcomes: ["b": .unreachable]),
        ]
        let now = report(past)
        #expect(now.overdue.map { $0.target.rawValue } == ["b", "c"])
        #expect(now.overdue.map { $0.looked } == [Self.time(80), nil])
        #expect(now.newest == Self.time(96))
        #expect(report([]).newest == nil)
    }

    @Test func whatTheBaselineNoLongerAsksIsNotTold() throws {
        let when = try Expression.parse("target.role = hub").get()
        let past = [
            Past(
                hours: 96,
                results: [
                    "a": ["gone": .deviates, "up[x]": .deviates, "up[y]": .complies],
                    "b": ["one": .deviates],
                ])
        ]
        let items = [
            Self.item("one") { $0.when = when },
            Self.item("up") { $0.forEach = .texts(["y"]) },
        ]
        #expect(rows(report(past, items)) == ["a up[y] complies -"])
    }

    @Test func theWorstComesFirst() {
        let past = [
            Past(
                hours: 96,
                results: ["b": ["low": .deviates, "high": .deviates], "a": ["low": .complies]])
        ]
        let found = report(past, [Self.item("low", .minor), Self.item("high", .critical)])
        #expect(found.rows.map { "\($0.item) \($0.target)" } == ["high b", "low a", "low b"])
        #expect(found.rows.first?.result.severity == .critical)
    }

    @Test func equalResultsStandTogether() {
        let past = [
            Past(
                hours: 96,
                results: [
                    "a": ["one": .deviates], "b": ["one": .deviates], "c": ["one": .complies],
                ])
        ]
        let groups = AuditGroup.of(report(past).rows, .deviates)
        #expect(groups.map { $0.targets.map(\.rawValue) } == [["a", "b"]])
        #expect(groups.first?.since == Self.time(96))
    }

    @Test func aHistoryAsksNoMoreThanIsTold() throws {
        let one = RunFixture.id("one")
        let history = Self.history([
            Past(hours: 80, results: ["a": ["one": .complies]]),
            Past(hours: 88, results: ["a": ["one": .complies], "b": ["one": .deviates]]),
            Past(hours: 96, results: ["a": ["one": .complies], "b": ["one": .deviates]]),
        ])
        #expect(!history.wants(one, on: RunFixture.target("a")))
        #expect(history.wants(one, on: RunFixture.target("b")))
        #expect(history.wants(one, on: RunFixture.target("c")))
    }
}

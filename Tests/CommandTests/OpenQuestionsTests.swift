import Audit
import Runbooks
import Runner
import Testing

@testable import handrail

/// Which question people mean whom a wave's list asks.
struct OpenQuestionsTests {
    private func past() throws -> PastRun {
        let person = PersonAction(
            text: "Tell the desk.", choices: [], deadline: .seconds(86_400 * 3650),
            perTarget: false)
        let desk = Step(
            id: try name("desk"), title: "Desk", effect: .read, action: .manual(person))
        return try PastRun { plan in
            plan.beforeWave = [desk]
            // Nobody else is asked, and no target can be reached: who answers leads it to its end.
            plan.steps.removeAll { $0.action.person != nil }
            plan.waves = [
                PlannedWave(name: "first", targets: [try name("web1")]),
                PlannedWave(name: "second", targets: [try name("web2")]),
            ]
        }
    }

    private func list(_ round: Int) -> TargetName {
        WaveList(.before, wave: 0, round: round).name
    }

    private func asked(_ round: Int) throws -> [RunEvent] {
        [
            .targetStarted(list(round)),
            .asked(try name("desk"), list(round), until: PastRun.start.adding(.seconds(3600))),
        ]
    }

    private func machine(_ events: [RunEvent]) throws -> RunMachine {
        var machine = RunMachine(record: try past().record)
        for event in [.stateChanged(.running, reason: "started"), .wave(.started(0))] + events {
            machine.apply(event, at: PastRun.start)
        }
        return machine
    }

    @Test func theOnlyOneOfAStepNeedsNoPlace() throws {
        let questions = OpenQuestions(try machine(try asked(1)))
        #expect(try questions.question("desk", on: nil).target == list(1))
        #expect(try questions.question("desk", on: "before_wave:1").target == list(1))
    }

    @Test func aListIsMeantAsItIsDoneNow() throws {
        let earlier: [RunEvent] = [
            .stepEnded(list(1), try name("desk"), .aborted, reason: nil),
            .targetEnded(list(1), .aborted),
        ]
        let questions = OpenQuestions(try machine(try asked(1) + earlier + asked(2)))
        for place in [nil, "before_wave:1", "before_wave:1:2"] {
            #expect(try questions.question("desk", on: place).target == list(2), "\(place ?? "")")
        }
    }

    @Test func wrongPlacesAreRefused() throws {
        let questions = OpenQuestions(try machine(try asked(1)))
        for (place, hint) in [
            ("before_wave:2", "before_wave:1"), ("before_wave:9", "its targets: web1, web2"),
            ("web1", "before_wave:1"),
        ] {
            do {
                let question = try questions.question("desk", on: place)
                Issue.record("\(place) is \(question)")
            } catch let failure as Failure {
                #expect(failure.hint?.contains(hint) == true, "\(place): \(failure)")
            }
        }
    }

    @Test func anAnswerReachesTheListThatAsks() async throws {
        let bench = try Workbench()
        let (journal, _) = try await bench.journal()
        let past = try past()
        try await past.write(
            to: journal,
            [.stateChanged(.running, reason: "started"), .wave(.started(0))] + asked(1))
        let shown = try bench.handrail("status", "last").output
        let command = "handrail confirm \(past.record.id) desk --on before_wave:1 --note '…'"
        #expect(shown.contains("Awaited: desk on before_wave:1 (wave first)"), "\(shown)")
        #expect(shown.contains(command), "\(shown)")
        #expect(shown.contains("Wave     1 of 2, first: before_wave is under way"), "\(shown)")
        let awaited = try bench.handrail("status", "last", "--json").json()["awaited"]
        let items = try #require(awaited as? [[String: Any]])
        #expect(items.first?["kind"] as? String == "answer")
        #expect(items.first?["commands"] as? [String] == [command])
        let listed = try bench.handrail("status").output
        #expect(listed.contains("desk on before_wave:1 (wave first)"), "\(listed)")
        _ = try bench.handrail(
            "confirm", "last", "desk", "--on", "before_wave:1", "--note", "told them")
        let events = try await journal.events(of: past.record.id, after: 4).map(\.event)
        let answer = events.compactMap { event -> TargetName? in
            if case .answered(_, let place, _, "told them", _) = event { place } else { nil }
        }
        #expect(answer == [list(1)], "\(events)")
    }
}

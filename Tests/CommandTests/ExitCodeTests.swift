import Runbooks
import Runner
import Testing

@testable import handrail

struct ExitCodeTests {
    private static let cases: [(codes: [ExitCode], worst: ExitCode)] = [
        ([], .success), ([.unresolved], .unresolved),
        ([.unresolved, .unreachable], .unreachable),
        ([.unreachable, .targetsFailed, .unresolved], .targetsFailed),
        ([.targetsFailed, .waiting], .waiting), ([.waiting, .rolledBack], .rolledBack),
        ([.rolledBack, .aborted], .aborted), ([.aborted, .unknown], .unknown),
        ([.unknown, .rollbackFailed], .rollbackFailed),
    ]

    @Test(arguments: cases)
    func takesTheGravestOfSeveral(_ codes: [ExitCode], _ worst: ExitCode) {
        #expect(ExitCode.worst(of: codes) == worst)
    }

    /// The target goes on and ends well, and still nobody knows whether that step ran.
    @Test func anOutcomeNobodyKnowsIsToldAlsoWhereItWasPassedOver() throws {
        var steps = try PastRun.steps()
        steps[1].onFailed = .continue
        let run = try PastRun(targets: ["web1"], steps: steps)
        let (web, restart): (TargetName, StepID) = (try name("web1"), try name("restart"))
        var machine = RunMachine(record: run.record)
        let events: [RunEvent] = [
            .targetStarted(web), .stepEnded(web, restart, .unknown, reason: "its end was not seen"),
            .targetEnded(web, .changed), .closed(.succeeded, .unclear),
        ]
        for event in events { machine.apply(event, at: PastRun.start) }
        #expect(ExitCode(machine) == .unknown)
        #expect(RunReport(run: machine).passedOver.map(\.advice) == ["Look at its log."])
    }

    @Test func anAuditThatFindsADeviationIsFourteen() throws {
        var machine = RunMachine(record: try BaselineScene().machine.record)
        let targets = machine.plan.targets.map(\.name)
        for target in targets {
            machine.apply(.targetStarted(target), at: PastRun.start)
            machine.apply(.targetEnded(target, .ok), at: PastRun.start)
        }
        machine.apply(.closed(.succeeded, .unresolved), at: PastRun.start)
        #expect(ExitCode(machine) == .unresolved)
        // What could not be looked at, or reached, comes first.
        let scene = try BaselineScene()
        #expect(scene.machine.resolution == .unresolved)
        #expect(ExitCode(scene.machine) == .targetsFailed)
    }

    @Test func keepsTheNumbersOfTheTable() {
        let numbers = ExitCode.allCases.map(\.rawValue)
        #expect(numbers == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 64])
    }
}

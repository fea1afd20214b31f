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

    @Test func keepsTheNumbersOfTheTable() {
        let numbers = ExitCode.allCases.map(\.rawValue)
        #expect(numbers == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 64])
    }
}

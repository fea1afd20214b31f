import Runner
import Testing

@testable import handrail

/// The question before a run, and what answers it.
struct ConfirmationTests {
    /// What is said after these answers; whether the run is confirmed.
    private static func ask(_ answers: [String]) async throws -> (said: String, isConfirmed: Bool) {
        let recorded = RecordedWorld(answers: answers)
        let scene = try await GoldenScene(on: "web1")
        let session = Session(
            console: Console(world: recorded.world(isTerminal: true), isJSON: false),
            options: try GlobalOptions.parse([]))
        let confirmation = Confirmation(
            session: session, subject: scene.subject, memory: .empty, isSymptomAbsent: false,
            decision: StartDecision(scene.subject, earlier: nil))
        do {
            try await confirmation.ask()
            return (recorded.errors, true)
        } catch let failure as Failure where failure.exit == .aborted {
            return (recorded.errors, false)
        }
    }

    @Test(arguments: ["y", "Y", " yes ", "YES"])
    func aHabitDoesNotConfirmAndIsTold(_ habit: String) async throws {
        let answer = try await Self.ask([habit, " web1 "])
        #expect(answer.isConfirmed)
        #expect(answer.said.contains("doesn't confirm a run: type the target's name, web1."))
    }

    @Test(arguments: [["q"], ["Q"], ["No"], [""], ["web2", "web3", "web4"]])
    func whatIsNotTheNameDoesNotConfirm(_ answers: [String]) async throws {
        let answer = try await Self.ask(answers)
        #expect(!answer.isConfirmed)
        #expect(answer.said.contains("That is not the target's name, web1.") == (answers.count > 1))
    }
}

/// What people type when one of several is to be chosen.
struct ChoiceWordsTests {
    @Test func takesNumbersWordsAndCapitalsButNothingThatCouldBeTwo() {
        let words = ChoiceWords(["yes", "no", "Later", "LATER"], short: ["no": ["q"]])
        let typed = ["1", "yes", "Y", "n", "NO", "q", "Later", "later", "", "0", "5", "ye"]
        #expect(
            typed.map(words.index) == [0, 0, 0, 1, 1, 1, 2, nil, nil, nil, nil, nil])
        #expect(ChoiceWords(["fine", "slow"]).index(of: "y") == nil)
    }
}

/// Arguments that people's texts make odd.
struct DashedTextTests {
    private static let cases: [(given: [String], parsed: [String])] = [
        (["note", "last", "--- a", "--json"], ["note", "last", "--json", "--", "--- a"]),
        (["note", "last", "--", "--- a"], ["note", "last", "--", "--- a"]),
        (["escalate", "last", "--note", "---a"], ["escalate", "last", "--note=---a"]),
        (["flag", "x", "--why", "--- a"], ["flag", "x", "--why=--- a"]),
        (["note", "last", "--note", "-a"], ["note", "last", "--note", "-a"]),
        (["list", "---a"], ["list", "---a"]),
        (["note", "last", "--note"], ["note", "last", "--note"]),
    ]

    @Test(arguments: cases)
    func putsThemWhereTheParserTakesThem(_ given: [String], _ parsed: [String]) {
        #expect(DashedText.parsable(given) == parsed)
    }
}

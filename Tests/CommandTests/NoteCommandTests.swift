import Foundation
import Runbooks
import Runner
import Testing

@testable import handrail

/// What people write about a run with a secret holds none of it.
struct NoteCommandTests {
    private static let secret = "tulip-7781-harbour"

    private static func bench() async throws -> Workbench {
        let bench = try Workbench()
        let past = try PastRun(parameters: [
            PlannedParameter(
                name: try name("key"), kind: .secret, text: nil,
                secret: SecretReference(source: "prompt", name: "key"))
        ])
        try await past.write(
            to: bench.journal().0, [.stateChanged(.running, reason: "started")])
        try Data(secret.utf8).write(to: URL(fileURLWithPath: bench.folder + "/key"))
        return bench
    }

    private static func holdsSecret(_ bench: Workbench) -> [String] {
        let files = FileManager.default.enumerator(atPath: bench.home)?.allObjects ?? []
        return files.compactMap { $0 as? String }.filter { path in
            guard let data = FileManager.default.contents(atPath: bench.home + "/" + path) else {
                return false
            }
            return data.firstRange(of: Data(secret.utf8)) != nil
        }
    }

    @Test func aNotesSecretsAreTakenOutOfIt() async throws {
        let bench = try await Self.bench()
        let result = try bench.handrail(
            "note", "last", "tried \(Self.secret) twice", "--set", "key=@\(bench.folder)/key")
        #expect(result.status == 0, "\(result.errors)")
        let notes = try bench.handrail("status", "last", "--json").json()["notes"] as? [String]
        #expect(notes == ["tried [secret] twice"])
        let handed = try bench.handrail(
            "escalate", "last", "--to", "tier-3", "--note", "with \(Self.secret)", "--ticket",
            "T \(Self.secret)", "--set", "key=@\(bench.folder)/key", "--json")
        #expect(handed.status == 0, "\(handed.errors)")
        #expect(Self.holdsSecret(bench) == [])
    }

    /// Three dashes and more are no option; what follows `--` is none either.
    @Test(arguments: [
        ["note", "last", "--- restarted ---"], ["note", "last", "--", "--- restarted ---"],
        ["note", "last", "--- restarted ---", "--json"],
        ["note", "--json", "last", "--- restarted ---"],
    ])
    func aNoteMayBeginWithThreeDashes(_ words: [String]) async throws {
        let bench = try Workbench()
        try await PastRun().write(
            to: bench.journal().0, [.stateChanged(.running, reason: "started")])
        let result = try bench.handrail(words)
        #expect(result.status == 0, "\(result.errors)")
        let notes = try bench.handrail("status", "last", "--json").json()["notes"] as? [String]
        #expect(notes == ["--- restarted ---"])
    }

    @Test(arguments: [["--note", "---still slow"], ["--note=---still slow"]])
    func whatIsHandedOverMayBeginWithThreeDashes(_ words: [String]) async throws {
        let bench = try Workbench()
        try await PastRun().write(
            to: bench.journal().0, [.stateChanged(.running, reason: "started")])
        let result = try bench.handrail(["escalate", "last", "--to", "t"] + words)
        #expect(result.status == 0, "\(result.errors)")
        let handed = try bench.handrail("status", "--json").json()["escalations"]
        #expect((handed as? [[String: Any]])?.first?["note"] as? String == "---still slow")
    }

    @Test func aDashReadsTheNoteFromStandardInput() async throws {
        let bench = try Workbench()
        try await PastRun().write(
            to: bench.journal().0, [.stateChanged(.running, reason: "started")])
        let fed = ["sh", "-c", "printf '%s\\n' '--- first' second | \"$@\"", "sh"]
        let noted = try bench.handrail(["note", "last", "-"], through: fed)
        #expect(noted.status == 0, "\(noted.errors)")
        let notes = try bench.handrail("status", "last", "--json").json()["notes"] as? [String]
        #expect(notes == ["--- first\nsecond"])
        let handed = try bench.handrail(
            ["escalate", "last", "--to", "t", "--note", "-"], through: fed)
        #expect(handed.status == 0, "\(handed.errors)")
        let both = try bench.handrail(["note", "last", "-", "--attach", "-"], through: fed)
        #expect(both.status == 64 && both.errors.contains("can't both"), "\(both.errors)")
        let empty = try bench.handrail(
            ["note", "last", "-"], through: ["sh", "-c", "\"$@\" </dev/null", "sh"])
        #expect(empty.status == 3 && empty.errors.contains("is empty"), "\(empty.errors)")
    }

    @Test func aNoteWhoseSecretsNobodyGivesIsRefused() async throws {
        let bench = try await Self.bench()
        for words in [
            ["note", "last", "tried \(Self.secret)"],
            ["escalate", "last", "--to", "t", "--note", "tried \(Self.secret)"],
        ] {
            let result = try bench.handrail(words)
            #expect(result.status == 64)
            #expect(result.errors.contains("--set key=@FILE"), "\(result.errors)")
        }
        #expect(Self.holdsSecret(bench) == [])
    }
}

/// Tickets and names of alerts are one printable line.
struct SpokenTextTests {
    @Test(arguments: ["INC-4711", "#12 / ops", "Ticket mit Ümläut"])
    func takesWhatPeopleCallTickets(_ text: String) throws {
        #expect(try SpokenText.name(text, "The ticket") == text)
    }

    @Test(arguments: [
        "", "  ", "a\nb", "a\u{1b}[2J", "a\u{202e}b", String(repeating: "x", count: 129),
    ])
    func refusesWhatIsNoLine(_ text: String) {
        #expect(throws: Failure.self) { try SpokenText.name(text, "The ticket") }
    }

    @Test func aRunIsNotStartedForATicketThatIsNone() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        for words in [
            ["run", "service.down", "--on", "localhost", "--yes", "--ticket", "a\nb"],
            ["plan", "service.down", "--on", "localhost", "--alert", "a\u{7}b"],
        ] {
            let result = try bench.handrail(words)
            #expect(result.status == 3, "\(result.errors)")
            #expect(result.errors.contains("control characters"), "\(result.errors)")
        }
    }
}

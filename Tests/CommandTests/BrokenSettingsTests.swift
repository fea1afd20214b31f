import Audit
import Foundation
import Runbooks
import Runner
import Testing

/// A `trail.yaml`, or a remote's state, that can't be read takes nothing away that needs neither.
struct BrokenSettingsTests {
    /// The files of a home, and which of them is named.
    private static let cases: [(files: [String: String], named: String)] = [
        (["trail.yaml": "remote: [a\n"], "trail.yaml"),
        (
            ["trail.yaml": "remote: \(remote)\n", state: "{"], state
        ),
    ]

    private static let remote = "/nowhere/trail.git"
    private static let state =
        "push/\(Digest.sha256(of: Array(remote.utf8)).rawValue.prefix(16)).json"

    private static func bench(
        _ files: [String: String]
    ) async throws -> (Workbench, SQLiteJournal, PastRun) {
        let bench = try Workbench()
        let (journal, _) = try await bench.journal()
        let past = try PastRun()
        try await past.write(
            to: journal,
            [
                .stateChanged(.running, reason: "started"), .targetStarted(try name("web1")),
                .asked(try name("users"), nil, until: PastRun.start.adding(.seconds(3600))),
            ])
        for (name, text) in files {
            let file = URL(fileURLWithPath: bench.home + "/" + name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return (bench, journal, past)
    }

    @Test(arguments: cases)
    func theInboxStillShowsWhatWaitsAndNamesTheFile(
        _ files: [String: String], _ named: String
    ) async throws {
        let (bench, _, past) = try await Self.bench(files)
        let inbox = try bench.handrail([])
        #expect(inbox.status == 0, "\(inbox.errors)")
        #expect(inbox.output.contains("handrail answer \(past.record.id) users"))
        #expect(inbox.output.contains("not pushed anywhere"))
        #expect(inbox.output.contains(named), "\(inbox.output)")
        #expect(inbox.output.contains("hint: "), "\(inbox.output)")
        let items = try bench.handrail("status", "--json").json()["items"] as? [[String: Any]]
        #expect(items?.map { $0["kind"] as? String } == ["remote", "overdue", "unled"])
    }

    @Test(arguments: cases)
    func anAbortIsCompletedAndSaysIt(_ files: [String: String], _ named: String) async throws {
        let (bench, journal, past) = try await Self.bench(files)
        let result = try bench.handrail("abort", "last")
        #expect(result.status == 8, "\(result.errors)")
        #expect(result.errors.contains(named), "\(result.errors)")
        let events = try await journal.events(of: past.record.id, after: 0)
        #expect(events.last?.event == .closed(.aborted, .unclear))
    }

    /// What would start more steps doesn't, as nobody can say whether the remote is required; and
    /// the run is free for the next command at once.
    @Test func anAnswerIsRecordedAndStartsNothing() async throws {
        let (bench, journal, past) = try await Self.bench(Self.cases[0].files)
        let result = try bench.handrail("answer", "last", "users", "yes")
        #expect(result.status == 3, "\(result.errors)")
        #expect(result.errors.contains("trail.yaml") && result.errors.contains("handrail resume"))
        let events = try await journal.events(of: past.record.id, after: 0).map(\.event)
        #expect(events.contains { if case .answered = $0 { true } else { false } })
        #expect(!events.contains { if case .attemptStarted = $0 { true } else { false } })
        #expect(try bench.handrail("abort", "last").status == 8)
    }
}

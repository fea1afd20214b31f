import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import TestSupport
import Testing

/// A journal of each schema that was ever released, with open runs in it: brought up to date, each
/// run goes on or is aborted, and its trail holds.
struct SchemaMigrationTests {
    /// The texts of the migrations, the oldest first.
    private static let texts = [
        SchemaOne.sql, SchemaTwo.sql, SchemaThree.sql, SchemaFour.sql, SchemaFive.sql,
        SchemaSix.sql, SchemaSeven.sql,
    ]

    /// How a run stands when the program is exchanged.
    enum Standing: String, CaseIterable {
        case pending, inFlight, betweenSteps, paused, asked, owed, needsPerson, closed

        /// Of its own: no run is in another's way.
        var targets: [String] { ["\(rawValue.lowercased())1", "\(rawValue.lowercased())2"] }
    }

    private static func record(_ standing: Standing, number: Int, _ home: Home) async throws
        -> RunRecord
    {
        let ask = Step(
            id: try Samples.step("ask"), title: "ask", effect: .read,
            action: .ask(
                PersonAction(
                    text: "?", choices: [PersonAction.Choice(id: "yes", label: "y")],
                    deadline: .seconds(3600), perTarget: false)))
        var take = try Samples.onceStep("take")
        take.release = Release(
            script: ScriptCall(program: .inline("true")), after: try Samples.step("work"),
            ifStopped: .pay)
        let steps =
            try standing == .asked
            ? [ask, Samples.onceStep("work")] : [take, Samples.onceStep("work")]
        // Of its own plan: two runs of one are never open at once.
        let plan = Array("0abcdef123456789")[number]
        let draft = try Samples.record(
            "r-\(standing.rawValue)", plan: plan, targets: standing.targets, steps: steps)
        let digest = try await FileContentStore(in: home).put(
            try CanonicalJSON.bytes(of: draft.plan))
        return try Samples.record(
            "r-\(standing.rawValue)", plan: plan, targets: standing.targets, steps: steps,
            planDigest: digest)
    }

    private static func events(_ standing: Standing) throws -> [RunEvent] {
        let (web1, take) = (try Samples.target(standing.targets[0]), try Samples.step("take"))
        let key = AttemptKey(target: web1, part: .action(take), number: 1)
        let none = OutputRecord(text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
        let done = AttemptRecord(ending: .exited(0), stdout: none, stderr: none)
        let begun: [RunEvent] = [
            .stateChanged(.running, reason: "go"), .targetStarted(web1), .owed(web1, take),
            .attemptStarted(key),
        ]
        let between: [RunEvent] =
            begun + [.attemptEnded(key, done), .stepEnded(web1, take, .changed, reason: nil)]
        switch standing {
        case .pending: return []
        case .inFlight: return begun
        case .betweenSteps, .owed: return between
        case .paused:
            return between + [
                .commanded(PersonCommand(verb: .pause, actor: "ann"), inboxID: 0),
                .stateChanged(.paused, reason: "p"),
            ]
        case .asked:
            return [
                .stateChanged(.running, reason: "go"), .targetStarted(web1),
                .asked(try Samples.step("ask"), nil, until: Samples.time(9_000_000)),
            ]
        case .needsPerson:
            return between + [
                .stepEnded(web1, try Samples.step("work"), .failed, reason: "no"),
                .leftOwed(web1, take, reason: "kept"), .targetEnded(web1, .failed),
                .stateChanged(.needsPerson, reason: "owed"),
            ]
        case .closed: return between + [.closed(.failed, .unclear)]
        }
    }

    /// A home whose journal is of an older schema: its rows were written by this program, and are
    /// put into the tables as they were released.
    private static func home(_ schema: Int, in folder: String) async throws -> Home {
        let made = try Home.open(at: folder + "/made")
        do {
            let journal = try await opened(made)
            for (index, standing) in Standing.allCases.enumerated() {
                let record = try await record(standing, number: index + 1, made)
                try await journal.open(
                    record, lease: Samples.lease(1), leaseUntil: Samples.time(0))
                let events = try events(standing)
                if !events.isEmpty {
                    _ = try await journal.append(
                        events, to: record.id, at: Samples.time(5), lease: Samples.lease(1))
                }
                guard standing != .closed else { continue }
                try await journal.release(Samples.lease(1), of: record.id)
                try await journal.post(
                    PersonCommand(verb: .note("n"), actor: "ann"), to: record.id,
                    at: Samples.time(6))
            }
            try await TrailSealer(journal: journal, store: try FileContentStore(in: made)).seal()
        }
        let home = try Home.open(at: folder + "/home")
        try FileManager.default.removeItem(atPath: home.outputPath)
        for name in ["output", "keys"] + (schema > 1 ? ["trail.git"] : []) {
            try FileManager.default.copyItem(
                atPath: made.path + "/" + name, toPath: home.path + "/" + name)
        }
        try copy(made, to: home, schema)
        return try Home.open(at: home.path)
    }

    private static func copy(_ made: Home, to home: Home, _ schema: Int) throws {
        let old = try DatabaseQueue(path: home.journalPath)
        try old.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(
                sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            for number in 1...schema {
                try db.execute(sql: texts[number - 1])
                try db.execute(
                    sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: ["\(number)"])
            }
            try db.execute(sql: "ATTACH DATABASE ? AS made", arguments: [made.journalPath])
            let tables =
                ["runs", "records", "targets", "events", "inbox"]
                + (schema > 1 ? ["trail"] : [])
                + (schema > 4 ? ["locks"] : []) + (schema > 5 ? ["standings"] : [])
                + (schema > 6 ? ["settlements"] : [])
            for table in tables {
                let names = try db.columns(in: table).map(\.name).filter { $0 != "sealed" }
                    .joined(separator: ", ")
                try db.execute(
                    sql: "INSERT INTO \(table) (\(names)) SELECT \(names) FROM made.\(table)")
            }
            guard schema > 1 else { return }
            try db.execute(
                sql: "UPDATE trail SET sealed = "
                    + "(SELECT sealed FROM made.trail WHERE made.trail.seq = trail.seq)")
        }
        chmod(home.journalPath, 0o600)
        // Else a first line would begin a new trail: with schema 1 there was none.
        if schema == 1 { try FileManager.default.removeItem(atPath: home.path + "/keys") }
    }

    @Test(arguments: 1...7, [false, true]) func openRunsGoOnAfterEverySchema(
        _ schema: Int, _ isAborted: Bool
    ) async throws {
        try await withTemporaryFolder { folder in
            let home = try await Self.home(schema, in: folder)
            let journal = try await opened(home)
            let store = try FileContentStore(in: home)
            let sealer = TrailSealer(journal: journal, store: store)
            let open = try await journal.runs(matching: RunFilter(isOpen: true))
            #expect(open.count == Standing.allCases.count - 1)
            for (index, run) in open.enumerated() {
                let state = try await Self.lead(
                    run.id, lease: Samples.lease(index + 10), journal, isAborted)
                let standing = run.id.rawValue.dropFirst(2)
                if isAborted {
                    let isOwed = standing == "needsPerson"
                    #expect(state == (isOwed ? .needsPerson : .aborted), "\(standing)")
                } else {
                    let waits = ["asked", "paused"].contains(standing)
                    #expect(
                        waits || state.isTerminal || state == .needsPerson, "\(standing): \(state)")
                }
                try await sealer.seal()
            }
            let key = try #require(try TrailKeyFile.key(of: home)).publicKey
            var verifier = TrailVerifier(path: home.trailPath, signers: [key])
            verifier.journal = { try journal.trailTexts($0) }
            let found = try verifier.verify()
            #expect(found.findings.isEmpty, "\(found.findings)")
            #expect(try await journal.integrityProblems() == [])
        }
    }

    /// Leads a run until it waits or has ended; every attempt ends well.
    private static func lead(
        _ run: RunID, lease: Lease, _ journal: SQLiteJournal, _ isAborted: Bool
    ) async throws -> RunState {
        let now = Samples.time(1_000_000)
        try #require(
            try await journal.takeOver(
                run, lease: lease, now: now, until: now.adding(.seconds(10))))
        var machine = RunMachine(
            record: try await journal.record(of: run),
            events: try await journal.events(of: run, after: 0))
        let abort = RunInput.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 0)
        var inputs: [RunInput] = []
        for (id, command) in try await journal.inbox(of: run, after: 0) {
            inputs.append(.command(command, inboxID: id))
        }
        inputs +=
            isAborted
            ? [.halted([], reason: "it is to be aborted", pauses: false), .led, abort] : [.led]
        let none = OutputRecord(text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
        while !inputs.isEmpty {
            let decision = machine.decide(inputs.removeFirst(), at: now)
            if !decision.events.isEmpty {
                _ = try await journal.append(decision.events, to: run, at: now, lease: lease)
            }
            for effect in decision.effects {
                switch effect {
                case .perform(let request):
                    // What an earlier leader may have begun is found void where nothing may start.
                    let isVoid = request.detachment.map { !$0.mayStart } ?? false
                    inputs.append(
                        .attemptEnded(
                            request.key,
                            AttemptRecord(
                                ending: isVoid ? .heldBack("void") : .exited(0), stdout: none,
                                stderr: none)))
                case .admit(let names):
                    let deferred = try await journal.admit(
                        names, to: run, within: [], at: now, lease: lease)
                    inputs.append(.admission(names, deferred: deferred))
                default: break
                }
            }
        }
        return machine.state
    }
}

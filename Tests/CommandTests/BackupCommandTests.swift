import Audit
import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

/// `backup` and `restore`: what comes back is what was there, verified, or nothing changes.
struct BackupCommandTests {
    /// A bench with an ended run and an open one, and its backup.
    private static func taken(_ options: [String] = []) async throws -> (Workbench, String) {
        let bench = try await AuditCommandTests.sealed()
        try #require(try bench.handrail("flag", "web.restart", "--why", "careful").status == 0)
        let file = bench.folder + "/b.tar"
        let result = try bench.handrail(["backup", "-o", file] + options)
        try #require(result.status == 0, "\(result.errors)")
        return (bench, file)
    }

    private static func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test func whatIsRestoredTellsTheSame() async throws {
        let (bench, file) = try await Self.taken()
        let other = bench.folder + "/other"
        let result = try bench.handrail("restore", file, "--home", other)
        #expect(result.status == 12, "an open run waits: \(result.errors)")
        #expect(result.output.contains("handrail status r-20261123-0701-bbbb"))
        for words in [
            ["history", "--json"], ["logs", "k3f9", "--json"], ["status", "k3f9", "--json"],
        ] {
            let was = try bench.handrail(words)
            let now = try bench.handrail(words + ["--home", other])
            #expect(now.status == 0, "\(now.errors)")
            let state = "\"state\":\"pending\""
            let restored = "\"state\":\"needsPerson\""
            // What the restored run may be at work on is locked; the other one was over.
            let locks = /"locks":\[[^\]]*\]/
            #expect(
                now.output.replacing(locks, with: "")
                    == was.output.replacing(state, with: restored).replacing(locks, with: ""))
        }
        let verified = try bench.handrail("audit", "verify", "--home", other)
        #expect(verified.status == 0, "\(verified.output)")
        let items = try #require(
            try bench.handrail("--json", "--home", other).json()["items"] as? [[String: Any]])
        #expect(items.map { $0["kind"] as? String } == ["restored", "flagged"])
        let log = try bench.handrail("audit", "log", "--home", other)
        #expect(log.output.contains("r-20261123-0701-bbbb"))
        let show = try bench.handrail("audit", "show", "bbbb", "--home", other)
        #expect(show.output.contains("run.restored"), "\(show.output)")
        #expect(try Self.names(other).contains("keys"))
        // The trail goes on from there.
        #expect(
            try bench.handrail("flag", "web.restart", "--why", "x", "--home", other).status == 0)
        #expect(try bench.handrail("audit", "verify", "--home", other).status == 0)
    }

    /// Somebody without Handrail sees what is in it, and that it is whole.
    @Test func stockToolsReadABackup() async throws {
        let (bench, file) = try await Self.taken()
        let folder = bench.folder + "/out"
        let script = """
            mkdir "$2" && cd "$2" && tar -xf "$1" && sha256sum --quiet -c SHA256SUMS manifest.json.sha256 &&
            test "$(sha256sum < SHA256SUMS | cut -c1-64)" = \\
                "$(sed 's/.*"sums_sha256":"\\([0-9a-f]*\\)".*/\\1/' manifest.json)" &&
            git --git-dir trail.git fsck && stat -c %a keys/controller
            """
        let result = try Tool.run(["sh", "-euc", script, "sh", file, folder])
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.hasSuffix("600\n"), "\(result.output)")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func aBackupThatWasChangedAnywhereIsRefused() async throws {
        let (bench, file) = try await Self.taken()
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        let bad = bench.folder + "/bad.tar"
        var numbers = SeededNumbers(seed: 7)
        var forms: [[UInt8]] = [
            [], Array(bytes.dropLast(512)), bytes + [0], Array(bytes.prefix(600)),
        ]
        for _ in 0..<40 {
            var changed = bytes
            changed[Int.random(in: 0..<bytes.count, using: &numbers)] ^=
                1 << UInt8.random(in: 0..<8, using: &numbers)
            forms.append(changed)
        }
        for (number, form) in forms.enumerated() {
            try Data(form).write(to: URL(fileURLWithPath: bad))
            let result = try bench.handrail("restore", bad, "--home", bench.folder + "/other")
            #expect(result.status == 10, "form \(number): \(result.output) \(result.errors)")
            #expect(result.errors.contains("hint:"), "\(result.errors)")
        }
        #expect(try Self.names(bench.folder) == ["b.tar", "bad.tar", "home"])
        #expect(
            try bench.handrail("restore", "/nowhere/x.tar", "--home", bench.folder + "/o").status
                == 3)
    }

    @Test func aHomeInUseIsKeptAsideOrLeftAlone() async throws {
        let (bench, file) = try await Self.taken()
        let refused = try bench.handrail("restore", file)
        #expect(refused.status == 3 && refused.errors.contains("--replace"), "\(refused.errors)")
        #expect(try bench.handrail("restore", file, "--replace").status == 64, "nobody confirms")
        // The home has one event more than the backup.
        try #require(try bench.handrail("flag", "web.restart", "--why", "later").status == 0)
        let newer = try bench.handrail("restore", file, "--replace", "--yes")
        #expect(newer.status == 4, "\(newer.errors)")
        #expect(newer.errors.contains("has 1 event that the backup lacks"), "\(newer.errors)")
        let left = try Self.names(bench.folder)
        #expect(left == ["b.tar", "home"])
        let result = try bench.handrail(
            "restore", file, "--replace", "--yes", "--lose-newer", "--json")
        #expect(result.status == 12, "\(result.errors)")
        let document = try result.json()
        #expect(document["missing"] as? Int == 1)
        let aside = try #require(document["aside"] as? String)
        let flags = try bench.handrail("--json", "--home", aside).output
        #expect(flags.contains("later"), "the old home is whole: \(flags)")
        #expect(try !bench.handrail("--json").output.contains("later"))
        #expect(try bench.handrail("audit", "verify").status == 0)
        #expect(try Self.names(bench.folder).count == 3)
    }

    @Test func withoutItsKeysATrailNeedsSomebodyWhoVouches() async throws {
        let (bench, file) = try await Self.taken(["--without-keys"])
        let other = bench.folder + "/other"
        let alone = try bench.handrail("restore", file, "--home", other)
        #expect(alone.status == 3 && alone.errors.contains("--signers"), "\(alone.errors)")
        let key = try #require(try TrailKeyFile.key(of: Home(path: bench.home))).publicKey
        let signers = bench.folder + "/signers"
        try "ctl namespaces=\"git\" \(key.line)\n".write(
            toFile: signers, atomically: true, encoding: .utf8)
        let result = try bench.handrail("restore", file, "--home", other, "--signers", signers)
        #expect(
            result.status == 12 && result.output.contains("keys/controller"), "\(result.errors)")
        #expect(
            try bench.handrail("flag", "web.restart", "--why", "x", "--home", other).status != 0)
        try FileManager.default.createDirectory(
            atPath: other + "/keys", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try FileManager.default.copyItem(
            atPath: bench.home + "/keys/controller", toPath: other + "/keys/controller")
        #expect(
            try bench.handrail("flag", "web.restart", "--why", "x", "--home", other).status == 0)
        #expect(try bench.handrail("audit", "verify", "--home", other).status == 0)
        // A key that somebody vouches for, and that isn't this one.
        let wrong =
            "ctl namespaces=\"git\" ssh-ed25519 "
            + "AAAAC3NzaC1lZDI1NTE5AAAAIJ0cyWrxW1fzfC3h8D9j5cQ0Qv8cJ9mS9Yf6w1s5m4aB\n"
        try wrong.write(toFile: signers, atomically: true, encoding: .utf8)
        let third = bench.folder + "/third"
        #expect(
            try bench.handrail("restore", file, "--home", third, "--signers", signers).status == 10)
        #expect(!FileManager.default.fileExists(atPath: third))
    }

    /// The run went on after the backup: nothing of it is started a second time.
    @Test func aRunThatWentOnAfterTheBackupStartsNothing() async throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let past = try await GoneOn.begun(on: bench)
        let (file, plan) = (bench.folder + "/b.tar", bench.folder + "/plan.json")
        let planned = try bench.handrail(
            "plan", "service.down", "--on", "localhost", "--set", "service=x", "--no-probe", "-o",
            plan)
        try #require(planned.status == 0, "\(planned.errors)")
        try #require(try bench.handrail("backup", "-o", file).status == 0)
        try await past.goOn(on: bench)
        let other = bench.folder + "/other"
        try #require(try bench.handrail("restore", file, "--home", other).status == 12)
        let resumed = try bench.handrail("resume", "last", "--home", other)
        #expect(resumed.status == 9, "\(resumed.output) \(resumed.errors)")
        let shown = try bench.handrail("audit", "show", "last", "--home", other)
        let starts = shown.output.components(separatedBy: "attempt.started").count - 1
        #expect(starts == 1, "only the one from before the backup: \(shown.output)")
        let items = try #require(
            try bench.handrail("--json", "--home", other).json()["items"] as? [[String: Any]])
        #expect(items.contains { $0["kind"] as? String == "unknown" })
        #expect(try bench.handrail("audit", "verify", "--home", other).status == 0)
        // A plan of before may have been run since.
        let run = try bench.handrail("run", plan, "--yes", "--home", other, "--json")
        #expect(run.status == 4 && (run.output + run.errors).contains("plan.restored"))
    }
}

/// A run with a step that may run once, in flight at one moment and ended at a later one.
struct GoneOn {
    let past: PastRun

    private static func key(_ past: PastRun, _ step: String) throws -> AttemptKey {
        AttemptKey(
            target: past.record.plan.targets[0].name, part: .action(try name(step)), number: 1)
    }

    /// The run, with its first attempt under way.
    static func begun(on bench: Workbench) async throws -> GoneOn {
        let (journal, store) = try await bench.journal()
        let steps = try ["one", "two"].map { id in
            Step(
                id: try name(id), title: id, effect: .once,
                action: .run(ScriptCall(program: .inline("true"))))
        }
        let made = try PastRun(targets: ["web1"], steps: steps)
        let digest = try await store.put(try CanonicalJSON.bytes(of: made.record.plan))
        let past = try PastRun(targets: ["web1"], steps: steps, planDigest: digest)
        try await past.write(
            to: journal,
            [
                .stateChanged(.running, reason: "started"),
                .targetStarted(past.record.plan.targets[0].name),
                .attemptStarted(try key(past, "one")),
            ])
        try await TrailSealer(journal: journal, store: store).seal()
        return GoneOn(past: past)
    }

    /// What its leader did after that.
    func goOn(on bench: Workbench) async throws {
        let (journal, store) = try await bench.journal()
        let target = past.record.plan.targets[0].name
        _ = try await journal.append(
            [
                .attemptEnded(try Self.key(past, "one"), PastRun.attempt(0, "", "")),
                .stepEnded(target, try name("one"), .changed, reason: nil),
                .attemptStarted(try Self.key(past, "two")),
                .attemptEnded(try Self.key(past, "two"), PastRun.attempt(0, "", "")),
                .stepEnded(target, try name("two"), .changed, reason: nil),
                .targetEnded(target, .changed), .closed(.succeeded, .unclear),
            ], to: past.record.id, at: PastRun.start.adding(.seconds(60)), lease: PastRun.deadLease)
        try await TrailSealer(journal: journal, store: store).seal()
    }
}

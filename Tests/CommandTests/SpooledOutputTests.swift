import Foundation
import Glibc
import Testing

/// What a step writes until it has ended: by the real command, with a step on the controller.
@Suite(
    .enabled(if: access("/usr/bin/bwrap", X_OK) == 0, "needs bubblewrap"), .timeLimit(.minutes(10)))
struct SpooledOutputTests {
    private static let secret = "hunter22-and-more"

    /// A bench with a runbook whose first step says so much, secret in each line, and then waits.
    private static func prepare(
        _ bench: Workbench, lines: Int, waiting seconds: Int
    ) throws {
        try bench.makeLibrary()
        try bench.write(
            "runbooks/rig/long/runbook.yaml",
            """
            handrail: 1
            id: rig.long
            title: Says much
            kind: resolution
            owner: rig
            run_as: root
            parameters:
              word: { type: secret, description: Must not be seen }
            steps:
              - id: talk
                where: controller
                effect: idempotent
                probe: never
                run:
                  sh: |
                    read -r w
                    i=0
                    while [ $i -lt \(lines) ]; do
                      echo "line $i of what is said with $w in it"
                      i=$((i + 1))
                    done
                    sleep \(seconds)
                  stdin: $word
              - id: after
                where: controller
                effect: idempotent
                probe: never
                run: { sh: "echo after" }

            """, commit: true)
        try Data(secret.utf8).write(to: URL(fileURLWithPath: bench.folder + "/word"))
    }

    private static let arguments = [
        "run", "rig.long", "--on", "localhost", "--set", "word=@word", "--yes",
    ]

    /// What a process holds in files of a home that have no name, with their sizes on disk.
    private static func unnamed(_ process: pid_t, in home: String) -> [Data] {
        let folder = "/proc/\(process)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name in
            let path = folder + "/" + name
            guard
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path),
                target.contains(home + "/output/new/"), target.hasSuffix(" (deleted)")
            else { return nil }
            return try? Data(contentsOf: URL(fileURLWithPath: path))
        }
    }

    private static func files(below folder: String) throws -> [String: Data] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { name in
                (try? Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))).map {
                    (name, $0)
                }
            })
    }

    @Test func aKilledLeaderLeavesNothingOfWhatAStepWrote() throws {
        let bench = try Workbench()
        try Self.prepare(bench, lines: 6000, waiting: 60)
        let leader = try bench.begin(
            "run", "rig.long", "--on", "localhost", "--set", "word=@word", "--yes")
        var held: [Data] = []
        for _ in 0..<300 where held.first.map({ $0.count < 200_000 }) ?? true {
            usleep(100_000)
            held = Self.unnamed(
                leader.processID, in: (bench.folder as NSString).lastPathComponent + "/home")
        }
        let written = try #require(held.first, "\(leader.errorSoFar)")
        #expect(written.range(of: Data("with [secret] in it".utf8)) != nil)
        #expect(written.range(of: Data(Self.secret.utf8)) == nil)
        kill(leader.processID, SIGKILL)
        #expect(try leader.wait().status == 128 + SIGKILL)
        let left = try Self.files(below: bench.home)
        #expect(left.keys.filter { $0.hasPrefix("output/new/") } == [])
        for (name, data) in left {
            #expect(data.range(of: Data(Self.secret.utf8)) == nil, "\(name)")
            #expect(data.range(of: Data("line 100 of what".utf8)) == nil, "\(name)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aStepWhoseOutputFindsNoRoomKeepsItsOutcome() throws {
        let bench = try Workbench()
        try bench.makeSmallHome()
        defer { umount2(bench.home, Int32(MNT_DETACH)) }
        try Self.prepare(bench, lines: 30_000, waiting: 0)
        try #require(try bench.handrail("flag", "rig.long", "--why", "first").status == 0)
        try FullDiskTests.fill(bench, leaving: 160)
        let result = try bench.handrail(Self.arguments)
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        let run = try #require(
            try bench.handrail("history", "--json").output.split(separator: "\"")
                .first { $0.hasPrefix("r-2") })
        let logs = try bench.handrail("logs", String(run), "--json").json()
        let attempts = try #require(logs["attempts"] as? [[String: Any]])
        let said = try #require(attempts.first?["stdout"] as? [String: Any])
        let text = try #require(said["text"] as? String)
        #expect(text.contains("[not stored: No space is left"), "\(text)")
        #expect(text.contains("of what is said with [secret] in it"), "\(text)")
        #expect((said["total_bytes"] as? Int ?? 0) > 1_300_000)
        #expect(said["stored"] == nil)
        #expect(attempts.count == 2)
        #expect((attempts.last?["stdout"] as? [String: Any])?["text"] as? String == "after\n")
    }
}

import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// `audit push`, and what a remote that is behind or another one does to runs.
struct AuditPushTests {
    @Test func pushesWhatIsNewAndAnchorsTheTrail() async throws {
        let scene = try await PushScene()
        let first = try scene.bench.handrail("audit", "push", scene.remote, "--json")
        #expect(first.status == 0, "\(first.errors)")
        #expect(try first.json()["outcome"] as? String == "pushed")
        #expect(try scene.remoteTip() == scene.tip())
        let again = try scene.bench.handrail("audit", "push", scene.remote)
        #expect(again.output.contains("has everything"))
        try await scene.record("r-20261123-0702-cccc", number: 3)
        let second = try scene.bench.handrail("audit", "push", scene.remote)
        #expect(second.status == 0 && second.output.hasPrefix("pushed to"), "\(second.errors)")
        let verified = try scene.bench.handrail(
            "audit", "verify", "--remote", scene.remote, "--require-anchor")
        #expect(verified.status == 15, "\(verified.output)")
        #expect(verified.output.hasPrefix("consistent, not anchored"))
        #expect(verified.output.contains("\(scene.remote) agrees, but is on the same file system"))
        // A head that somebody kept makes it anchored, and the copy no better.
        let head = try #require(
            verified.output.split(separator: "\n").first { $0.hasPrefix("head ") }?.split(
                separator: " "
            ).last)
        let anchored = try scene.bench.handrail(
            "audit", "verify", "--remote", scene.remote, "--anchor", String(head),
            "--require-anchor")
        #expect(anchored.status == 0, "\(anchored.output)")
        #expect(anchored.output.contains("on the same file system"), "\(anchored.output)")
        #expect(!anchored.output.contains("another file system"), "\(anchored.output)")
    }

    /// A copy beside the trail proves nothing about who could change both; one elsewhere may.
    @Test func aCopyOnAnotherFileSystemIsAnAnchorAndNamed() async throws {
        let scene = try await PushScene()
        let other = "/dev/shm/handrail-copy-\(getpid())-\(UInt32.random(in: 0 ... .max)).git"
        var (here, there) = (stat(), stat())
        try #require(stat(scene.trail, &here) == 0 && stat("/dev/shm", &there) == 0)
        try #require(here.st_dev != there.st_dev, "temporary files are in memory here")
        try scene.git(nil, ["init", "-q", "--bare", other])
        defer { do { try FileManager.default.removeItem(atPath: other) } catch {} }
        #expect(try scene.bench.handrail("audit", "push", other).status == 0)
        let verified = try scene.bench.handrail(
            "audit", "verify", "--remote", "file://" + other, "--require-anchor")
        #expect(verified.status == 0, "\(verified.output)")
        #expect(verified.output.hasPrefix("consistent, anchored"))
        #expect(verified.output.contains("\(other) agrees, a folder of this machine"))
        let document = try scene.bench.handrail(
            "audit", "verify", "--remote", other, "--json"
        ).json()
        #expect(document["anchored"] as? Bool == true)
        let copy = document["copy"] as? [String: Any]
        #expect(copy?["same_file_system"] as? Bool == false)
        // What a copy has must be there, wherever it is.
        try await scene.record("r-20261123-0702-cccc", number: 3)
        #expect(try scene.bench.handrail("audit", "push", scene.remote).status == 0)
        let good = try scene.git(scene.trail, ["rev-parse", scene.branch() + "^"])
        try scene.git(scene.trail, ["update-ref", scene.branch(), good])
        let cut = try scene.bench.handrail("audit", "verify", "--remote", scene.remote)
        #expect(cut.status == 10 && cut.output.contains("anchor-missing"), "\(cut.output)")
    }

    @Test func readsTheRemotesAddressAndNothingElseOfTheConfiguration() async throws {
        let scene = try await PushScene()
        let mark = scene.bench.folder + "/ran"
        let hook = scene.trail + "/hooks/pre-push"
        try FileManager.default.createDirectory(
            atPath: scene.trail + "/hooks", withIntermediateDirectories: true)
        try Data("#!/bin/sh\ntouch '\(mark)'\n".utf8).write(to: URL(fileURLWithPath: hook))
        try #require(chmod(hook, 0o755) == 0)
        try scene.git(scene.trail, ["remote", "add", "office", scene.remote])
        try scene.git(scene.trail, ["config", "core.sshCommand", "touch '\(mark)'"])
        try scene.git(scene.trail, ["config", "core.fsmonitor", "touch '\(mark)'"])
        try scene.git(
            scene.trail, ["config", "url./nowhere/.insteadOf", scene.bench.folder])
        let result = try scene.bench.handrail("audit", "push", "office")
        #expect(result.status == 0, "\(result.errors)")
        // The only remote is the one that is meant, too.
        #expect(try scene.bench.handrail("audit", "push").output.contains("has everything"))
        #expect(!FileManager.default.fileExists(atPath: mark))
        #expect(try scene.remoteTip() == scene.tip())
    }

    @Test(arguments: [
        ("ext::sh -c evil", "is no address"), ("--upload-pack=evil", "unknown option"),
        ("http://office/trail.git", "is no address"), ("elsewhere", "has no remote"),
        ("../x", "is no address"),
    ])
    func refusesWhatIsNoAddress(_ address: String, _ words: String) async throws {
        let scene = try await PushScene()
        let result = try scene.bench.handrail("audit", "push", address)
        #expect(result.status == 3 || result.status == 64)
        #expect(result.errors.lowercased().contains(words), "\(result.errors)")
    }

    @Test func aRemoteThatCannotBeReachedIsSaidAndShownAsLag() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.bench.folder)/gone.git\n")
        let result = try scene.bench.handrail("audit", "push")
        #expect(result.status == 1)
        #expect(result.errors.contains("was not pushed to"))
        let status = try scene.bench.handrail("status")
        #expect(status.output.contains("gone.git lacks"), "\(status.output)")
        #expect(status.output.contains("handrail audit push"))
        let document = try scene.bench.handrail("status", "--json").json()
        let lag = try #require(document["trail"] as? [String: Any])
        #expect((lag["unpushed"] as? Int ?? 0) > 0)
        let doctor = try scene.bench.handrail("doctor")
        #expect(doctor.output.contains("gone.git lacks"), "\(doctor.output)")
    }

    @Test func aRemoteThatDivergedClosesAllGatesUntilItAgreesAgain() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.remote)\n")
        #expect(try scene.bench.handrail("audit", "push").status == 0)
        let good = try scene.remoteTip()
        let foreign = try scene.diverge()
        try await scene.record("r-20261123-0702-cccc", number: 3)
        let push = try scene.bench.handrail("audit", "push")
        #expect(push.status == 10)
        #expect(push.errors.contains(String(foreign.prefix(12))), "\(push.errors)")
        #expect(try scene.remoteTip() == foreign, "nothing is forced")
        let runs = try await scene.runs()
        for command in [
            ["resume", "bbbb"], ["run", "service.down", "--on", "localhost", "--yes"],
        ] {
            let refused = try scene.bench.handrail(
                command + (command[0] == "run" ? ["--set", "service=x"] : []))
            #expect(refused.status == 4, "\(command): \(refused.errors)")
            #expect(refused.errors.contains("All gates are closed."), "\(refused.errors)")
            #expect(refused.errors.contains("audit verify --remote"), "\(refused.errors)")
        }
        #expect(try await scene.runs() == runs, "nothing was started")
        let verified = try scene.bench.handrail("audit", "verify", "--remote", scene.remote)
        #expect(verified.status == 10 && verified.output.contains("anchor-missing"))
        #expect(try scene.bench.handrail("status").output.contains("which this trail hasn't"))
        // A person has looked, and restored the remote.
        try scene.git(scene.remote, ["update-ref", scene.branch(), good])
        #expect(try scene.bench.handrail("audit", "push").status == 0)
        #expect(try !scene.bench.handrail("status").output.contains("which this trail hasn't"))
    }

    @Test func anotherRemoteThatAgreesOpensNoGates() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.remote)\n")
        #expect(try scene.bench.handrail("audit", "push").status == 0)
        let foreign = try scene.diverge()
        try await scene.record("r-20261123-0702-cccc", number: 3)
        #expect(try scene.bench.handrail("audit", "push").status == 10)
        let other = scene.bench.folder + "/other.git"
        try scene.git(nil, ["init", "-q", "--bare", other])
        #expect(try scene.bench.handrail("audit", "push", other).status == 0)
        let refused = try scene.bench.handrail("resume", "bbbb")
        #expect(refused.status == 4 && refused.errors.contains("All gates are closed."))
        #expect(refused.errors.contains(String(foreign.prefix(12))))
    }

    /// git lists every name that ends like the branch's; only the branch itself counts.
    @Test func aBranchWithTheSameEndIsNotTheTrail() async throws {
        let scene = try await PushScene()
        #expect(try scene.bench.handrail("audit", "push", scene.remote).status == 0)
        let good = try scene.remoteTip()
        let foreign = try scene.diverge()
        try scene.git(scene.remote, ["update-ref", "refs/heads/a/" + scene.branch(), good])
        try await scene.record("r-20261123-0702-cccc", number: 3)
        let push = try scene.bench.handrail("audit", "push", scene.remote)
        #expect(push.status == 10)
        #expect(push.errors.contains(String(foreign.prefix(12))), "\(push.errors)")
        let verified = try scene.bench.handrail("audit", "verify", "--remote", scene.remote)
        #expect(verified.status == 10 && verified.output.contains("anchor-missing"))
    }

    @Test func theTrailIsNoRemoteOfItself() async throws {
        let scene = try await PushScene()
        let link = scene.bench.folder + "/elsewhere.git"
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: scene.trail)
        for address in [scene.trail, "file://" + scene.trail, link] {
            for command in [["audit", "push", address], ["audit", "verify", "--remote", address]] {
                let result = try scene.bench.handrail(command)
                #expect(result.status == 3, "\(command): \(result.output)")
                #expect(result.errors.contains("is the trail itself"), "\(result.errors)")
            }
        }
    }

    @Test(arguments: ["ssh://[::1]:1/trail.git", "[::1]:trail.git"])
    func anAddressMayBeOfIPv6(_ address: String) async throws {
        let scene = try await PushScene()
        let result = try scene.bench.handrail("audit", "push", address)
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.contains("was not pushed to"), "\(result.errors)")
    }

    @Test func pushesAtTheSameTimeTakeTurns() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.remote)\n")
        try await withThrowingTaskGroup(of: Workbench.Result.self) { group in
            for _ in 1...4 {
                group.addTask { try await scene.bench.handrailAside(["audit", "push"]) }
            }
            for try await result in group { #expect(result.status == 0, "\(result.errors)") }
        }
        #expect(try scene.remoteTip() == scene.tip())
        let left = try FileManager.default.contentsOfDirectory(atPath: scene.bench.home + "/push")
        #expect(left.count == 2, "a lock and a state: \(left)")
        #expect(try scene.bench.handrail("status").output.contains("lacks") == false)
    }

    @Test func whatAKilledPushLeftIsInNobodysWay() async throws {
        let scene = try await PushScene()
        #expect(try scene.bench.handrail("audit", "push", scene.remote).status == 0)
        let folder = scene.bench.home + "/push"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let state = try #require(names.first { $0.hasSuffix(".json") })
        let left = folder + "/" + state.dropLast(5) + ".git"
        try FileManager.default.createDirectory(
            atPath: left + "/refs/heads/trail", withIntermediateDirectories: true)
        try Data("[alias".utf8).write(to: URL(fileURLWithPath: left + "/config"))
        try await scene.record("r-20261123-0702-cccc", number: 3)
        let result = try scene.bench.handrail("audit", "push", scene.remote)
        #expect(result.status == 0, "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: left))
    }

    @Test func aRequiredRemoteThatIsOutOfReachRefusesBeforeARunIsOpened() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.bench.folder)/gone.git\nrequire_remote: true\n")
        let runs = try await scene.runs()
        for command in [
            ["resume", "bbbb"],
            ["run", "service.down", "--on", "localhost", "--yes", "--set", "service=x"],
        ] {
            let refused = try scene.bench.handrail(command)
            #expect(refused.status == 4, "\(command): \(refused.errors)")
            #expect(refused.errors.contains("Nothing was started."), "\(refused.errors)")
            #expect(refused.errors.contains("require"), "\(refused.errors)")
        }
        #expect(try await scene.runs() == runs)
    }

    @Test func aRemoteThatWasCutIsSaidAndFilledAgain() async throws {
        let scene = try await PushScene()
        #expect(try scene.bench.handrail("audit", "push", scene.remote).status == 0)
        let old = try scene.git(scene.remote, ["rev-list", "--max-parents=0", scene.branch()])
        try await scene.record("r-20261123-0702-cccc", number: 3)
        #expect(try scene.bench.handrail("audit", "push", scene.remote).status == 0)
        try scene.git(scene.remote, ["update-ref", scene.branch(), old])
        let result = try scene.bench.handrail("audit", "push", scene.remote)
        #expect(result.status == 0)
        #expect(result.errors.contains("had lost what it once took"), "\(result.errors)")
        #expect(try scene.remoteTip() == scene.tip())
    }

    @Test func aRemoteTooFarBehindRefusesNewRuns() async throws {
        let scene = try await PushScene()
        try scene.configure("remote: \(scene.bench.folder)/gone.git\nmax_lag: 1s\n")
        let refused = try scene.bench.handrail("resume", "bbbb")
        #expect(refused.status == 4)
        #expect(refused.errors.contains("too far behind"), "\(refused.errors)")
        // Once it can be reached, the same command pushes first.
        try scene.configure("remote: \(scene.remote)\nmax_lag: 1s\n")
        let run = try scene.bench.handrail(
            "run", "service.down", "--on", "localhost", "--yes", "--set", "service=x")
        #expect(!run.errors.contains("too far behind"), "\(run.errors)")
        #expect(try !scene.remoteTip().isEmpty)
    }

    @Test(arguments: [
        "max_lag: 10m\n", "remote: /x\nmax_lag: soon\n", "remote: /x\nrequire_remote: yes\n",
        "remotes: /x\n", "remote: [a, b]\n", "{",
    ])
    func settingsThatCannotBeUsedRefuseWhatNeedsThem(_ text: String) async throws {
        let scene = try await PushScene()
        try scene.configure(text)
        for command in [["audit", "push"], ["resume", "bbbb"]] {
            let result = try scene.bench.handrail(command)
            #expect(result.status == 3, "\(text) \(command): \(result.errors)")
            #expect(result.errors.contains("trail.yaml"))
            #expect(!result.errors.contains("''"), "quoted twice: \(result.errors)")
        }
        let inbox = try scene.bench.handrail("status")
        #expect(inbox.status == 0 && inbox.output.contains("trail.yaml"), "\(inbox.output)")
    }
}

/// A home with a sealed trail, and an empty repository beside it.
struct PushScene {
    let bench: Workbench
    var remote: String { bench.folder + "/remote.git" }
    var trail: String { bench.home + "/trail.git" }

    init() async throws {
        bench = try await AuditCommandTests.sealed()
        try bench.makeLibrary()
        try git(nil, ["init", "-q", "--bare", bench.folder + "/remote.git"])
    }

    /// Writes the home's trail.yaml.
    func configure(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: bench.home + "/trail.yaml"))
    }

    /// Records and seals one more run.
    func record(_ id: String, number: Int) async throws {
        try await AuditCommandTests.record(id, number: number, on: bench)
    }

    func branch() throws -> String {
        String(try String(contentsOfFile: trail + "/HEAD", encoding: .utf8).dropFirst(5).dropLast())
    }

    func tip() throws -> String { try git(trail, ["rev-parse", try branch()]) }
    func remoteTip() throws -> String { try git(remote, ["rev-parse", try branch()]) }

    /// Has somebody else write to the remote; gives that commit.
    func diverge() throws -> String {
        let good = try remoteTip()
        let foreign = try git(
            remote,
            [
                "-c", "user.name=Eve", "-c", "user.email=eve@example.invalid", "commit-tree", "-m",
                "x", "-p", good, good + "^{tree}",
            ])
        try git(remote, ["update-ref", branch(), foreign])
        return foreign
    }

    /// The fingerprint that stock git finds at the last commit.
    func signer() throws -> String {
        let allowed = bench.folder + "/allowed"
        let text = try git(trail, ["show", "HEAD:meta/allowed_signers"]) + "\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: allowed))
        return try git(
            trail,
            ["-c", "gpg.ssh.allowedSignersFile=\(allowed)", "log", "-1", "--format=%GF"])
    }

    /// How many runs the home has.
    func runs() async throws -> Int {
        try await bench.journal().0.runs(matching: RunFilter(limit: 100)).count
    }

    /// What stock git answers, without its last newline.
    @discardableResult
    func git(_ folder: String?, _ arguments: [String]) throws -> String {
        let result = try Tool.run(
            ["git"] + (folder.map { ["--git-dir", $0] } ?? []) + arguments,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": bench.folder, "GIT_CONFIG_NOSYSTEM": "1",
            ])
        try #require(result.status == 0, "git \(arguments): \(result.error)")
        return result.output.trimmingCharacters(in: .newlines)
    }
}

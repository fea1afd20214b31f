import Foundation
import Glibc
import TestSupport
import Testing

/// `trust` and `whoami`: the folder as the commands make, change and check it.
struct TrustCommandTests {
    /// The account that runs the tests.
    private static func account() throws -> String {
        let entry = try #require(getpwuid(getuid()))
        return String(cString: entry.pointee.pw_name)
    }

    private func begun(_ roles: String...) throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        let options = roles.flatMap { ["--role", $0] }
        let made = try bench.handrail(
            ["trust", "init", "--id", "anna", "--name", "Anna"] + options)
        try #require(made.status == 0, "\(made.errors)")
        return bench
    }

    @Test func withoutAFolderTheHomeIsASoloHome() throws {
        let bench = try Workbench()
        let who = try bench.handrail("whoami")
        #expect(who.status == 0 && who.output.contains("solo home"))
        #expect(try bench.handrail("whoami", "--json").json()["solo"] as? Bool == true)
        #expect(try bench.handrail("trust", "verify").status == 0)
        #expect(try bench.handrail("trust", "show").status == 3)
        #expect(!FileManager.default.fileExists(atPath: bench.home))
    }

    @Test func initMakesTheCallerTheFirstPerson() throws {
        let bench = try begun("operator", "lead")
        let who = try bench.handrail("whoami")
        #expect(who.status == 0, "\(who.errors)")
        #expect(who.output.contains("anna  Anna"))
        #expect(who.output.contains("roles  operator, lead"))
        let shown = try bench.handrail("trust", "show", "--json").json()
        let people = try #require(shown["people"] as? [[String: Any]])
        #expect(people.map { $0["id"] as? String } == ["anna"])
        #expect(try people[0]["accounts"] as? [String] == [Self.account()])
        #expect(try bench.handrail("trust", "verify").status == 0)
        #expect(try bench.handrail("trust", "init", "--role", "lead").status == 3)
        #expect(try bench.handrail("audit", "log").output.contains("trust.changed"))
        #expect(try bench.handrail("audit", "verify").status == 0)
    }

    @Test func initAsksForRolesAndWithoutAPersonDemandsThem() throws {
        let bench = try Workbench()
        let result = try bench.handrail("trust", "init", "--id", "anna")
        #expect(result.status == 64)
        #expect(result.errors.contains("--role"))
        #expect(!FileManager.default.fileExists(atPath: bench.home + "/trust"))
    }

    @Test func addAndRetireChangeOnePersonAndAreRecorded() throws {
        let bench = try begun("lead")
        let key = bench.folder + "/key"
        let made = try Tool.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
        try #require(made.status == 0)
        let added = try bench.handrail(
            "trust", "add", "berta", "--name", "Berta", "--account", "berta", "--role",
            "implementer", "--in", "production", "--targets", "mbx*", "--key", key + ".pub")
        #expect(added.status == 0, "\(added.errors)")
        #expect(added.output.contains("implementer (production; targets mbx*)"))
        let twice = try bench.handrail(
            "trust", "add", "anna", "--key", key + ".pub")
        #expect(twice.status == 3)
        #expect(twice.errors.contains("This key stands in people/"), "\(twice.errors)")
        let fingerprint = try Tool.run(["ssh-keygen", "-lf", key + ".pub"]).output
            .split(separator: " ")[1]
        let retired = try bench.handrail("trust", "retire", "berta", "--key", String(fingerprint))
        #expect(retired.status == 0, "\(retired.errors)")
        #expect(retired.output.contains("counts not now"))
        #expect(
            try bench.handrail("trust", "retire", "berta", "--key", String(fingerprint)).status == 3
        )
        #expect(try bench.handrail("trust", "retire", "berta").status == 0)
        #expect(
            try bench.handrail("trust", "retire", "brta").errors.contains("did you mean berta?"))
        let log = try bench.handrail("audit", "log").output
        #expect(log.components(separatedBy: "trust.changed").count == 5, "\(log)")
        #expect(try bench.handrail("audit", "verify").status == 0)
    }

    @Test func whatWasWrittenByHandIsNoticedAndRecorded() throws {
        let bench = try begun("operator")
        let file = bench.home + "/trust/people/anna.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try Data((text + "# by hand\n").utf8).write(to: URL(fileURLWithPath: file))
        let verified = try bench.handrail("trust", "verify")
        #expect(verified.status == 10)
        #expect(verified.output.contains("changed by hand"))
        let flagged = try bench.handrail("flag", "service.down", "--why", "x")
        #expect(flagged.status == 0, "\(flagged.errors)")
        #expect(flagged.errors.contains("Trust was changed by hand"))
        #expect(try bench.handrail("trust", "verify").status == 0)
        #expect(try bench.handrail("audit", "verify").status == 0)
    }

    @Test func aMistakeIsNamedWithItsPlaceAndRefusesWhatNeedsARole() throws {
        let bench = try begun("operator")
        let file = bench.home + "/trust/people/anna.yaml"
        try Data("handrail: 1\nname: Anna\nroles: [operatr]\n".utf8)
            .write(to: URL(fileURLWithPath: file))
        let verified = try bench.handrail("trust", "verify")
        #expect(verified.status == 3)
        #expect(verified.output.contains("people/anna.yaml:3:9"), "\(verified.output)")
        #expect(verified.output.contains("Did you mean 'operator'?"))
        #expect(try bench.handrail("flag", "service.down", "--why", "x").status == 4)
        #expect(try bench.handrail("whoami").status == 4)
        #expect(try bench.handrail("history").status == 0)
    }

    @Test func gateThreeAsksForTheRole() throws {
        let bench = try begun("auditor")
        let plan = try bench.handrail(
            "plan", "service.down", "--on", "localhost", "--no-probe", "--set", "service=x")
        let shown = plan.output + plan.errors
        #expect(shown.contains("anna is auditor"), "\(shown)")
        #expect(!shown.contains("solo home"))
    }

    @Test func hostKeysAreAddedOnce() throws {
        let bench = try begun("lead")
        let key = bench.folder + "/host"
        try #require(
            try Tool.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
        let line = try String(contentsOfFile: key + ".pub", encoding: .utf8)
        let lines = bench.folder + "/lines"
        try Data(("# found\nmbx01 " + line).utf8).write(to: URL(fileURLWithPath: lines))
        #expect(try bench.handrail("trust", "hosts", "add", lines).status == 0)
        #expect(try bench.handrail("trust", "hosts", "add", lines).status == 3)
        #expect(try bench.handrail("trust", "hosts", "show").output.contains("mbx01"))
        try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: lines))
        #expect(try bench.handrail("trust", "hosts", "add", lines).status == 3)
        #expect(try bench.handrail("trust", "verify").status == 0)
    }

    @Test func aBackupHoldsTrust() throws {
        let bench = try begun("lead")
        let file = bench.folder + "/b.tar"
        #expect(try bench.handrail("backup", "-o", file).status == 0)
        let other = bench.folder + "/other"
        let restored = try bench.handrail("restore", file, "--home", other)
        #expect(restored.status == 0, "\(restored.errors)")
        let shown = try bench.handrail("trust", "show", "--home", other)
        #expect(shown.output.contains("anna  Anna"), "\(shown.errors)")
        #expect(try bench.handrail("trust", "verify", "--home", other).status == 0)
    }
}

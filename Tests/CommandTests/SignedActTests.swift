import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

@testable import handrail

/// Acts on a run, with trust: who may, and who must sign.
struct SignedActTests {
    /// A bench with a paused run in `lab`, and trust with one person of this account.
    private func bench(
        _ role: String, environments: String? = nil, hasRun: Bool = true
    ) async throws -> Workbench {
        let bench = try Workbench()
        if hasRun {
            try await PastRun().write(
                to: bench.journal().0, [.stateChanged(.running, reason: "started")])
        }
        let made = try Tool.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", bench.folder + "/key"])
        try #require(made.status == 0)
        let begun = try bench.handrail(
            "trust", "init", "--id", "anna", "--role", role, "--key", bench.folder + "/key.pub")
        try #require(begun.status == 0, "\(begun.errors)")
        if let environments {
            try Data(environments.utf8).write(
                to: URL(fileURLWithPath: bench.home + "/trust/environments.yaml"))
        }
        return bench
    }

    private static let signed = """
        handrail: 1
        environments:
          lab: { content: off, change: off, production: false, act_signatures: required }

        """

    @Test func anActIsRecordedUnderThePersonsID() async throws {
        let bench = try await bench("operator")
        #expect(try bench.handrail("note", "last", "hello").status == 0)
        let shown = try bench.handrail("audit", "show", "last").output
        #expect(shown.contains("person.acted by anna"), "\(shown)")
        #expect(!shown.contains("act.signed"))
    }

    @Test func whoHasNotTheRoleIsRefused() async throws {
        let bench = try await bench("auditor")
        let result = try bench.handrail("resume", "last")
        #expect(result.status == 4)
        #expect(result.errors.contains("anna is auditor"), "\(result.errors)")
        #expect(try bench.handrail("note", "last", "seen").status == 0)
    }

    @Test func whereTrustAsksForItAnActIsSigned() async throws {
        let bench = try await bench("operator", environments: Self.signed)
        let unsigned = try bench.handrail("note", "last", "hello")
        #expect(unsigned.status == 4)
        #expect(unsigned.errors.contains("This must be signed"), "\(unsigned.errors)")
        let key = ["env", "HANDRAIL_KEY=" + bench.folder + "/key"]
        let signed = try bench.handrail(["note", "last", "hello"], through: key)
        #expect(signed.status == 0, "\(signed.errors)")
        let shown = try bench.handrail("audit", "show", "last").output
        #expect(shown.contains("act.signed by anna"), "\(shown)")
        let notes = try bench.handrail("status", "last", "--json").json()["notes"] as? [String]
        #expect(notes == ["hello"])
    }

    @Test func aKeyOfSomebodyElseSignsNothing() async throws {
        let bench = try await bench("operator", environments: Self.signed)
        let made = try Tool.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", bench.folder + "/other"])
        try #require(made.status == 0)
        let result = try bench.handrail(
            ["note", "last", "hello"],
            through: ["env", "HANDRAIL_KEY=" + bench.folder + "/other"])
        #expect(result.status == 4)
        #expect(result.errors.contains("is none of yours"), "\(result.errors)")
    }

    @Test func auditVerifyBeginsWithTrustsKey() async throws {
        let bench = try await bench("operator", hasRun: false)
        let own = try Tool.run(["ssh-keygen", "-y", "-f", bench.home + "/keys/controller"])
        try #require(own.status == 0)
        func controllers(_ line: String) throws {
            try Data("hub 1- \(line)\n".utf8).write(
                to: URL(fileURLWithPath: bench.home + "/trust/controllers"))
        }
        try controllers(own.output.trimmingCharacters(in: .newlines))
        #expect(try bench.handrail("audit", "verify").status == 0)
        let foreign = try String(contentsOfFile: bench.folder + "/key.pub", encoding: .utf8)
        try controllers(foreign.trimmingCharacters(in: .newlines))
        #expect(try bench.handrail("audit", "verify").status == 10)
        let trust = try bench.handrail("trust", "verify")
        #expect(trust.status == 10 && trust.output.contains("None of the controllers' first keys"))
    }

    @Test func hostKeysOfTrustAloneCount() async throws {
        let bench = try await bench("operator")
        try bench.makeLibrary()
        let host = try String(contentsOfFile: bench.folder + "/key.pub", encoding: .utf8)
        let lines = bench.folder + "/lines"
        try Data(("localhost,127.0.0.1 " + host).utf8).write(to: URL(fileURLWithPath: lines))
        try #require(try bench.handrail("trust", "hosts", "add", lines).status == 0)
        let fingerprint = try Tool.run(["ssh-keygen", "-lf", bench.folder + "/key.pub"]).output
            .split(separator: " ")[1]
        let plan = try bench.handrail(
            "plan", "service.down", "--on", "localhost", "--set", "service=x", "--no-probe",
            "--json")
        #expect(plan.output.contains(fingerprint), "\(plan.output)\(plan.errors)")
    }

    @Test func warningAndHandingOverAreSignedToo() async throws {
        let bench = try await bench("operator", environments: Self.signed)
        let acts = [
            ["flag", "web.restart", "--why", "it deletes logs"],
            ["escalate", "last", "--to", "tier-3", "--note", "still slow"],
            ["escalate", "--alert", "Slow", "--to", "tier-3", "--note", "nothing fits"],
        ]
        let key = ["env", "HANDRAIL_KEY=" + bench.folder + "/key"]
        for act in acts {
            let unsigned = try bench.handrail(act)
            #expect(unsigned.status == 4, "\(act)")
            #expect(unsigned.errors.contains("This must be signed"), "\(unsigned.errors)")
        }
        let quiet = try bench.handrail("--json").json()
        #expect((quiet["flags"] as? [Any])?.isEmpty == true, "nothing was recorded: \(quiet)")
        #expect((quiet["escalations"] as? [Any])?.isEmpty == true)
        for act in acts + [
            ["flag", "web.restart", "--clear", "--why", "mended"],
            ["escalate", "last", "--done", "--note", "the driver was replaced"],
        ] {
            let signed = try bench.handrail(act, through: key)
            #expect(signed.status == 0, "\(act): \(signed.errors)")
            #expect(signed.errors.contains("Signing"), "\(signed.errors)")
        }
        // What can't be is refused without a signature.
        let none = try bench.handrail(
            ["flag", "web.restart", "--clear", "--why", "again"], through: key)
        #expect(none.status == 3)
        #expect(!none.errors.contains("Signing"), "\(none.errors)")
        let lines = try Tool.run(
            ["git", "-C", bench.home + "/trail.git", "grep", "-h", "act.signed", "HEAD"]
        ).output
        #expect(lines.components(separatedBy: "\"verb\":\"flag\"").count == 3, "\(lines)")
        #expect(lines.components(separatedBy: "\"verb\":\"escalate\"").count == 4, "\(lines)")
        let verified = try bench.handrail("audit", "verify")
        // The run that was written for this test has no plan beside it, and that is all.
        #expect(verified.output.contains("1 finding;"), "\(verified.output) \(verified.errors)")
        #expect(verified.output.contains("evidence-missing  event 2"), "\(verified.output)")
    }
}

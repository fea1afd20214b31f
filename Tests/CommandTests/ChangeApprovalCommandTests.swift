import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

@testable import handrail

/// Approvals as people give them: with their own keys, by trust, and what the gates make of them.
struct ChangeApprovalCommandTests {
    private static let runbook = """
        handrail: 1
        id: web.limits
        title: Higher limits
        kind: change
        owner: operators
        targets: { pick: one }
        change: { type: limits }
        steps:
          - id: set
            title: Set it
            effect: idempotent
            run: "true"
            undo: []

        """

    /// A bench with a change that is submitted, in an environment that asks for two approvals, and
    /// three people of this account, two of whom are of the board.
    ///
    /// `asker` opens it; nil before there is trust. `floors` is what environments.yaml says.
    private static func bench(
        asker: String? = "may", floors: String? = nil,
        _ change: (Workbench) throws -> Void = { _ in }
    ) throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        let path = bench.library + "/handrail.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
            .replacing("change: off", with: "change: required")
        try bench.write(
            "handrail.yaml", text + "change_types:\n  limits: { severity: minor, quorum: 2 }\n")
        try bench.write("runbooks/web/limits/README.md", "# Higher limits\n")
        try bench.write("runbooks/web/limits/runbook.yaml", runbook, commit: true)
        try change(bench)
        for person in ["anna", "bob", "may"] {
            let made = try Tool.run(
                [
                    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f",
                    bench.folder + "/" + person,
                ])
            try #require(made.status == 0)
        }
        if asker == nil { try open(bench, through: []) }
        let begun = try bench.handrail(
            "trust", "init", "--id", "anna", "--role", "approver", "--key",
            bench.folder + "/anna.pub")
        try #require(begun.status == 0, "\(begun.errors)")
        let account = NSUserName()
        for (id, role) in [("bob", "approver"), ("may", "change-manager")] {
            let key = try String(contentsOfFile: bench.folder + "/\(id).pub", encoding: .utf8)
            let keys = "keys: [{ key: \(key.split(separator: "\n")[0]) }]\n"
            let person =
                "handrail: 1\nname: \(id)\naccounts: [\(account)]\nroles: [\(role)]\n" + keys
            try Data(person.utf8).write(
                to: URL(fileURLWithPath: bench.home + "/trust/people/\(id).yaml"))
        }
        if let floors {
            try Data(floors.utf8).write(
                to: URL(fileURLWithPath: bench.home + "/trust/environments.yaml"))
        }
        if let asker { try open(bench, through: key(asker, bench)) }
        return bench
    }

    private static func key(_ person: String, _ bench: Workbench) -> [String] {
        ["env", "HANDRAIL_KEY=" + bench.folder + "/" + person]
    }

    private static func open(_ bench: Workbench, through program: [String]) throws {
        let opened = try bench.handrail(
            [
                "change", "open", "web.limits", "--on", "localhost", "--no-probe", "--type",
                "limits", "--why", "users are cut off", "--expected", "5m", "--impact-service",
                "none", "--impact-capacity", "none", "--impact-security", "none",
                "--impact-recovery", "none",
            ], through: program)
        try #require(opened.status == 0, "\(opened.errors)")
        let submitted = try bench.handrail(["change", "submit", "CHG-1"], through: program)
        try #require(submitted.status == 0, "\(submitted.errors)")
    }

    private static func approve(
        _ bench: Workbench, _ person: String, _ more: String...
    ) throws -> Workbench.Result {
        try bench.handrail(
            ["change", "approve", "CHG-1", "--yes", "--key", bench.folder + "/" + person] + more)
    }

    @Test func asManyAsTheTypeAsksForApproveWithTheirOwnKeys() throws {
        let bench = try Self.bench()
        let early = try Self.approve(bench, "anna")
        #expect(early.status == 3, "\(early.errors)")
        #expect(early.errors.contains("'handrail change assess' comes first"))
        #expect(!early.errors.contains("Signing with"), "refused before it is signed")
        // The account is three people's: who it is must be signed.
        let nobody = try bench.handrail("change", "assess", "CHG-1", "--note", "fits")
        #expect(nobody.status == 4, "\(nobody.errors)")
        let may = Self.key("may", bench)
        let assessed = try bench.handrail(
            ["change", "assess", "CHG-1", "--note", "fits"], through: may)
        try #require(assessed.status == 0, "\(assessed.errors)")
        #expect(assessed.output.contains("assessed by may"), "\(assessed.output)")
        let first = try Self.approve(bench, "anna")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.contains("by anna as approver"), "\(first.output)")
        let again = try Self.approve(bench, "anna")
        #expect(again.status == 4)
        #expect(again.errors.contains("anna has approved it before: once is enough"))
        let second = try Self.approve(bench, "bob", "--json").json()
        #expect(second["state"] as? String == "approved")
        #expect(try Self.gate(5, bench)?["verdict"] as? String == "open")
        let revoked = try bench.handrail(
            ["change", "revoke", "CHG-1", "--of", "bob", "--why", "a new finding"], through: may)
        #expect(revoked.status == 0 && revoked.output.contains("assessed"), "\(revoked.errors)")
        let closed = try #require(try Self.gate(5, bench))
        #expect(closed["verdict"] as? String == "refused")
        let reasons = Self.reasons(closed)
        #expect(reasons.contains("1 of 2 approvals count"), "\(reasons)")
        #expect(reasons.contains("a new finding"), "\(reasons)")
        let shown = try bench.handrail("change", "show", "CHG-1", "--json").json()
        #expect(shown["counting"] as? Int == 1)
        let decisions = shown["decisions"] as? [[String: Any]]
        #expect(decisions?.map { $0["problems"] != nil } == [false, true])
        let run = try bench.handrail("run", "CHG-1", "--yes")
        #expect(run.status == 4, "\(run.errors)")
        #expect(try bench.handrail("audit", "verify").status == 0)
    }

    @Test func aRunbookThatSaysTheTypeOfItsChangesTakesNoOther() throws {
        let bench = try Self.bench()
        let words = ["change", "open", "web.limits", "--on", "localhost", "--no-probe", "--draft"]
        let other = try bench.handrail(
            words + ["--type", "driver"], through: Self.key("may", bench))
        #expect(other.status == 3, "\(other.errors)")
        #expect(other.errors.contains("are of the type limits, not 'driver'"), "\(other.errors)")
        let own = try bench.handrail(words + ["--json"], through: Self.key("may", bench))
        #expect(try own.json()["type"] as? String == "limits", "\(own.errors)")
    }

    @Test func whoseAccountAskedForItCantApproveIt() throws {
        let bench = try Self.bench(asker: nil)
        let assessed = try bench.handrail(
            ["change", "assess", "CHG-1", "--note", "fits"], through: Self.key("may", bench))
        try #require(assessed.status == 0, "\(assessed.errors)")
        let result = try Self.approve(bench, "anna")
        #expect(result.status == 4)
        #expect(result.errors.contains("which is anna's too"), "\(result.errors)")
        let shown = try bench.handrail("change", "show", "CHG-1", "--json").json()
        #expect((shown["decisions"] as? [Any])?.isEmpty ?? true)
    }

    @Test func neverFewerApproveThanTrustDemands() throws {
        let floors =
            "handrail: 1\nenvironments:\n  lab: { content: off, change: required, "
            + "production: false, quorum: 3 }\n"
        let bench = try Self.bench(floors: floors)
        let shown = try bench.handrail("change", "show", "CHG-1", "--json").json()
        #expect(shown["quorum"] as? Int == 3)
    }

    @Test func aHoldNeedsNoSignatureAndTakingItOffDoes() throws {
        let bench = try Self.bench()
        let held = try bench.handrail("change", "hold", "CHG-1", "--why", "wait")
        #expect(held.status == 0, "\(held.errors)")
        let off = try bench.handrail("change", "hold", "CHG-1", "--off", "--why", "go")
        #expect(off.status == 4, "\(off.errors)")
        let signed = try bench.handrail(
            ["change", "hold", "CHG-1", "--off", "--why", "go"], through: Self.key("may", bench))
        #expect(signed.status == 0, "\(signed.errors)")
    }

    @Test func whoseApprovalIsTakenBackIsSaidOnASharedAccount() throws {
        let bench = try Self.bench()
        let result = try bench.handrail("change", "revoke", "CHG-1", "--why", "a finding")
        #expect(result.status == 64)
        #expect(result.errors.contains("--of"), "\(result.errors)")
    }

    @Test func nobodyThatTrustDoesntKnowCarriesAChangeOut() throws {
        let bench = try Self.bench()
        for (name, words) in [("../../etc", "is nobody's id"), ("bbo", "did you mean bob?")] {
            let result = try bench.handrail(
                [
                    "change", "open", "web.limits", "--on", "localhost", "--no-probe", "--draft",
                    "--implementer", name,
                ], through: Self.key("may", bench))
            #expect(result.status == 3)
            #expect(result.errors.contains(words), "\(result.errors)")
        }
    }

    @Test func oneRejectionRejectsAndSaysWhy() throws {
        let bench = try Self.bench()
        let rejected = try bench.handrail(
            "change", "reject", "CHG-1", "--why", "it collides", "--key", bench.folder + "/bob")
        #expect(rejected.status == 0, "\(rejected.errors)")
        #expect(rejected.output.contains("rejected by bob: it collides"), "\(rejected.output)")
    }

    @Test func withoutTrustNobodyDecides() throws {
        let bench = try Self.bench()
        try FileManager.default.removeItem(atPath: bench.home + "/trust")
        let result = try Self.approve(bench, "anna")
        #expect(result.status == 4)
        #expect(result.errors.contains("it has no trust that can be used"), "\(result.errors)")
    }

    private static func add(
        git mail: String?, to id: String, role: String, _ bench: Workbench
    ) throws {
        let key = try String(contentsOfFile: bench.folder + "/\(id).pub", encoding: .utf8)
        let lines =
            ["handrail: 1", "name: \(id)", "accounts: [\(NSUserName())]", "roles: [\(role)]"]
            + (mail.map { ["git: [\($0)]"] } ?? [])
            + ["keys: [{ key: \(key.split(separator: "\n")[0]) }]", ""]
        try Data(lines.joined(separator: "\n").utf8).write(
            to: URL(fileURLWithPath: bench.home + "/trust/people/\(id).yaml"))
    }

    private static func assess(_ bench: Workbench) throws {
        let assessed = try bench.handrail(
            ["change", "assess", "CHG-1", "--note", "fits"], through: key("may", bench))
        try #require(assessed.status == 0, "\(assessed.errors)")
    }

    @Test func whoWroteItCantApproveIt() throws {
        let bench = try Self.bench()
        let stranger = try bench.handrail("change", "show", "CHG-1", "--json").json()
        let written = (stranger["plan"] as? [String: Any])?["written"] as? [String: Any]
        #expect(written?["unknown"] as? [String] == ["ann@example.invalid"])
        try Self.add(git: "Ann@Example.invalid", to: "bob", role: "approver", bench)
        try Self.assess(bench)
        let own = try Self.approve(bench, "bob")
        #expect(own.status == 4)
        #expect(own.errors.contains("the approver wrote what is approved"), "\(own.errors)")
        #expect(!own.errors.contains("Signing with"), "refused before it is signed")
        #expect(try Self.approve(bench, "anna").status == 0)
        let closed = try "\(Self.gate(7, bench)?["reasons"] ?? "")"
        #expect(closed.contains("it is written by bob"), "\(closed)")
        // What trust says now counts: an approval of who turns out to have written it is none.
        try Self.add(git: nil, to: "bob", role: "approver", bench)
        #expect(try Self.approve(bench, "bob").status == 0)
        let open = try #require(try Self.gate(7, bench))
        #expect(open["verdict"] as? String == "open")
        #expect(
            Self.reasons(open).contains("'ann@example.invalid', whom trust doesn't know"))
        try Self.add(git: "ann@example.invalid", to: "bob", role: "approver", bench)
        let shown = try bench.handrail("change", "show", "CHG-1")
        #expect(shown.output.contains("written by bob"), "\(shown.output)")
        #expect(shown.output.contains("doesn't count: the approver wrote"), "\(shown.output)")
        #expect(try Self.gate(5, bench)?["verdict"] as? String == "refused")
    }

    @Test func whereAuthorsMustBeKnownAStrangerClosesGateSeven() throws {
        let floors =
            "handrail: 1\nenvironments:\n  lab: { content: off, change: required, "
            + "production: false, authors: known }\n"
        let bench = try Self.bench(floors: floors)
        try Self.assess(bench)
        for person in ["anna", "bob"] {
            #expect(try Self.approve(bench, person).status == 0)
        }
        let closed = try #require(try Self.gate(7, bench))
        #expect(closed["verdict"] as? String == "refused")
        #expect(Self.reasons(closed).contains("trust demands to know every author"))
        try Self.add(git: "ann@example.invalid", to: "may", role: "change-manager", bench)
        #expect(try Self.gate(7, bench)?["verdict"] as? String == "open")
    }

    @Test func whoWroteTheEntryOfAnAutomaticTypeCarriesNoneOut() throws {
        let bench = try Self.bench(asker: "may") { bench in
            let path = bench.library + "/handrail.yaml"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try bench.write("handrail.yaml", text + "  routine: { severity: automatic }\n")
            try bench.write("runbooks/web/routine/README.md", "# Higher limits\n")
            try bench.write(
                "runbooks/web/routine/runbook.yaml",
                Self.runbook.replacing("web.limits", with: "web.routine")
                    .replacing("change: { type: limits }\n", with: ""), commit: true)
        }
        let opened = try bench.handrail(
            [
                "change", "open", "web.routine", "--on", "localhost", "--no-probe", "--type",
                "routine", "--why", "as every week", "--expected", "5m", "--impact-service",
                "none", "--impact-capacity", "none", "--impact-security", "none",
                "--impact-recovery", "none",
            ], through: Self.key("may", bench))
        try #require(opened.status == 0, "\(opened.errors)")
        let submitted = try bench.handrail(
            ["change", "submit", "CHG-2"], through: Self.key("may", bench))
        try #require(submitted.status == 0, "\(submitted.errors)")
        let open = try #require(try Self.gate(7, bench, of: "CHG-2"))
        #expect(open["verdict"] as? String == "open")
        #expect(Self.reasons(open).contains("written by 'ann@example.invalid'"), "\(open)")
        try Self.add(git: "ann@example.invalid", to: "may", role: "change-manager", bench)
        let closed = try #require(try Self.gate(7, bench, of: "CHG-2"))
        #expect(closed["verdict"] as? String == "refused")
        #expect(
            Self.reasons(closed).contains("may wrote the entry 'routine'"), "\(closed)")
    }

    /// What a gate's line says, without the quoting of a value of any kind.
    private static func reasons(_ line: [String: Any]) -> String {
        (line["reasons"] as? [String] ?? []).joined(separator: "; ")
    }

    /// What a gate says of the change's plan.
    private static func gate(
        _ number: Int, _ bench: Workbench, of change: String = "CHG-1"
    ) throws -> [String: Any]? {
        let plan = try bench.handrail("plan", change, "--no-probe", "--json").json()
        let gates = plan["gates"] as? [String: Any]
        let lines = gates?["lines"] as? [[String: Any]]
        return lines?.first { $0["gate"] as? Int == number }
    }
}

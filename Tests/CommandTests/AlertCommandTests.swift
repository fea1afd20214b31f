import Foundation
import Runbooks
import Runner
import Testing

@testable import handrail

/// From an alert to a plan: what fits, what is filled in, and what is refused.
struct AlertCommandTests {
    /// What is wrong with each alert is a sentence of its own.
    @Test func reasonsAreNotJoinedBehindTheirStops() {
        #expect(
            AlertCommand.sentences(["No runbook answers 'DiskFull'.", "It is resolved"], limit: 3)
                == "No runbook answers 'DiskFull'. It is resolved.")
        #expect(
            AlertCommand.sentences(["a.", "b.", "c", "d"], limit: 2) == "a. b. And 2 reasons more.")
    }

    /// A file of a terabyte, and input without an end: neither is read whole.
    @Test func whatIsTooLargeForAnAlertIsRefusedUnread() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let path = bench.folder + "/page.json"
        try #require(FileManager.default.createFile(atPath: path, contents: Data("[".utf8)))
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: 1 << 40)
        try file.close()
        for words in [
            ["alert", path], ["escalate", "--alert", path, "--to", "t", "--note", "n"],
            ["plan", "service.down", "--alert", path],
        ] {
            let result = try bench.handrail(words)
            #expect(result.status == 3, "\(result.errors)")
            #expect(result.errors.contains("has more than 1 MiB"), "\(result.errors)")
        }
        let endless = ["timeout", "30", "sh", "-c", "yes a=b | \"$@\"", "sh"]
        let fed = try bench.handrail(["alert", "-"], through: endless)
        #expect(fed.status == 3 && fed.errors.contains("has more than 1 MiB"), "\(fed.errors)")
    }

    private static func bench() throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        try bench.write(
            "inventory/targets.yaml",
            """
            handrail: 1
            targets:
              web1: { address: 127.0.0.1, environment: lab, aliases: ["web1.example"] }
              web2: { address: 127.0.0.2, environment: lab }

            """, commit: true)
        return bench
    }

    private static func page(_ bench: Workbench, _ text: String) throws -> String {
        let path = bench.folder + "/page.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private static func alert(
        _ instance: String, service: String = "imapd", name: String = "ServiceDown"
    ) -> String {
        "{\"labels\":{\"alertname\":\"\(name)\",\"instance\":\"\(instance)\","
            + "\"service\":\"\(service)\"}}"
    }

    @Test func namesTheRunbookItsTargetAndTheCommand() throws {
        let bench = try Self.bench()
        let page = try Self.page(bench, Self.alert("web1.example:9100"))
        let result = try bench.handrail("alert", page)
        #expect(result.status == 0)
        #expect(result.output.contains("service.down  A service is not running"))
        #expect(result.output.contains("on web1, service = imapd"))
        #expect(result.output.contains("handrail run service.down --alert=\(page) --on web1"))
        let fits = try #require(
            try bench.handrail("alert", page, "--json").json()["fits"] as? [[String: Any]])
        #expect(fits.map { $0["targets"] as? [String] } == [["web1"]])
        #expect(fits.map { $0["parameters"] as? [String: String] } == [["service": "imapd"]])
    }

    /// The command that was offered would have been refused.
    @Test func aValueThatTheParameterRefusesDoesNotFit() throws {
        let bench = try Self.bench()
        let page = try Self.page(bench, Self.alert("web1", service: "no such; service"))
        let result = try bench.handrail("alert", page)
        #expect(result.status == 3, "\(result.output)")
        #expect(
            result.errors.contains(
                "service.down would fit web1, but refuses the value of "
                    + "alert.labels.service"), "\(result.errors)")
        #expect(result.errors.contains("--set service=…"), "\(result.errors)")
        let typed = try bench.handrail(
            "plan", "service.down", "--alert", page, "--set", "service=imapd", "--no-probe")
        #expect(typed.status == 0, "\(typed.errors)")
    }

    @Test func aPlanTakesTargetAndParametersFromTheAlert() throws {
        let bench = try Self.bench()
        let page = try Self.page(bench, Self.alert("web1.example:9100"))
        let result = try bench.handrail(
            "plan", "service.down", "--alert", page, "--no-probe", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let plan = try #require(try result.json()["plan"] as? [String: Any])
        #expect(plan["alert"] as? String == "ServiceDown")
        #expect((plan["targets"] as? [[String: Any]])?.map { $0["name"] as? String } == ["web1"])
        let parameters = plan["parameters"] as? [[String: Any]]
        #expect(parameters?.first?["text"] as? String == "imapd")
    }

    @Test func whatThePersonSetsWins() throws {
        let bench = try Self.bench()
        let page = try Self.page(bench, Self.alert("web1"))
        let result = try bench.handrail(
            "plan", "service.down", "--alert", page, "--set", "service=httpd", "--no-probe",
            "--json")
        let plan = try result.json()["plan"] as? [String: Any]
        let parameters = plan?["parameters"] as? [[String: Any]]
        #expect(parameters?.first?["text"] as? String == "httpd")
    }

    @Test(arguments: [
        (
            ["plan", "service.down"], alert("web9:9100"),
            "'web9:9100' is no target's name, alias or address in the inventory."
        ),
        (
            ["plan", "service.down", "--on", "web2"], alert("web1"),
            "The alert is about web1, not about web2."
        ),
        (
            ["plan", "service.down"], alert("web1", name: "DiskFull"),
            "service.down is no answer to the alert 'DiskFull'."
        ),
        (
            ["run", "service.down", "--yes"], alert("web1", service: "$(reboot)"),
            "The parameters have 1 problem: nothing was started."
        ),
        (
            ["run", "service.down", "--yes"], alert("web1", service: "-rf"),
            "The parameters have 1 problem: nothing was started."
        ),
        (
            ["run", "service.down", "--yes"], "[" + alert("web1") + "," + alert("web2") + "]",
            "service.down is for one target at a time, and the alerts are about web1, web2"
        ),
        (["run", "service.down", "--yes"], "{\"alerts\":", "can't be read as an alert"),
        (
            ["run", "service.down", "--yes"],
            "{\"status\":\"resolved\",\"labels\":{\"alertname\":\"ServiceDown\"}}",
            "The alert is resolved. Nothing was started."
        ),
    ])
    func refusesWhatLeadsToNoRunWithThree(
        _ command: [String], _ content: String, _ message: String
    ) throws {
        let bench = try Self.bench()
        let page = try Self.page(bench, content)
        let result = try bench.handrail(command + ["--alert", page, "--ssh-config", "/dev/null"])
        #expect(result.status == 3)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: bench.home + "/journal.db"))
    }

    @Test func withTheTargetNamedAnUnknownInstanceIsTaken() throws {
        let bench = try Self.bench()
        let page = try Self.page(bench, Self.alert("10.9.8.7:9100"))
        let result = try bench.handrail(
            "plan", "service.down", "--on", "web2", "--alert", page, "--no-probe", "--json")
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func saysWhatToDoWhenNothingFits() throws {
        let bench = try Self.bench()
        let page = try Self.page(bench, Self.alert("web1", name: "ServiceDwn"))
        let result = try bench.handrail("alert", page)
        #expect(result.status == 3)
        #expect(result.errors.contains("One answers 'ServiceDown'."), "\(result.errors)")
        #expect(result.errors.contains("handrail escalate --alert"), "\(result.errors)")
        let error = try bench.handrail("alert", page, "--json").json()["error"] as? [String: Any]
        #expect(error?["code"] as? String == "alert.noFit")
    }

    @Test func whatHelpedMoreOftenGoesFirst() async throws {
        let bench = try Self.bench()
        let other = bench.library + "/runbooks/service/down/"
        for name in ["runbook.yaml", "scripts/is-down", "scripts/is-up", "scripts/look"] {
            let text = try String(contentsOfFile: other + name, encoding: .utf8)
            try bench.write(
                "runbooks/service/again/" + name,
                text.replacing("id: service.down", with: "id: service.again"))
        }
        try bench.write("runbooks/service/again/README.md", "# Again\n", commit: true)
        let (journal, _) = try await bench.journal()
        try await PastRun(runbook: "service.down").write(
            to: journal, [.closed(.succeeded, .resolved)])
        let page = try Self.page(bench, Self.alert("web1"))
        let fits = try #require(
            try bench.handrail("alert", page, "--json").json()["fits"] as? [[String: Any]])
        #expect(fits.map { $0["runbook"] as? String } == ["service.down", "service.again"])
    }

    @Test(arguments: [
        ("plain", "plain"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''"),
        ("$(x)", "'$(x)'"), ("\u{1B}", "'\\x1b'"), ("a=/x:1,b@c", "a=/x:1,b@c"),
    ])
    func wordsAreQuotedForAShell(_ word: String, _ quoted: String) {
        #expect(CommandText.quoted(word) == quoted)
    }
}

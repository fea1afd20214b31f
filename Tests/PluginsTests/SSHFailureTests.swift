import Runner
import Testing

@testable import Plugins

struct SSHFailureTests {
    struct Case: Sendable {
        let said: String
        let hint: String
        let isTransient: Bool
    }

    private static let cases = [
        Case(
            said: "No ED25519 host key is known for [127.0.0.1]:22 and you have requested strict "
                + "checking.\nHost key verification failed.", hint: "is none of those in the plan",
            isTransient: false),
        Case(
            said: "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key for t1 "
                + "has changed and you have requested strict checking.\nHost key verification "
                + "failed.", hint: "has changed", isTransient: false),
        Case(
            said: "root@t1: Permission denied (publickey).", hint: "refused the login",
            isTransient: false),
        Case(
            said: "ssh: connect to host t1 port 22: Connection refused",
            hint: "refused the connection", isTransient: true),
        Case(
            said: "ssh: connect to host t1 port 22: Connection timed out",
            hint: "did not answer in time", isTransient: false),
        Case(
            said: "ssh: connect to host t1 port 22: No route to host", hint: "no network route",
            isTransient: false),
        Case(
            said: "ssh: Could not resolve hostname t1: Name or service not known",
            hint: "can't be resolved", isTransient: false),
        Case(
            said: "kex_exchange_identification: read: Connection reset by peer",
            hint: "MaxStartups", isTransient: true),
        Case(said: "something new", hint: "could not connect", isTransient: false),
    ]

    @Test(arguments: cases)
    func saysWhyATargetIsUnreachableAndWhatToDo(_ example: Case) throws {
        let target = try Requests.target("t1", address: "t1", port: 22)
        let refusal = SSHFailure.refusal(
            target, SessionEnd(status: "255", standardError: example.said))
        guard case .unreachable(let why) = refusal.ending else {
            Issue.record("\(refusal.ending) is not unreachable")
            return
        }
        #expect(why.contains(example.hint))
        #expect(refusal.isTransient == example.isTransient)
    }

    @Test(arguments: [
        ("Host key for [127.0.0.1]:2200 has changed", "'ssh-keygen -R \"[127.0.0.1]:2200\"'"),
        ("Host key verification failed.", "'ssh -p 2200 web@127.0.0.1'"),
    ]) func commandsToTypeNameThePortAsTheirProgramsWantIt(said: String, command: String) throws {
        let target = try Requests.target("t1", address: "127.0.0.1", port: 2200, user: "web")
        let refusal = SSHFailure.refusal(target, SessionEnd(status: "255", standardError: said))
        guard case .unreachable(let why) = refusal.ending else {
            Issue.record("\(refusal.ending) is not unreachable")
            return
        }
        #expect(why.contains(command))
    }

    @Test(arguments: [
        ("1", "sudo: a password is required", "NOPASSWD: /bin/sh"),
        ("1", "Sorry, user op is not allowed to execute '/bin/sh' as web.", "NOPASSWD: /bin/sh"),
        ("127", "bash: line 1: exec: sudo: not found", "There is no sudo on t1"),
        ("127", "sh: 1: exec: sudo: not found", "There is no sudo on t1"),
        ("127", "zsh:1: command not found: sudo", "There is no sudo on t1"),
    ])
    func aMissingRightOfSudoIsNoConnectionFailure(
        status: String, text: String, remedy: String
    ) throws {
        let target = try Requests.target("t1", address: "t1", port: 22, becomeUser: "web")
        let refusal = SSHFailure.refusal(target, SessionEnd(status: status, standardError: text))
        guard case .notStarted(let why) = refusal.ending else {
            Issue.record("\(refusal.ending) is a start")
            return
        }
        #expect(why.contains(remedy))
    }

    @Test(arguments: ["-oProxyCommand=id", "a b", "", "a;b", "x\ny"])
    func anAddressThatSSHCouldMisreadIsRefused(address: String) throws {
        let target = try Requests.target("t1", address: address, port: 22)
        #expect(throws: SessionTransport.Refusal.self) {
            try SSHSettings().arguments(for: target, pins: [])
        }
    }
}

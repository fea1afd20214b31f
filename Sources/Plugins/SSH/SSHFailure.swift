import Runbooks
import Runner

/// Reads from what `ssh` wrote why it could not connect, and what the operator can do.
///
/// `ssh` says it in text only: its exit status is 255 for all of it (ssh(1), EXIT STATUS). The
/// phrases are those of OpenSSH's sources and of the C library's error texts.
enum SSHFailure {
    private struct Rule {
        let phrases: [String]
        let reason: String
        let isTransient: Bool
        let isFinal: Bool

        init(
            _ phrases: [String], _ reason: String, isTransient: Bool = false, isFinal: Bool = false
        ) {
            self.phrases = phrases
            self.reason = reason
            self.isTransient = isTransient
            self.isFinal = isFinal
        }
    }

    /// The plan was made when known_hosts had no key for the target.
    static let unknownKey =
        "The host key of @ is not known. Check its fingerprint, log in once with '{login}' to "
        + "accept it, then plan again."
    /// A key of a kind, or signed by somebody, that the plan doesn't name.
    static let unplannedKey =
        "The host key that @ shows is none of those in the plan. Check its fingerprint; if it is "
        + "right, log in once with '{login}' to accept it, and plan again."
    /// Since the plan was made, known_hosts got another key.
    static let otherKey =
        "The host key of @ is another one now than in the plan: known_hosts has changed since it "
        + "was made. If that was meant, make a new plan."
    /// Since the plan was made, known_hosts lost the key.
    static let forgottenKey =
        "The host key that the plan names for @ is not in known_hosts any more. If it is still "
        + "trusted, log in once with '{login}'; else make a new plan."

    /// The first rule that has a phrase in the text counts; `@` stands for the target's address,
    /// `{key}` for its name in known_hosts, `{login}` for the command that logs in.
    private static let rules = [
        Rule(
            ["REVOKED HOST KEY"],
            "The host key of @ is revoked in known_hosts. Give it a new key, or find out who "
                + "answers there.", isFinal: true),
        Rule(
            ["REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key for"],
            "The host key of @ has changed. If it was reinstalled, remove the old key with "
                + "'ssh-keygen -R {key}', add the new one after checking it, and make a new plan; "
                + "else somebody may be in between.", isFinal: true),
        Rule(
            ["No host key is known for", "Host key verification failed", "host key is known for"],
            unplannedKey, isFinal: true),
        Rule(
            ["Permission denied", "Too many authentication failures", "No more authentication"],
            "@ refused the login. Check the user, the key (ssh-add -l) and the account's "
                + "authorized_keys.", isFinal: true),
        Rule(
            ["Could not resolve hostname", "Name or service not known"],
            "The name @ can't be resolved. Check the inventory's address and the name server."),
        Rule(
            ["No route to host", "Network is unreachable"],
            "There is no network route to @. Is it switched on, and the network reachable?"),
        Rule(
            ["Connection refused"],
            "@ refused the connection. Is sshd running there, on this port?", isTransient: true),
        Rule(
            ["timed out", "Timeout, server", "Operation timed out"],
            "@ did not answer in time. Is it up, and not cut off by a firewall?"),
        Rule(
            [
                "Not allowed at this time", "Exceeded MaxStartups", "kex_exchange_identification",
                "Connection reset by", "Connection closed by", "banner exchange",
            ],
            "@ closed the connection before the login. It may be overloaded (MaxStartups), or "
                + "may not allow this controller.", isTransient: true),
        Rule(
            [
                "Bad configuration option", "Can't open user config file",
                "Bad owner or permissions",
                "no argument after keyword",
            ],
            "ssh can't use its configuration."),
        Rule(
            ["no matching host key type", "no matching key exchange", "no matching cipher"],
            "@ and this ssh have no algorithm in common."),
    ]

    /// Why no session opened on a target.
    static func refusal(_ target: PlannedTarget, _ end: SessionEnd) -> SessionTransport.Refusal {
        if let text = sudoProblem(target, end) {
            return SessionTransport.Refusal(ending: .notStarted(text), isTransient: false)
        }
        let rule = rules.first { rule in
            rule.phrases.contains { end.standardError.contains($0) }
        }
        if let rule, end.status == nil || end.status == "255" || end.status?.first == "s" {
            return SessionTransport.Refusal(
                ending: .unreachable(filled(rule.reason, target) + quote(end)),
                isTransient: rule.isTransient, isFinal: rule.isFinal)
        }
        let reason: String =
            switch end.status {
            case nil: "ssh could not be started."
            case "255": "ssh could not connect to \(address(target))."
            case .some(let status) where status.hasPrefix("signal"):
                "\(address(target)) did not answer in time. Is it up, and not overloaded?"
            case .some(let status):
                "The shell on \(address(target)) ended at once (exit status \(status)). Does the "
                    + "account have a login shell, and a plain 'sh'?"
            }
        return SessionTransport.Refusal(
            ending: .unreachable(reason + quote(end)), isTransient: false)
    }

    /// Whether `ssh` refused the host key that it was shown.
    static func isAboutHostKey(_ end: SessionEnd) -> Bool {
        end.standardError.contains("Host key verification failed")
    }

    /// A reason with the target's address, name in known_hosts and login in their places.
    static func filled(_ reason: String, _ target: PlannedTarget) -> String {
        reason.replacing("@", with: address(target)).replacing("{key}", with: keyName(target))
            .replacing("{login}", with: login(target))
    }

    /// Why an open session ended.
    static func loss(_ target: PlannedTarget, _ end: SessionEnd) -> String {
        "The connection to \(target.name) was lost." + quote(end)
    }

    private static func sudoProblem(_ target: PlannedTarget, _ end: SessionEnd) -> String? {
        guard let user = target.becomeUser, end.status != "255" else { return nil }
        let text = end.standardError
        // 127 is the shell's word (POSIX, 2.8.2); sudo's own failures end with 1. The text may be
        // `exec: sudo: not found`, so that `sudo:` alone says nothing.
        if end.status == "127" {
            return "There is no sudo on \(target.name), so that '\(user)' can't be become. Install "
                + "it, or log in as that account." + quote(end)
        }
        guard text.contains("sudo:") || text.contains("Sorry, user") || text.contains("not allowed")
        else { return nil }
        return "sudo refused to become \(user) on \(target.name). The login needs a rule that "
            + "asks for no password: 'LOGIN ALL=(\(user)) NOPASSWD: /bin/sh'." + quote(end)
    }

    private static func address(_ target: PlannedTarget) -> String {
        target.port == 22 ? target.address : "\(target.address) (port \(target.port))"
    }

    /// As known_hosts names it (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), quoted for a shell.
    private static func keyName(_ target: PlannedTarget) -> String {
        target.port == 22 ? target.address : "\"[\(target.address)]:\(target.port)\""
    }

    private static func login(_ target: PlannedTarget) -> String {
        let port = target.port == 22 ? "" : "-p \(target.port) "
        return "ssh \(port)\(target.user.map { "\($0)@" } ?? "")\(target.address)"
    }

    /// The last line that ssh wrote, made printable, for people who know it.
    private static func quote(_ end: SessionEnd) -> String {
        let lines = end.standardError.split { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
        guard let last = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) else { return "" }
        return " ssh says: " + printableExcerpt(String(last), limit: 300)
    }
}

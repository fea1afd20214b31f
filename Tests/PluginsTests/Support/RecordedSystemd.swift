@testable import Plugins

/// What `systemctl` of systemd 252 said of real units, for a program that says it again.
///
/// Recorded from systemd 252.38 (Debian 12), started as init of a PID namespace with units made for
/// it; only the names, PIDs and invocation ids are changed.
enum RecordedSystemd {
    /// What `systemctl show -p …` said of a unit; its exit status was 0.
    struct Unit: Sendable, Hashable, CustomStringConvertible {
        let load: String
        let active: String
        let sub: String
        var mainPID = 0
        var invocation = ""

        /// The lines, in systemd's order.
        var text: String {
            "MainPID=\(mainPID)\nLoadState=\(load)\nActiveState=\(active)\nSubState=\(sub)\n"
                + "InvocationID=\(invocation)\n"
        }
        var description: String { "\(load) \(active) \(sub)" }

        /// Started, and not ended.
        static let running = Unit(
            load: "loaded", active: "active", sub: "running", mainPID: 43,
            invocation: "f9c0c3da6b1b4f90b3cca95adc3ec926")
        /// The same after a restart.
        static let again = Unit(
            load: "loaded", active: "active", sub: "running", mainPID: 88,
            invocation: "1a233140a705418a804c690fada8c72c")
        /// Type=oneshot, RemainAfterExit=yes.
        static let exited = Unit(
            load: "loaded", active: "active", sub: "exited",
            invocation: "07a73e8fff79424fba648511ca4ced7f")
        static let stopped = Unit(load: "loaded", active: "inactive", sub: "dead")
        static let failed = Unit(
            load: "loaded", active: "failed", sub: "failed",
            invocation: "48dfd47c197641dd8aa11c8b673558f7")
        /// Restart=always, in the pause after a failure.
        static let looping = Unit(
            load: "loaded", active: "activating", sub: "auto-restart",
            invocation: "a838bbacfa9c45d1a0bed9fcdfc1f536")
        static let starting = Unit(
            load: "loaded", active: "activating", sub: "start", mainPID: 61,
            invocation: "dc4eb377e0e542eaa665d9b9886ec28b")
        static let masked = Unit(load: "masked", active: "inactive", sub: "dead")
        /// Masked while it ran.
        static let maskedRunning = Unit(
            load: "masked", active: "active", sub: "running", mainPID: 221,
            invocation: "4a1e39f5697f452d906f643ce509d611")
        static let unknown = Unit(load: "not-found", active: "inactive", sub: "dead")
        static let broken = Unit(load: "bad-setting", active: "inactive", sub: "dead")
    }

    /// How `systemctl VERB` ended, and the unit after it.
    struct Answer: Sendable {
        var status = 0
        var error = ""
        var after: Unit?

        static func ok(_ after: Unit) -> Answer { Answer(after: after) }
        static let startFailed = Answer(
            status: 1,
            error: "Job for demo.service failed because the control process exited with error "
                + "code.\nSee \"systemctl status demo.service\" and \"journalctl -xeu "
                + "demo.service\" for details.\n", after: .failed)
        static let notReloadable = Answer(
            status: 3,
            error: "Failed to reload demo.service: Job type reload is not applicable for unit "
                + "demo.service.\n")
        static let noBus = Answer(
            status: 1, error: "Failed to connect to bus: No such file or directory\n")
    }

    /// Puts a `systemctl` on a target that says all this again, and notes what it was asked.
    static func install(
        _ unit: Unit, _ answers: [String: Answer] = [:], on target: ConfinedTarget
    ) throws {
        try target.write(unit.text, to: "unit")
        var program = """
            #!/bin/sh
            cd "\(target.folder.path)/etc" || exit 9
            [ "$1" != --no-ask-password ] || shift
            [ "$1" = show ] || printf '%s\\n' "$*" >>asked
            case $1 in

            """
        for (verb, answer) in answers {
            try target.write(answer.error, to: "\(verb).error")
            try target.write(answer.after?.text ?? "", to: "\(verb).after")
            program += "\(verb)) cat \(verb).error >&2; "
            program += answer.after == nil ? "" : "cp \(verb).after unit; "
            program += "exit \(answer.status) ;;\n"
        }
        program += "show) cat unit ;;\n*) exit 9 ;;\nesac\n"
        try target.install("systemctl", program)
    }
}

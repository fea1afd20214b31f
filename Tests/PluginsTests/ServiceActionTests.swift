import Runbooks
import Runner
import Testing

@testable import Plugins

/// A `service` step under systemd, against what systemd really answers (`RecordedSystemd`).
@Suite(.enabled(if: ConfinedTarget.isAvailable))
struct ServiceActionTests {
    typealias Unit = RecordedSystemd.Unit
    typealias Answer = RecordedSystemd.Answer

    private func service(_ state: ServiceAction.State) -> Action {
        .service(ServiceAction(name: .text("demo"), state: state))
    }

    private func lastLine(_ report: AttemptReport) -> String {
        String(decoding: report.stderr.rest, as: UTF8.self).split(separator: "\n").last
            .map(String.init) ?? ""
    }

    /// What a probe finds: its exit status, and its diff or the end of its complaint.
    struct Look: Sendable {
        let unit: Unit
        let wanted: ServiceAction.State
        let status: Int32
        let words: String

        init(_ unit: Unit, _ wanted: ServiceAction.State, _ status: Int32, _ words: String = "") {
            (self.unit, self.wanted, self.status, self.words) = (unit, wanted, status, words)
        }
    }

    @Test(arguments: [
        Look(.running, .running, 0), Look(.exited, .running, 0),
        Look(.stopped, .running, 1, "demo: stopped -> running\n"),
        Look(.failed, .running, 1, "demo: failed -> running\n"),
        Look(.looping, .running, 1, "demo: starting (auto-restart) -> running\n"),
        Look(.starting, .running, 1, "demo: starting (start) -> running\n"),
        Look(.masked, .running, 2, "systemctl unmask demo"),
        Look(.unknown, .running, 2, "There is no service 'demo' here."),
        Look(.broken, .running, 2, "(bad-setting)"), Look(.maskedRunning, .running, 0),
        Look(.stopped, .stopped, 0), Look(.failed, .stopped, 0), Look(.masked, .stopped, 0),
        Look(.running, .stopped, 1, "demo: running -> stopped\n"),
        Look(.looping, .stopped, 1, "demo: starting (auto-restart) -> stopped\n"),
        Look(.maskedRunning, .stopped, 1, "demo: running -> stopped\n"),
        Look(.unknown, .stopped, 2, "There is no service 'demo' here."),
        Look(.running, .restarted, 1, "demo: would be restarted (now running)\n"),
        Look(.failed, .restarted, 1, "demo: would be restarted (now failed)\n"),
        Look(.maskedRunning, .restarted, 2, "systemctl unmask demo"),
        Look(.running, .reloaded, 1, "demo: would be reloaded (now running)\n"),
    ])
    func aProbeAsksAndChangesNothing(look: Look) async throws {
        try await ConfinedTarget().serving { target in
            try RecordedSystemd.install(look.unit, on: target)
            let report = try await target.perform(service(look.wanted), .probe)
            #expect(report.ending == .exited(look.status))
            if look.status == 2 {
                #expect(lastLine(report).contains(look.words))
            } else {
                #expect((report.diff ?? "") == look.words)
            }
            #expect(try target.text("asked") == nil)
            // An audit is told what was seen, also where it could not be changed.
            let isThere = look.unit != .unknown
            #expect(report.seen?.expected == (isThere ? look.wanted.rawValue : nil))
            // One that has failed is stopped, and called what the manager calls it.
            let words = [look.wanted.rawValue, look.wanted == .stopped ? "failed" : ""]
            if look.status == 0 { #expect(report.seen.map { words.contains($0.actual) } == true) }
        }
    }

    /// What an apply asks of systemd, and how it ends.
    struct Act: Sendable {
        let unit: Unit
        let wanted: ServiceAction.State
        let answers: [String: Answer]
        let asked: String?
        let status: Int32
        let words: String

        init(
            _ unit: Unit, _ wanted: ServiceAction.State, _ answers: [String: Answer],
            asked: String?, _ status: Int32, _ words: String = ""
        ) {
            (self.unit, self.wanted, self.answers) = (unit, wanted, answers)
            (self.asked, self.status, self.words) = (asked, status, words)
        }
    }

    @Test(arguments: [
        Act(.stopped, .running, ["start": .ok(.running)], asked: "start -- demo", 0),
        Act(.running, .running, [:], asked: nil, 0),
        // `start` would wait for the pause between two failures to be over.
        Act(.looping, .running, ["restart": .ok(.running)], asked: "restart -- demo", 0),
        // A simple service counts as started before it has done anything.
        Act(.stopped, .running, ["start": .ok(.failed)], asked: "start -- demo", 1, "is failed"),
        Act(
            .stopped, .running, ["start": .startFailed], asked: "start -- demo", 1,
            "could not be running"),
        Act(.maskedRunning, .stopped, ["stop": .ok(.masked)], asked: "stop -- demo", 0),
        Act(.looping, .stopped, ["stop": .ok(.stopped)], asked: "stop -- demo", 0),
        Act(.running, .restarted, ["restart": .ok(.again)], asked: "restart -- demo", 0),
        Act(
            .running, .restarted, ["restart": .ok(.running)], asked: "restart -- demo", 1,
            "was not restarted"),
        Act(
            .running, .reloaded, ["reload": .notReloadable], asked: "reload -- demo", 1,
            "could not be reloaded"),
        Act(.running, .reloaded, ["reload": .ok(.running)], asked: "reload -- demo", 0),
    ])
    func anApplyAsksOnceAndLooksWhatCameOfIt(act: Act) async throws {
        try await ConfinedTarget().serving { target in
            try RecordedSystemd.install(act.unit, act.answers, on: target)
            let report = try await target.perform(service(act.wanted))
            #expect(report.ending == .exited(act.status))
            #expect(report.changed == (act.status == 0 && act.asked != nil))
            #expect(lastLine(report).contains(act.words) || act.words.isEmpty)
            #expect(try target.text("asked") == act.asked.map { $0 + "\n" })
        }
    }

    @Test func withoutAnAnswerAProbeCantLookAndAnApplyFails() async throws {
        try await ConfinedTarget().serving { target in
            try RecordedSystemd.install(.running, ["show": .noBus], on: target)
            let report = try await target.perform(service(.running), .probe)
            #expect(report.ending == .exited(77))
            #expect(lastLine(report).contains("Failed to connect to bus"))
            #expect(try await target.perform(service(.running)).ending == .exited(2))
        }
    }

    @Test func undoingGoesBackToTheStateFromBefore() async throws {
        try await ConfinedTarget().serving { target in
            try RecordedSystemd.install(
                .failed, ["start": .ok(.running), "stop": .ok(.stopped)], on: target)
            #expect(try await target.ending(service(.running), .restore) == .refused)
            #expect(try await target.ending(service(.running)) == .changed)
            #expect(try await target.ending(service(.running), .restore) == .changed)
            #expect(try target.text("asked") == "start -- demo\nstop -- demo\n")
            #expect(try await target.ending(service(.running), .restore) == .satisfied)
        }
    }

    @Test func aServiceThatIsAsItWasNeedsNoUndo() async throws {
        try await ConfinedTarget().serving { target in
            try RecordedSystemd.install(.running, ["stop": .ok(.stopped)], on: target)
            #expect(try await target.ending(service(.stopped)) == .changed)
            try target.write(Unit.again.text, to: "unit")
            #expect(try await target.ending(service(.stopped), .restore) == .satisfied)
            #expect(try target.text("asked") == "stop -- demo\n")
        }
    }
}

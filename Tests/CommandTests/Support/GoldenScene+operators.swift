import Runbooks
import Runner

@testable import handrail

extension GoldenScene {
    /// A home with both runs of the scene, and a warning of their runbook.
    static func memory() async throws -> HomeMemory {
        HomeMemory(
            runs: [try await resolved().summary, try await ended().summary], flags: [try flag()])
    }

    /// A warning of the scene's runbook.
    static func flag() throws -> RaisedFlag {
        RaisedFlag(
            runbook: try name("web.limits"), at: start.adding(.seconds(60)), actor: "bob",
            why: "it drops what users are sending")
    }

    /// Everything that can wait.
    static func inbox() async throws -> Inbox {
        var inbox = Inbox()
        inbox.runs = [
            try await owing().status, try await asking().status, try await questioned().status,
            try await unsettled().status,
        ]
        inbox.unknown = [
            UnknownOutcome(run: try await ended().summary, target: try name("web2"), step: nil),
            UnknownOutcome(
                run: try await resolved().summary, target: try name("web1"),
                step: StepID(try name("picture"), item: "a b", number: 2)),
        ]
        (inbox.changes, inbox.now) = ([try change()], now)
        let digest = Digest.sha256(of: [])
        inbox.escalations = [
            Escalation(
                id: try name("e-20261123-0709-b2c3"), run: try name("r-20261123-0700-k3f9"),
                at: start.adding(.seconds(540)), actor: "ann", to: "tier-3",
                note: "web2 refuses the limits", ticket: "INC-7", alert: "WebLimitsDrift",
                evidence: digest, pack: digest)
        ]
        inbox.flags = [try flag()]
        inbox.locks = try locks()
        return inbox
    }

    /// One target that a run is at work on, and one that it keeps.
    static func locks() throws -> [TargetLock] {
        func lock(_ target: String, _ step: String?, _ kept: String?) throws -> TargetLock {
            TargetLock(
                target: try name(target), run: try name("r-20261123-0659-w4nn"),
                runbook: try name("web.drain"), actor: "bob", since: start,
                step: try step.map(name),
                kept: kept, isLed: step != nil)
        }
        return [
            try lock("web1", "drain", nil), try lock("web2", nil, "drain is owed there"),
        ]
    }

    /// Alerts of the scene's servers: two that its runbook answers, and two that lead nowhere.
    static func alertReport(_ remembered: HomeMemory? = nil) async throws -> AlertReport {
        func alert(_ instance: String, _ name: String = "WebLimitsDrift") -> Alert {
            Alert(
                name: name, labels: ["alertname": name, "instance": instance],
                annotations: ["summary": "limits differ on \(instance)"],
                started: "2026-11-23T06:58:00Z", source: "http://monitor.example/g0")
        }
        let helped = try await GoldenScene.resolved()
        var memory = try await memory()
        if let remembered { memory = remembered }
        return AlertReport(
            alerts: [
                alert("web1.lab:9100"), alert("web2"), alert("web9:9100"), alert("web1", "Other"),
            ],
            opened: helped.opened, memory: memory, file: "page.json",
            ticket: "INC-7")
    }

    /// The pack of the run that failed, with all that a pack can have.
    static func pack(_ given: GoldenScene? = nil) async throws -> PackDocument {
        var scene = try await ended()
        if let given { scene = given }
        let report = try await alertReport()
        let digest = Digest.sha256(of: Array("up 3 days\n".utf8))
        return PackDocument(
            escalation: try name("e-20261123-0710-k3f9"), at: now, actor: "ann", to: "tier-3",
            note: "web2 refuses the limits;\nusers | still <call>", ticket: "INC-7",
            alert: "WebLimitsDrift", alerts: Array(report.document.alerts.prefix(2)),
            trail: "58:" + String(repeating: "c", count: 64), run: RunDocument(scene.machine),
            closed: scene.summary.closed,
            parameters: [
                PackDocument.Given(name: try name("most"), value: "200", secret: nil),
                PackDocument.Given(name: try name("key"), value: nil, secret: "file:/run/key"),
            ],
            attempts: AttemptLog.attempts(in: scene.events),
            acts: PackGathering.acts(in: scene.events),
            undo: [PackDocument.Undo(step: try name("limits"), how: "with a script")],
            earlier: [RunHeader(try await resolved().summary)],
            files: [
                PackDocument.Kept(
                    path: "collected/02-web1-picture/1-uptime", sha256: digest, sizeBytes: 10,
                    what: "uptime, collected by picture on web1")
            ], missing: ["the forecast before the start: There is no such file."])
    }
}

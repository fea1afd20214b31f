import Runbooks
import Runner

@testable import handrail

extension GoldenScene {
    /// Alerts of the scene's servers: two that its runbook answers, and two that lead nowhere.
    static func alertReport() async throws -> AlertReport {
        func alert(_ instance: String, _ name: String = "WebLimitsDrift") -> Alert {
            Alert(
                name: name, labels: ["alertname": name, "instance": instance],
                annotations: ["summary": "limits differ on \(instance)"],
                started: "2026-11-23T06:58:00Z", source: "http://monitor.example/g0")
        }
        let helped = try await GoldenScene.resolved()
        return AlertReport(
            alerts: [
                alert("web1.lab:9100"), alert("web2"), alert("web9:9100"), alert("web1", "Other"),
            ],
            opened: helped.opened, uses: PastUse.of([helped.summary]), file: "page.json",
            ticket: "INC-7")
    }

    /// The pack of the run that failed, with all that a pack can have.
    static func pack() async throws -> PackDocument {
        let scene = try await ended()
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

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
}

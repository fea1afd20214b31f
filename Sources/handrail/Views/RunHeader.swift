import Runbooks
import Runner

/// A run in one line: what lists of runs say of it in JSON.
struct RunHeader: Encodable, Sendable {
    let run: RunID
    let runbook: RunbookID
    let title: String
    let environment: String
    let actor: String
    let ticket: String?
    let state: RunState
    let resolution: RunResolution?
    let targets: [TargetName]
    let opened: Timestamp
    let closed: Timestamp?
    let isLed: Bool

    private enum CodingKeys: String, CodingKey {
        case run, runbook, title, environment, actor, ticket, state, resolution, targets
        case opened, closed
        case isLed = "is_led"
    }

    init(_ summary: RunSummary) {
        run = summary.id
        runbook = summary.runbook
        title = summary.title
        environment = summary.environment
        actor = summary.actor
        ticket = summary.ticket
        state = summary.state
        resolution = summary.resolution
        targets = summary.targets
        opened = summary.opened
        closed = summary.closed
        isLed = summary.isLed
    }
}

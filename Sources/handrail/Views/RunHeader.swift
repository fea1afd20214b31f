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
    /// The run that it goes on from; nil for a run of its own.
    let parent: RunID?
    /// What it does with what that left.
    let goesOnAs: RunDescent.Kind?
    /// `true` where two people started it without a change; nil for any other run.
    let brokeGlass: Bool?

    private enum CodingKeys: String, CodingKey {
        case run, runbook, title, environment, actor, ticket, state, resolution, targets
        case opened, closed, parent
        case goesOnAs = "goes_on_as"
        case isLed = "is_led"
        case brokeGlass = "broke_glass"
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
        (parent, goesOnAs) = (summary.parent, summary.goesOnAs)
        brokeGlass = summary.isGlassBroken ? true : nil
    }
}

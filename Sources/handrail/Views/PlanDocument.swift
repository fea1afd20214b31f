import Runbooks
import Runner

/// The JSON form of a plan with its forecast; also the plan file, of which nothing is executed.
struct PlanDocument: Encodable, Sendable {
    /// Where the library came from.
    struct Library: Encodable, Sendable {
        let id: String
        let source: String
        let review: String
    }

    /// A target that fits the limits, and not the runbook.
    struct LeftOut: Encodable, Sendable {
        let target: TargetName
        let reason: String
    }

    /// What breaking the glass would replace, and what binds all the same.
    struct Glass: Encodable, Sendable {
        let replaces: [GateDocument.Line]
        let binds: [GateDocument.Line]
    }

    var format = 1
    let plan: Plan
    let digest: Digest
    let forecast: Forecast
    let forecastDigest: Digest
    let gates: GateDocument
    let library: Library
    let leftOut: [LeftOut]
    let notProbed: String?
    /// How many targets can break before the run stops.
    let worstCase: Int
    let mayChange: Bool
    /// The alert that the plan answers.
    let alert: String?
    /// The change that it carries out; nil without one.
    let change: ChangeID?
    /// The instant that `--at` asked about; nil for now.
    let at: Timestamp?
    /// What breaking the glass would do; nil where nobody asked.
    let breakGlass: Glass?

    private enum CodingKeys: String, CodingKey {
        case format, plan, digest, forecast, gates, library, alert, change, at
        case forecastDigest = "forecast_digest"
        case leftOut = "left_out"
        case notProbed = "not_probed"
        case worstCase = "worst_case"
        case breakGlass = "break_glass"
        case mayChange = "may_change"
    }

    init(_ subject: PlanSubject) {
        plan = subject.plan
        digest = subject.digest
        forecast = subject.forecast
        forecastDigest = subject.forecast.digest
        gates = GateDocument(subject.gates)
        library = Library(
            id: subject.plan.libraryID, source: subject.librarySource,
            review: subject.gates.review.rawValue)
        leftOut = subject.selected.leftOut.map { LeftOut(target: $0.target, reason: $0.reason) }
        notProbed = subject.notProbed
        worstCase = subject.worstCase
        (alert, change) = (subject.alert, subject.change)
        at = subject.at
        breakGlass = GlassForecast(subject).map {
            Glass(
                replaces: $0.replaced.map(GateDocument.Line.init),
                binds: $0.binding.map(GateDocument.Line.init))
        }
        mayChange = subject.forecast.mayChange
    }
}

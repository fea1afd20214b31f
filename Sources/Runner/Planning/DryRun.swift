import Runbooks

/// A dry run, as decisions: what to ask of the targets next, and what their answers mean.
///
/// INVARIANT: nothing it asks for can change a target. Guards and typed actions are asked with
/// `Mode.probe`; `Mode.apply` is used for steps whose effect is `read`, and for nothing else.
package struct DryRun: Sendable {
    /// The longest wait for one answer.
    package static let limit: Duration = .seconds(20)

    /// Whether targets are looked at.
    package enum Probing: Sendable, Hashable {
        case allowed
        /// Not at all, and why: `--no-probe`, a closed gate.
        case forbidden(String)
    }

    private var targets: [TargetDryRun]
    private let indexes: [TargetName: Int]
    private let maxInFlight: Int
    private var next = 0
    private var inFlight: Set<AttemptKey> = []

    /// A dry run of a plan, under the id that its attempts carry.
    package init(
        of plan: Plan, run: RunID, probing: Probing = .allowed,
        secrets: [ParameterName: Secret] = [:]
    ) {
        let subject = DryRunSubject(plan, run: run, probing: probing, secrets: secrets)
        let sequences = PlanSequences(plan)
        targets = plan.targets.enumerated().map {
            TargetDryRun($1, steps: sequences[$0], subject)
        }
        indexes = Dictionary(
            plan.targets.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first }
        )
        maxInFlight = max(1, plan.rollout.maxInFlight)
    }

    /// What to ask now: at most one thing for each target, `max_in_flight` targets at once.
    ///
    /// Call it at the start and after every `take`; each request is given once.
    package mutating func requests() -> [AttemptRequest] {
        var requests: [AttemptRequest] = []
        for index in targets[..<next].indices where targets[index].isWaitingToAsk {
            if let request = targets[index].advance() { requests.append(request) }
        }
        var busy = inFlight.count + requests.count
        while next < targets.count, busy < maxInFlight {
            if let request = targets[next].advance() {
                requests.append(request)
                busy += 1
            }
            next += 1
        }
        inFlight.formUnion(requests.map(\.key))
        return requests
    }

    /// Takes the answer to a request.
    package mutating func take(_ report: AttemptReport, for key: AttemptKey) {
        guard inFlight.remove(key) != nil, let index = indexes[key.target] else { return }
        targets[index].take(report, for: key)
    }

    /// Whether every target has been looked at to its end.
    package var isOver: Bool {
        inFlight.isEmpty && next == targets.count && targets.allSatisfy(\.isOver)
    }

    /// What is known so far; whole once the dry run is over.
    package var forecast: Forecast { Forecast(targets: targets.map(\.forecast)) }
}

extension DryRun {
    /// Makes the forecast of a plan by asking its targets.
    ///
    /// Returns when every target has answered, or was given up on; the sessions stay open, so that
    /// a run can go on in them.
    package static func forecast(
        of plan: Plan, run: RunID, probing: Probing = .allowed,
        secrets: [ParameterName: Secret] = [:], executor: any Executor
    ) async -> Forecast {
        var dryRun = DryRun(of: plan, run: run, probing: probing, secrets: secrets)
        await withTaskGroup(of: (AttemptKey, AttemptReport).self) { group in
            func start(_ requests: [AttemptRequest]) {
                for request in requests {
                    group.addTask { (request.key, await executor.perform(request)) }
                }
            }
            start(dryRun.requests())
            while let (key, report) = await group.next() {
                dryRun.take(report, for: key)
                start(dryRun.requests())
            }
        }
        return dryRun.forecast
    }
}

/// What the dry runs of all targets share.
struct DryRunSubject: Sendable {
    let plan: Plan
    let run: RunID
    let probing: DryRun.Probing
    let secrets: [ParameterName: Secret]
    let resolver: ValueResolver

    init(
        _ plan: Plan, run: RunID, probing: DryRun.Probing, secrets: [ParameterName: Secret]
    ) {
        self.plan = plan
        self.run = run
        self.probing = probing
        self.secrets = secrets
        resolver = ValueResolver(plan)
    }
}

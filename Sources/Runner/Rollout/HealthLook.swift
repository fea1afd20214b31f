import Runbooks

/// One question of a health check: on one target, or for the wave on the controller.
package struct HealthQuestion: Sendable {
    /// Which wave it is about, from 0.
    package let wave: Int
    /// How its exit status is read.
    package let check: HealthCheck
    /// What is carried out; it only reads.
    package let request: AttemptRequest

    package init(wave: Int, check: HealthCheck, request: AttemptRequest) {
        (self.wave, self.check, self.request) = (wave, check, request)
    }
}

/// What a health check said.
package struct HealthAnswer: Sendable, Hashable {
    /// How long an answer may take.
    package static let timeout: Duration = .seconds(30)

    /// Which wave it is about, from 0.
    package let wave: Int
    /// On which target, or for which on the controller.
    package let target: TargetName
    /// What that means.
    package let verdict: HealthVerdict
    /// Who said what, as a clause: `check_load on mbx01 said 2: load is 31`.
    package let text: String

    /// The answer that an attempt's report is.
    package init(_ question: HealthQuestion, _ report: AttemptReport) {
        (wave, target) = (question.wave, question.request.key.target)
        verdict = HealthVerdict(report.ending, by: question.check.convention)
        let place =
            question.check.place == .target
            ? "on \(question.request.key.target)" : "on the controller"
        text = "\(question.check.name) \(place) " + report.shortAnswer(within: Self.timeout)
    }

    package init(wave: Int, target: TargetName, verdict: HealthVerdict, text: String) {
        (self.wave, self.target, self.verdict, self.text) = (wave, target, verdict, text)
    }
}

extension HealthVerdict {
    /// What an ending means (docs/rollout.md, "Between waves"); statuses of monitoring plugins are
    /// those of the Monitoring Plugins Development Guidelines, "Plugin Return Codes".
    init(_ ending: Ending, by convention: HealthCheck.Convention) {
        guard case .exited(let status) = ending else {
            self = .inconclusive
            return
        }
        switch (convention, status) {
        case (_, 0): self = .ok
        case (.nagios, 1): self = .warning
        case (.nagios, 2): self = .failed
        case (.nagios, _), (.script, 77): self = .inconclusive
        case (.script, _): self = .failed
        }
    }
}

/// Asking the health checks once: what is still to be asked, and what was said.
///
/// Part of no record: the next leader asks again.
struct HealthLook: Sendable {
    /// Answers that are named; the others are counted.
    private static let named = 3

    /// Whether it is after the soak.
    let isLast: Bool
    /// To be asked, in this order.
    var queue: [HealthQuestion]
    /// Where something was asked that is not answered: no target is asked two things at a time.
    private(set) var outstanding: Set<TargetName> = []
    private(set) var verdict = HealthVerdict.ok
    private var reasons: [(verdict: HealthVerdict, text: String)] = []

    init(isLast: Bool) { (self.isLast, queue) = (isLast, []) }

    /// The next question, taken out, where so many may be asked at a time; nil where it waits.
    mutating func next(atOnce most: Int) -> HealthQuestion? {
        guard outstanding.count < most,
            let index = queue.firstIndex(where: {
                !outstanding.contains($0.request.key.target)
            })
        else { return nil }
        outstanding.insert(queue[index].request.key.target)
        return queue.remove(at: index)
    }

    /// Takes an answer in.
    mutating func note(_ answer: HealthAnswer) {
        outstanding.remove(answer.target)
        verdict = max(verdict, answer.verdict)
        if answer.verdict != .ok { reasons.append((answer.verdict, answer.text)) }
    }

    /// Notes a question that can't be asked.
    mutating func noteUnasked(_ text: String) {
        verdict = max(verdict, .inconclusive)
        reasons.append((.inconclusive, text))
    }

    /// Whether everything was asked and answered.
    var isDone: Bool { queue.isEmpty && outstanding.isEmpty }

    /// What those said that are not well, the worst first.
    var reason: String {
        let worst = reasons.enumerated().sorted {
            ($1.element.verdict, $0.offset) < ($0.element.verdict, $1.offset)
        }.map(\.element.text)
        let more = worst.count - Self.named
        return worst.prefix(Self.named).joined(separator: "; ")
            + (more > 0 ? "; and \(more) more" : "")
    }
}

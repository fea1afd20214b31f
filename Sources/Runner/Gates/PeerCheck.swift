import Runbooks

/// How members of a protected group are asked whether they are well all the same.
///
/// Asked are those whose last run ended badly there; as a plan records it.
package struct PeerCheck: Sendable, Codable, Hashable {
    /// How long an answer may take.
    package static let timeout: Duration = .seconds(30)
    /// How long an answer of no stands before the member is asked again.
    package static let interval: Duration = .seconds(30)

    /// Exits 0 where the member it runs on is well; only reads.
    package var script: ScriptCall
    /// Where the members are that the plan itself doesn't start, sorted.
    package var peers: [PlannedTarget]

    package init(script: ScriptCall, peers: [PlannedTarget]) {
        (self.script, self.peers) = (script, peers)
    }
}

/// A member that is asked whether it is well.
package struct PeerQuestion: Sendable {
    /// What is carried out on it.
    package let request: AttemptRequest
    /// The run that left it unavailable.
    package let run: RunID

    package init(request: AttemptRequest, run: RunID) {
        (self.request, self.run) = (request, run)
    }
}

/// What a member answered.
package struct PeerAnswer: Sendable, Hashable {
    /// The member.
    package let target: TargetName
    /// The run that left it unavailable.
    package let run: RunID
    /// Whether it is well.
    package let isWell: Bool
    /// What it answered, as a clause: `answered 1: the queue is long`.
    package let text: String

    /// The answer that an attempt's report is.
    package init(_ question: PeerQuestion, _ report: AttemptReport) {
        (target, run) = (question.request.key.target, question.run)
        isWell = report.ending == .exited(0)
        text = report.shortAnswer(within: PeerCheck.timeout)
    }
}

extension AttemptReport {
    /// The longest quotation of what it wrote, in bytes.
    private static let quoted = 120

    /// What it answered, as a clause: `answered 1: the queue is long`.
    func shortAnswer(within timeout: Duration) -> String {
        switch ending {
        case .exited(let status): "answered \(status)" + quotation
        case .timedOut: "gave no answer within \(timeout.components.seconds) s"
        case .cancelled: "was not asked to the end"
        case .unreachable(let why), .notStarted(let why), .unknown(let why), .heldBack(let why):
            "can't be asked: \(why)"
        }
    }

    /// The end of what it wrote, on one line.
    private var quotation: String {
        for stream in [stdout, stderr] {
            guard let end = try? stream.suffix(Self.quoted) else { continue }
            let words = printable(end, keepNewlines: true).split(whereSeparator: \.isWhitespace)
            if !words.isEmpty { return ": " + words.joined(separator: " ") }
        }
        return ""
    }
}

extension GroupRefusal {
    /// Members whose last run ended badly there, and that can be asked whether they are well.
    ///
    /// What nobody knows is a person's to settle.
    package var askable: [Standing] {
        guard group.peersOK != nil else { return [] }
        return unavailable.compactMap { reason in
            guard case .ended(let standing) = reason, standing.outcome != .unknown else {
                return nil
            }
            return standing
        }
    }

    /// Whether the target may start once members have said that they are well.
    package var mayYetStart: Bool {
        unavailable.count - askable.count + 1 <= group.maxUnavailable
    }
}

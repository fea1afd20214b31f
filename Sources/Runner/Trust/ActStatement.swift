import Runbooks

/// What a person says who does something: the bytes of it are signed.
package struct ActStatement: Sendable, Codable, Hashable {
    /// How far its time may be from the clock of who takes it.
    package static let greatestAge: Duration = .seconds(300)

    /// The format's number and what it is.
    package private(set) var type = "handrail-act 1"
    /// What is done.
    package let command: Verb
    /// What belongs to it, such as `target` and `as` of a settle.
    package let arguments: [String: String]
    /// The plan that it is about; nil for none.
    package let plan: PlanID?
    /// The run that it is about; nil for none.
    package let run: RunID?
    /// When it was said, by the clock of who said it.
    package let time: Timestamp
    /// Said once only.
    package let nonce: ActNonce

    private enum CodingKeys: String, CodingKey {
        case type, command, arguments
        case plan = "plan_id"
        case run, time, nonce
    }

    package init(
        _ command: Verb, arguments: [String: String] = [:], plan: PlanID? = nil,
        run: RunID? = nil, time: Timestamp, nonce: ActNonce
    ) {
        self.command = command
        self.arguments = arguments
        self.plan = plan
        self.run = run
        self.time = time
        self.nonce = nonce
    }

    /// Why what was signed isn't what is being done; nil when it is, field by field.
    ///
    /// `self` is what was signed; that its nonce is new is for the journal to say.
    package func objection(to wanted: ActStatement, at instant: Timestamp) -> TrustRefusal? {
        func differs(_ what: String) -> TrustRefusal {
            TrustRefusal("the signature is for another \(what)", hint: "sign what is to be done")
        }
        if type != wanted.type { return differs("kind of statement") }
        if command != wanted.command { return differs("act: \(command.phrase)") }
        if plan != wanted.plan { return differs("plan") }
        if run != wanted.run { return differs("run") }
        if arguments != wanted.arguments { return differs("form of this act") }
        let (signed, isTooFar) = instant.milliseconds.subtractingReportingOverflow(
            time.milliseconds)
        let distance = isTooFar ? UInt64.max : signed.magnitude
        guard distance <= UInt64(Self.greatestAge.inMilliseconds) else {
            return TrustRefusal(
                "what was signed says \(time.spokenText), more than "
                    + "\(Self.greatestAge.components.seconds / 60) minutes from now",
                hint: "sign it anew; if it is new, one of both clocks is wrong")
        }
        return nil
    }
}

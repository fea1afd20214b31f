/// What a signature is for: one for one use is none for another (PROTOCOL.sshsig).
package enum SignatureNamespace: String, Sendable, CaseIterable {
    /// An act on a run, or on a change.
    case act = "handrail-act"
    /// The approval of a plan.
    case change = "handrail-change"
    /// The approval of a runbook's or a configuration's text.
    case content = "handrail-content"
}

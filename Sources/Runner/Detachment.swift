import Runbooks

/// How an attempt that outlives its session is claimed on its target (docs/detached-steps.md).
package struct Detachment: Sendable, Hashable {
    /// Plan id and run number: whoever leads the run computes the same.
    package let token: String
    /// The claim's name: step and attempt, in the characters that a session takes.
    package let claim: String
    /// The spool on which the run was opened on this target, and its boot then; nil while nothing
    /// of the run can have been claimed there.
    package let knownSpool: KnownSpool?
    /// Whether an earlier leader recorded the intent: it may have been started.
    package var isRecovery: Bool
    /// Whether what lives of it is to be ended at once.
    package var isEnding = false
    /// Whether the target restarts because of it: it ends once that is back, with another boot.
    package var awaitsReboot = false
    /// Whether it may be started where it is proved that it was not.
    package var mayStart: Bool

    package init(
        token: String, claim: String, knownSpool: KnownSpool?, isRecovery: Bool = false,
        mayStart: Bool = true
    ) {
        self.token = token
        self.claim = claim
        self.knownSpool = knownSpool
        self.isRecovery = isRecovery
        self.mayStart = mayStart
    }

    /// Of a run's attempt.
    package init(
        run: RunRecord, key: AttemptKey, knownSpool: KnownSpool?, isRecovery: Bool = false,
        mayStart: Bool = true
    ) {
        self.init(
            token: "\(run.plan.planID)-\(run.number)", claim: Self.claim(of: key),
            knownSpool: knownSpool, isRecovery: isRecovery, mayStart: mayStart)
    }

    /// The name of an attempt's claim: an item's brackets and number sign are no characters of it.
    ///
    /// `~` and `=` stand in no step's id, so two ids never give one name.
    private static func claim(of key: AttemptKey) -> String {
        let step = (key.part.step?.rawValue ?? "-").compactMap { character -> Character? in
            switch character {
            case "[": "~"
            case "#": "="
            case "]": nil
            default: character
            }
        }
        let undo: String =
            if case .undo(_, let index) = key.part { ".undo\(index + 1)" } else { "" }
        return String(step) + undo + ".\(key.number)"
    }
}

/// A target's spool as the run met it.
package struct KnownSpool: Sendable, Hashable {
    /// The spool's random id.
    package let id: String
    /// The boot in which a session of the run was last open there.
    package let bootID: String

    package init(id: String, bootID: String) {
        self.id = id
        self.bootID = bootID
    }
}

/// What a session is recorded as: the proof that its processes are gone, and the spool once the run
/// was opened there.
package struct SessionIdentity: Sendable, Hashable {
    /// `PG START BOOT`.
    package let proof: String
    /// The spool's id; nil before a detached step was asked for.
    package let spoolID: String?

    package init(proof: String, spoolID: String?) {
        self.proof = proof
        self.spoolID = spoolID
    }

    /// Reads what `text` gives.
    package init(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        proof = words.prefix(3).joined(separator: " ")
        spoolID = words.count == 4 ? String(words[3]) : nil
    }

    /// The words as they are recorded.
    package var text: String { spoolID.map { "\(proof) \($0)" } ?? proof }

    /// The spool, with the boot that the proof names.
    package var spool: KnownSpool? {
        guard let spoolID, let boot = proof.split(separator: " ").last else { return nil }
        return KnownSpool(id: spoolID, bootID: String(boot))
    }
}

extension Step {
    /// A step that may take so long doesn't depend on one connection.
    package static let longStep = Duration.seconds(300)

    /// Whether its action ends once the target is back, with another boot.
    package var awaitsReboot: Bool {
        if case .reboot = action { true } else { expectsReboot }
    }

    /// Whether its action is claimed on the target, and outlives connection and controller.
    ///
    /// What may happen once has to; what runs long should; and a package manager that loses its
    /// connection leaves a half-made system.
    package var runsDetached: Bool {
        guard place == .target, effect != .read else { return false }
        switch action {
        case .package, .reboot: return true
        case .run where expectsReboot: return true
        case .run, .file, .service: return effect.isOnce || isDetached || timeout >= Self.longStep
        case .wait, .assert, .collect, .http, .manual, .ask, .stop: return false
        }
    }
}

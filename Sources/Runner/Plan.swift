import Runbooks

/// Everything that will be done, and where: what approvals name and runs execute.
///
/// Its canonical JSON (docs/plan.md) is hashed to the PlanDigest. A plan holds no secret and no
/// outcome. Steps carry their parameters' values; what is known only per target stays a reference.
package struct Plan: Sendable, Codable, Hashable {
    /// The format's number: 1.
    package var format: Int
    /// Random: two plans of the same content differ by it, and in their digests.
    package var planID: PlanID
    /// The library's own id, so that another library's plan is refused.
    package var libraryID: String
    /// What runs, with the digests of its files.
    package var runbook: PlannedRunbook
    /// The one environment of all targets, with the policies as they were.
    package var environment: EnvironmentRule
    /// Every declared parameter, in the runbook's order, given or not.
    package var parameters: [PlannedParameter]
    /// In the order in which they are started.
    package var targets: [PlannedTarget]
    /// Values that differ between targets, with the parameters' in place of references; nil for none.
    package var values: [ValueRule]?
    /// In the runbook's order, with the parameters' values in place of references.
    package var steps: [Step]
    /// The runbook's own `verify`.
    package var verify: [AssertAction]
    /// What a rollback would do, last step first; steps without an `undo` are listed, not claimed.
    package var rollback: [PlannedUndo]
    /// The symptom that is asked before and after; nil without one.
    package var symptom: PlannedSymptom?
    /// The alert that the run is an answer to; it chose the symptom.
    package var alert: String?
    /// How many targets at once, when it stops, and what lies between two waves.
    package var rollout: Rollout
    /// In the order in which they are done: every target is in one; nil for one wave of all.
    package var waves: [PlannedWave]?
    /// What is done once before the targets of each wave, on the controller; nil for nothing.
    package var beforeWave: [Step]?
    /// What is done once after the targets of each wave, on the controller; nil for nothing.
    package var afterWave: [Step]?
    /// Who is told once the run has failed; nil when nobody is.
    package var onFailure: OnFailure?
    /// How often the runbook may be run; nil for any number.
    package var repeatRule: RepeatRule?
    /// The groups of the house's rules that its targets belong to; nil without any, and for a plan
    /// that only reads.
    package var protection: [ProtectedGroup]?
    /// Of an audit: the baseline's exceptions that are about its targets; nil without any.
    package var exceptions: [BaselineException]?
    /// When it was made, as the clock of whoever made it said.
    package var created: Timestamp
    /// From this instant on no run can start; at most 35 days after `created`.
    package var expires: Timestamp

    private enum CodingKeys: String, CodingKey {
        case format
        case planID = "plan_id"
        case libraryID = "library"
        case runbook, environment, parameters, targets, values, steps, verify, rollback, symptom,
            alert
        case rollout, waves
        case beforeWave = "before_wave"
        case afterWave = "after_wave"
        case onFailure = "on_failure"
        case repeatRule = "repeat"
        case protection, exceptions
        case created, expires
    }

    package init(
        planID: PlanID, libraryID: String, runbook: PlannedRunbook, environment: EnvironmentRule,
        parameters: [PlannedParameter], targets: [PlannedTarget], steps: [Step],
        verify: [AssertAction], rollback: [PlannedUndo], symptom: PlannedSymptom?,
        alert: String? = nil, rollout: Rollout, waves: [PlannedWave]? = nil,
        beforeWave: [Step]? = nil, afterWave: [Step]? = nil, onFailure: OnFailure?,
        repeatRule: RepeatRule? = nil, protection: [ProtectedGroup]? = nil,
        exceptions: [BaselineException]? = nil, created: Timestamp, expires: Timestamp
    ) {
        self.format = 1
        self.planID = planID
        self.libraryID = libraryID
        self.runbook = runbook
        self.environment = environment
        self.parameters = parameters
        self.targets = targets
        self.steps = steps
        self.verify = verify
        self.rollback = rollback
        self.symptom = symptom
        self.alert = alert
        self.rollout = rollout
        self.waves = waves
        self.beforeWave = beforeWave
        self.afterWave = afterWave
        self.onFailure = onFailure
        self.repeatRule = repeatRule
        self.protection = protection
        self.exceptions = exceptions
        self.created = created
        self.expires = expires
    }
}

/// A runbook at a digest, with the files its steps are given.
package struct PlannedRunbook: Sendable, Codable, Hashable {
    /// One file that is staged on targets: its name there, and its bytes' digest.
    package struct File: Sendable, Codable, Hashable {
        /// The path under the step's working directory: `scripts/x`, `files/y`, `lib/z`.
        package var path: String
        /// SHA-256 over the file's bytes; the content store has them under it.
        package var sha256: Digest
        /// The file's length in bytes.
        package var sizeBytes: Int

        private enum CodingKeys: String, CodingKey {
            case path, sha256
            case sizeBytes = "size_bytes"
        }

        package init(path: String, sha256: Digest, sizeBytes: Int) {
            self.path = path
            self.sha256 = sha256
            self.sizeBytes = sizeBytes
        }
    }

    /// Which runbook of the library it is.
    package var id: RunbookID
    /// The runbook's title, so that a plan can be shown without its library.
    package var title: String
    /// What the runbook is for, which decides the gates that bind.
    package var kind: RunbookKind
    /// Over the document and `files`; what approvals of content name.
    package var digest: Digest
    /// Sorted by path.
    package var files: [File]

    package init(id: RunbookID, title: String, kind: RunbookKind, digest: Digest, files: [File]) {
        self.id = id
        self.title = title
        self.kind = kind
        self.digest = digest
        self.files = files
    }
}

/// A parameter's value in a plan: its text, or where the secret comes from.
package struct PlannedParameter: Sendable, Codable, Hashable {
    /// The parameter as the runbook declares it.
    package var name: ParameterName
    /// How `text` was read and is to be read again.
    package var kind: Parameter.Kind
    /// The value as scripts get it; nil for a secret, and for an optional parameter not given.
    package var text: String?
    /// Where the value is fetched from in the run; nil unless it is a secret.
    package var secret: SecretReference?

    package init(
        name: ParameterName, kind: Parameter.Kind, text: String?, secret: SecretReference? = nil
    ) {
        self.name = name
        self.kind = kind
        self.text = text
        self.secret = secret
    }
}

/// A target's record in a plan: where it leads, checked again at the handshake.
package struct PlannedTarget: Sendable, Codable, Hashable {
    /// The target's name in the inventory.
    package var name: TargetName
    /// The host name or address that ssh is given; never starts with a dash.
    package var address: String
    /// TCP port, 1 to 65535.
    package var port: Int
    /// The account to log in with; nil leaves it to the person's ssh configuration.
    package var user: String?
    /// The account that steps run as after the login; nil for the login's own.
    package var becomeUser: String?
    /// The known host keys' fingerprints (`SHA256:…`), sorted; empty when none is known.
    package var hostKeys: [String]
    /// The labels that the runbook's expressions and references use.
    package var labels: [String: [String]]
    /// Where steps that outlive their connection are kept on it; nil for the usual place.
    package var spool: String?

    private enum CodingKeys: String, CodingKey {
        case name, address, port, user
        case becomeUser = "become_user"
        case hostKeys = "host_keys"
        case labels, spool
    }

    package init(
        name: TargetName, address: String, port: Int, user: String?, becomeUser: String?,
        hostKeys: [String], labels: [String: [String]], spool: String? = nil
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.user = user
        self.becomeUser = becomeUser
        self.hostKeys = hostKeys
        self.labels = labels
        self.spool = spool
    }
}

/// How one step would be undone.
package struct PlannedUndo: Sendable, Codable, Hashable {
    /// The step that would be undone.
    package var step: StepID
    /// In the order written; nil when the step says nothing about undo, empty when none is needed.
    package var actions: [Action]?
    /// What the step's typed action puts back by itself; nil when the runbook says how, or nothing
    /// can be put back.
    package var restores: Restoration?
    /// Why it can't be claimed (`irreversible`, `no undo written`); nil when it can.
    package var notUndone: String?

    private enum CodingKeys: String, CodingKey {
        case step, actions, restores
        case notUndone = "not_undone"
    }

    package init(
        step: StepID, actions: [Action]?, restores: Restoration? = nil, notUndone: String?
    ) {
        self.step = step
        self.actions = actions
        self.restores = restores
        self.notUndone = notUndone
    }
}

/// The symptom of a plan: how to ask for it, and for how long it must stay gone.
package struct PlannedSymptom: Sendable, Codable, Hashable {
    /// Exits 0 when the symptom is here, 1 when it is not.
    package var present: ScriptCall
    /// What to do when it isn't there before the run.
    package var notPresent: Symptom.NotPresent
    /// Milliseconds it must stay gone before the run counts as resolved; 0 for one look.
    package var goneForMilliseconds: Int64

    private enum CodingKeys: String, CodingKey {
        case present
        case notPresent = "not_present"
        case goneForMilliseconds = "gone_for_ms"
    }

    package init(
        present: ScriptCall, notPresent: Symptom.NotPresent, goneForMilliseconds: Int64
    ) {
        self.present = present
        self.notPresent = notPresent
        self.goneForMilliseconds = goneForMilliseconds
    }
}

import Runbooks

/// Everything that will be done, and where: what approvals name and runs execute.
///
/// Its canonical JSON (docs/plan.md) is hashed to the PlanDigest. A plan holds no secret and no
/// outcome. Steps carry their parameters' values; what is known only per target stays a reference.
package struct Plan: Sendable, Codable, Hashable {
    /// The format's number: 1.
    package var format: Int
    package var planID: PlanID
    package var libraryID: String
    package var runbook: PlannedRunbook
    package var environment: EnvironmentRule
    package var parameters: [PlannedParameter]
    /// In the order in which they are started.
    package var targets: [PlannedTarget]
    package var steps: [Step]
    /// The runbook's own `verify`.
    package var verify: [AssertAction]
    /// What a rollback would do, last step first; steps without an `undo` are listed, not claimed.
    package var rollback: [PlannedUndo]
    /// The symptom that is asked before and after; nil without one.
    package var symptom: PlannedSymptom?
    /// The alert that the run is an answer to; it chose the symptom.
    package var alert: String?
    package var rollout: Rollout
    package var onFailure: OnFailure?
    package var created: Timestamp
    package var expires: Timestamp

    private enum CodingKeys: String, CodingKey {
        case format
        case planID = "plan_id"
        case libraryID = "library"
        case runbook, environment, parameters, targets, steps, verify, rollback, symptom, alert
        case rollout
        case onFailure = "on_failure"
        case created, expires
    }

    package init(
        planID: PlanID, libraryID: String, runbook: PlannedRunbook, environment: EnvironmentRule,
        parameters: [PlannedParameter], targets: [PlannedTarget], steps: [Step],
        verify: [AssertAction], rollback: [PlannedUndo], symptom: PlannedSymptom?,
        alert: String? = nil, rollout: Rollout, onFailure: OnFailure?, created: Timestamp,
        expires: Timestamp
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
        self.onFailure = onFailure
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
        package var sha256: Digest
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

    package var id: RunbookID
    package var title: String
    package var kind: RunbookKind
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
    package var name: ParameterName
    package var kind: Parameter.Kind
    /// The value as scripts get it; nil for a secret, and for an optional parameter not given.
    package var text: String?
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
    package var name: TargetName
    package var address: String
    package var port: Int
    package var user: String?
    package var becomeUser: String?
    /// The known host keys' fingerprints (`SHA256:…`), sorted; empty when none is known.
    package var hostKeys: [String]
    /// The labels that the runbook's expressions and references use.
    package var labels: [String: [String]]

    private enum CodingKeys: String, CodingKey {
        case name, address, port, user
        case becomeUser = "become_user"
        case hostKeys = "host_keys"
        case labels
    }

    package init(
        name: TargetName, address: String, port: Int, user: String?, becomeUser: String?,
        hostKeys: [String], labels: [String: [String]]
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.user = user
        self.becomeUser = becomeUser
        self.hostKeys = hostKeys
        self.labels = labels
    }
}

/// How one step would be undone.
package struct PlannedUndo: Sendable, Codable, Hashable {
    package var step: StepID
    /// In the order written; nil when the step says nothing about undo, empty when another's does.
    package var actions: [Action]?
    /// Why it can't be claimed (`irreversible`, `no undo written`); nil when it can.
    package var notUndone: String?

    private enum CodingKeys: String, CodingKey {
        case step, actions
        case notUndone = "not_undone"
    }

    package init(step: StepID, actions: [Action]?, notUndone: String?) {
        self.step = step
        self.actions = actions
        self.notUndone = notUndone
    }
}

/// The symptom of a plan: how to ask for it, and for how long it must stay gone.
package struct PlannedSymptom: Sendable, Codable, Hashable {
    package var present: ScriptCall
    package var notPresent: Symptom.NotPresent
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

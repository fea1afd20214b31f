/// A part of a document: which keys it may have.
///
/// The tables of docs/format.md, as the reader uses them.
struct DocumentPart {
    /// With an article, for messages: `a step`.
    let name: String
    let keys: [String]
    let required: [String]
    /// Keys that have their place in the format and are not built yet.
    let notBuilt: [String]

    init(_ name: String, keys: [String], required: [String] = [], notBuilt: [String] = []) {
        self.name = name
        self.keys = keys
        self.required = required
        self.notBuilt = notBuilt
    }

    static let runbook = DocumentPart(
        "a runbook",
        keys: [
            "handrail", "id", "title", "kind", "owner", "review_by", "run_as", "symptoms",
            "targets", "parameters", "steps", "verify", "rollout", "on_failure", "uses", "help",
        ],
        required: ["handrail", "id", "title", "kind", "owner", "steps"],
        notBuilt: [
            "change", "before_wave", "after_wave", "facts", "values", "repeat", "every", "items",
            "exceptions", "tests", "protect",
        ])

    static let symptom = DocumentPart(
        "a symptom",
        keys: ["alert", "when", "fill", "present", "with", "not_present", "gone_for"])

    static let targets = DocumentPart("targets", keys: ["select", "pick", "max"])

    static let rollout = DocumentPart(
        "rollout", keys: ["max_in_flight", "stop_at"],
        notBuilt: [
            "waves", "reach", "soak", "health", "on_stop", "promote", "expected", "keep_going",
        ])

    static let stopAt = DocumentPart(
        "stop_at", keys: ["failures"], required: ["failures"], notBuilt: ["first_wave", "wave"])

    static let onFailure = DocumentPart("on_failure", keys: ["escalate", "note"])

    static let check = DocumentPart(
        "a check", keys: ["assert", "stays_ok_for", "with"], required: ["assert"])

    static let constraintKeys = [
        "pattern", "min", "max", "min_length", "max_length", "choices", "required_if", "excludes",
        "requires",
    ]

    static let parameter = DocumentPart(
        "a parameter",
        keys: ["type", "description", "help", "default", "optional"] + constraintKeys,
        required: ["type"])

    static let output = DocumentPart(
        "an output",
        keys: ["type", "pattern", "min", "max", "min_length", "max_length", "choices"],
        required: ["type"])

    static let actions = [
        "run", "file", "service", "package", "wait", "assert", "collect", "manual", "ask", "stop",
    ]

    static let actionsNotBuilt = ["reboot", "http", "runbook", "plugin"]

    static let step = DocumentPart(
        "a step",
        keys: [
            "id", "title", "effect", "when", "unless", "verify", "undo", "release", "timeout",
            "retry", "outputs", "with", "where", "on_failed", "if_fails", "help", "probe",
            "safe_stop", "stays_ok_for",
        ] + actions,
        required: ["id"],
        notBuilt: ["per", "for_each", "detach", "expects"] + actionsNotBuilt)

    static let undo = DocumentPart(
        "an undo", keys: ["run", "file", "service", "package"], notBuilt: actionsNotBuilt)

    static let release = DocumentPart(
        "a release", keys: ["run", "after", "if_stopped"], required: ["run", "after"])

    static let retry = DocumentPart(
        "retry", keys: ["attempts", "pause"], required: ["attempts"])

    static let script = DocumentPart(
        "a script", keys: ["script", "sh", "args", "stdin", "interpreter"])

    static let file = DocumentPart(
        "file",
        keys: [
            "path", "content", "template", "values", "absent", "mode", "owner", "group", "check",
        ],
        required: ["path"])

    static let service = DocumentPart(
        "service", keys: ["name", "state"], required: ["name", "state"])

    static let package = DocumentPart(
        "package", keys: ["name", "version", "absent"], required: ["name"])

    static let wait = DocumentPart(
        "wait", keys: ["until", "every", "up_to"], required: ["until"])

    static let collect = DocumentPart("collect", keys: ["commands", "files", "limit"])

    static let manual = DocumentPart(
        "manual", keys: ["do", "deadline", "per"], required: ["do"])

    static let ask = DocumentPart(
        "ask", keys: ["question", "choices", "deadline", "per"],
        required: ["question", "choices"])

    static let choice = DocumentPart("a choice", keys: ["id", "label"], required: ["id", "label"])

    static let stop = DocumentPart(
        "stop", keys: ["as", "escalate", "say"], required: ["as", "say"])

    static let configuration = DocumentPart(
        "handrail.yaml", keys: ["handrail", "id", "environments", "inventory"],
        required: ["handrail", "id", "environments"],
        notBuilt: [
            "calendars", "change_types", "protect", "policy", "timezone", "timezones", "branch",
            "max_age",
        ])

    static let environment = DocumentPart(
        "an environment", keys: ["content", "change", "production"])

    static let inventory = DocumentPart(
        "an inventory", keys: ["handrail", "targets", "groups"], required: ["handrail"])

    static let target = DocumentPart(
        "a target", keys: ["address", "port", "user", "environment", "aliases", "labels"])

    static let group = DocumentPart("a group", keys: ["members", "select", "labels"])
}

/// A parameter that a runbook declares: its type, its constraints and its help.
package struct Parameter: Sendable, Hashable, Codable {
    /// What a parameter's text is read as.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case string, integer, number, boolean, choice, list, duration, size, timestamp, target
        case path, hostname, ip, url, email, secret
    }

    /// The constraints a value must meet; all of them are checked, all violations reported.
    package struct Constraints: Sendable, Hashable, Codable {
        /// An anchored regular expression over the whole text.
        package var pattern: String?
        /// The least number, length of time (ms) or size (bytes).
        package var min: Double?
        /// The greatest number, length of time (ms) or size (bytes).
        package var max: Double?
        /// The least number of characters, or of elements of a list.
        package var minLength: Int?
        /// The greatest number of characters (default 4096), or of elements of a list.
        package var maxLength: Int?
        /// The values allowed, for `choice` and for the elements of a `list`.
        package var choices: [String]
        /// The value is needed when this expression over other parameters holds.
        package var requiredIf: Expression?
        /// Parameters that can't be given together with this one.
        package var excludes: [ParameterName]
        /// Parameters that must be given with this one.
        package var requires: [ParameterName]

        package init(
            pattern: String? = nil, min: Double? = nil, max: Double? = nil, minLength: Int? = nil,
            maxLength: Int? = nil, choices: [String] = [], requiredIf: Expression? = nil,
            excludes: [ParameterName] = [], requires: [ParameterName] = []
        ) {
            self.pattern = pattern
            self.min = min
            self.max = max
            self.minLength = minLength
            self.maxLength = maxLength
            self.choices = choices
            self.requiredIf = requiredIf
            self.excludes = excludes
            self.requires = requires
        }
    }

    /// What steps refer to as `$name`, and people give as `name=value`.
    package let name: ParameterName
    /// How its text is read; `secret` is the one kind whose value no plan holds.
    package let kind: Kind
    /// What a value must meet beyond its kind.
    package let constraints: Constraints
    /// Taken when nothing is given; already checked against the constraints.
    package let defaultValue: Value?
    /// Whether a run without a value and a default is allowed.
    package let isOptional: Bool
    /// One line for the form and the confirmation.
    package let description: String
    /// A longer explanation, shown on request.
    package let help: String?

    package init(
        name: ParameterName, kind: Kind, constraints: Constraints = Constraints(),
        defaultValue: Value? = nil, isOptional: Bool = false, description: String = "",
        help: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.constraints = constraints
        self.defaultValue = defaultValue
        self.isOptional = isOptional
        self.description = description
        self.help = help
    }
}

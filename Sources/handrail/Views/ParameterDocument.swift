import Runbooks

/// The JSON form of a runbook's parameter, in what people and forms need of it.
struct ParameterDocument: Encodable, Sendable {
    let name: ParameterName
    let type: String
    let description: String
    let help: String?
    /// Whether a value must be given: there is no default, and it isn't optional.
    let isNeeded: Bool
    /// As people write it.
    let defaultText: String?
    let choices: [String]
    let pattern: String?
    let min: Double?
    let max: Double?
    let minLength: Int?
    let maxLength: Int?
    let requiredIf: String?
    let excludes: [ParameterName]
    let requires: [ParameterName]

    private enum CodingKeys: String, CodingKey {
        case name, type, description, help, choices, pattern, min, max, excludes, requires
        case isNeeded = "is_needed"
        case defaultText = "default"
        case minLength = "min_length"
        case maxLength = "max_length"
        case requiredIf = "required_if"
    }

    init(_ parameter: Parameter) {
        let limits = parameter.constraints
        name = parameter.name
        type = parameter.kind.rawValue
        description = parameter.description
        help = parameter.help
        isNeeded = parameter.defaultValue == nil && !parameter.isOptional
        defaultText = parameter.defaultValue?.shown
        choices = limits.choices
        (pattern, min, max) = (limits.pattern, limits.min, limits.max)
        (minLength, maxLength) = (limits.minLength, limits.maxLength)
        requiredIf = limits.requiredIf?.description
        (excludes, requires) = (limits.excludes, limits.requires)
    }
}

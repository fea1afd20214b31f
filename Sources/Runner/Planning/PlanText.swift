import Runbooks

extension Value {
    /// The encoding in which the value reaches scripts; nil for a secret, which has none here.
    var planText: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number):
            number.isFinite ? CanonicalJSON.text(of: number) : number.description
        case .boolean(let truth): truth ? "true" : "false"
        case .duration(let milliseconds): Self.seconds(milliseconds)
        case .size(let bytes): String(bytes)
        case .list(let elements): elements.joined(separator: "\n")
        case .secret: nil
        }
    }

    private static func seconds(_ milliseconds: Int) -> String {
        CanonicalJSON.text(of: Double(milliseconds) / 1000)
    }
}

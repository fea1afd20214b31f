/// A JSON value of a schema.
package indirect enum SchemaTree: Sendable, Hashable, Encodable {
    case object([String: SchemaTree])
    case list([SchemaTree])
    case text(String)
    case integer(Int)
    case truth(Bool)

    /// Writes the value as itself, without a sign of its case.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .object(let members): try container.encode(members)
        case .list(let elements): try container.encode(elements)
        case .text(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        case .truth(let isTrue): try container.encode(isTrue)
        }
    }

    /// A list of texts.
    static func texts(_ texts: [String]) -> SchemaTree { .list(texts.map(SchemaTree.text)) }

    /// The type of a schema, or the types of which one fits.
    static func types(_ names: String...) -> SchemaTree {
        names.count == 1 ? .text(names[0]) : .texts(names)
    }
}

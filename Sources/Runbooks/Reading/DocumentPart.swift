/// A part of a document: which keys it may have, and what may stand there.
///
/// The tables of docs/format.md. The readers refuse what is not in them, and take their limits
/// from them; the JSON Schema is made of them.
struct DocumentPart: Sendable {
    /// A key, with what may stand there.
    struct Key: Sendable {
        let name: String
        let shape: Shape
        let isRequired: Bool
        /// The key means something only where one of these stands, too; empty: everywhere.
        let beside: [String]
        /// Keys that can't stand beside it.
        let excludes: [String]

        init(
            _ name: String, _ shape: Shape, required: Bool = false, beside: [String] = [],
            excludes: [String] = []
        ) {
            self.name = name
            self.shape = shape
            isRequired = required
            self.beside = beside
            self.excludes = excludes
        }
    }

    /// With an article, for messages: `a step`.
    let name: String
    let table: [Key]
    /// Keys of which exactly one must stand there; empty where there is no such choice.
    let exactlyOne: [String]
    /// Keys of which at least one must stand there; empty where there is no such choice.
    let atLeastOne: [String]
    /// Keys that have their place in the format and are not built yet.
    let notBuilt: [String]
    private let shapes: [String: Shape]

    init(
        _ name: String, _ table: [Key], exactlyOne: [String] = [], atLeastOne: [String] = [],
        notBuilt: [String] = []
    ) {
        self.name = name
        self.table = table
        self.exactlyOne = exactlyOne
        self.atLeastOne = atLeastOne
        self.notBuilt = notBuilt
        shapes = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0.shape) })
    }

    /// The keys, in the order of the specification.
    var keys: [String] { table.map(\.name) }
    /// The keys that must be there.
    var required: [String] { table.filter(\.isRequired).map(\.name) }

    /// Whether a key is in the table.
    func has(_ key: String) -> Bool { shapes[key] != nil }

    /// What may stand at a key; asking for one that is not in the table is our own mistake.
    func shape(of key: String) -> Shape {
        guard let shape = shapes[key] else {
            preconditionFailure("\(name) has no key '\(key)' in its table")
        }
        return shape
    }

    /// The keys that mean something only beside another one.
    func keys(beside key: String) -> [String] {
        table.filter { $0.beside.contains(key) }.map(\.name)
    }

    /// The keys that can't stand beside a key.
    func excludes(of key: String) -> [String] { table.first { $0.name == key }?.excludes ?? [] }

    /// The limit of a key's list or mapping, and whether one element may stand for the list.
    func count(of key: String) -> (range: ClosedRange<Int>, orOne: Bool) {
        for shape in shape(of: key).alternatives {
            switch shape {
            case .list(_, let range, let orOne): return (range, orOne)
            case .mapping(_, _, let range): return (range, false)
            default: continue
            }
        }
        preconditionFailure("'\(key)' of \(name) is no list and no mapping")
    }
}

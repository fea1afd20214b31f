/// A value of a YAML document with its place, before anything decides what it means.
///
/// Scalars keep their text: no type is guessed (docs/format.md, "YAML, made safe").
struct YamlNode: Sendable {
    /// How a scalar was written.
    enum Style: Sendable { case plain, quoted, block }

    /// What stands here.
    enum Content: Sendable {
        case scalar(String, Style)
        case list([YamlNode])
        case mapping([Pair])
        /// Something that was reported already; readers pass over it in silence.
        case unreadable
    }

    /// One key of a mapping with its value; keys are unique within their mapping.
    struct Pair: Sendable {
        let key: String
        let keyMark: YamlMark
        let value: YamlNode
    }

    let content: Content
    let start: YamlMark
    /// The place after a scalar's last character; of a mapping, the next thing that stands there.
    let end: YamlMark

    /// The text of a scalar; nil for lists and mappings.
    var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// Whether nothing was written where a value could stand.
    var isEmpty: Bool {
        if case .scalar(let text, .plain) = content { text.isEmpty } else { false }
    }

    /// What it is, in words for a diagnostic.
    var kindInWords: String {
        switch content {
        case .scalar: isEmpty ? "nothing" : "text"
        case .list: "a list"
        case .mapping: "a mapping"
        case .unreadable: "something unreadable"
        }
    }
}

/// A place in a YAML document: line and column from 1, columns in Unicode scalars.
struct YamlMark: Sendable, Hashable {
    let line: Int
    let column: Int
}

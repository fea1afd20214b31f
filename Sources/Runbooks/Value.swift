/// A checked value of a parameter, a label, an answer or an output.
///
/// Its `text` is the one encoding in which values reach scripts (docs/semantics.md, "Parameters").
package enum Value: Sendable, Hashable, Codable {
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    /// A length of time in milliseconds.
    case duration(milliseconds: Int)
    /// A size in bytes.
    case size(bytes: Int)
    case list([String])
    /// A secret: where it comes from, never what it is.
    case secret(SecretReference)
}

/// Where a secret comes from; the only form of a secret that is ever stored or shown.
package struct SecretReference: Sendable, Hashable, Codable {
    /// `prompt`, `file` or `stdin`.
    package let source: String
    /// The parameter's name, or the file's path.
    package let name: String

    package init(source: String, name: String) {
        self.source = source
        self.name = name
    }
}

/// The value of a secret, kept out of text, JSON, logs and the debugger's output.
///
/// It is not `Codable`, and its descriptions are fixed. `reveal()` is called in two places: where
/// the value goes to its target, and in `Redactor`.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let value: String

    package init(_ value: String) { self.value = value }

    /// The value itself.
    package func reveal() -> String { value }

    /// The fixed word `[secret]`.
    package var description: String { "[secret]" }
    /// The fixed word `[secret]`.
    package var debugDescription: String { "[secret]" }
    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

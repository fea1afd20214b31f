/// A file of parameters in YAML: one mapping of names to texts, or to lists of them.
///
/// It is read as documents are: hostile input, with all limits, and without guessing types
/// (docs/format.md, "YAML, made safe").
package enum ParameterFile {
    /// Reads the bytes of a file.
    ///
    /// With `hidesText`, nothing of the file is quoted: it holds a secret.
    package static func read(
        _ bytes: [UInt8], file: String, hidesText: Bool
    ) -> Checked<[String: GivenValue]> {
        let loaded = YamlLoader.load(bytes, file: file)
        var reading = DocumentReading(loaded)
        var given: [String: GivenValue] = [:]
        switch loaded.root?.content {
        case .mapping(let pairs):
            for pair in pairs { given[pair.key] = reading.parameter(pair) }
        case .unreadable: break
        case nil where reading.hasErrors: break
        case .scalar, .list, nil:
            reading.error(
                "wrong-type", "The file must hold names with values, such as 'limit: 20'.",
                at: loaded.root?.start ?? loaded.source.mark(of: 0))
        }
        let found = reading.diagnostics.map { hidesText ? $0.hidden : $0.withoutDocumentHints }
        return Checked(value: reading.hasErrors ? nil : given, diagnostics: found)
    }
}

extension DocumentReading {
    /// A parameter's value: a text, or a list of texts.
    fileprivate mutating func parameter(_ pair: YamlNode.Pair) -> GivenValue? {
        switch pair.value.content {
        case .scalar: return written(pair.value).map(GivenValue.text)
        case .list(let nodes): return .list(nodes.compactMap { written($0) })
        case .unreadable: return nil
        case .mapping:
            error(
                "wrong-type", "A value is text or a list of texts, and this is a mapping.",
                at: pair.value.start)
            return nil
        }
    }

    private mutating func written(_ node: YamlNode) -> String? {
        guard case .scalar(let text, let style) = node.content else {
            error("wrong-type", "An element of a list is text.", at: node.start)
            return nil
        }
        if style == .plain, ["", "~", "null", "Null", "NULL"].contains(text) {
            error(
                "bad-value", "No value stands here.", at: node.start,
                hint: "Leave the name out; write \"\" for an empty text.")
            return nil
        }
        return text
    }
}

extension Diagnostic {
    /// The same without any text of the file.
    fileprivate var hidden: Diagnostic {
        Diagnostic(
            severity, code: code,
            message: "This place can't be read; its text is not shown, since it may be a secret.",
            at: position, excerpt: nil, hint: nil)
    }

    /// The same without advice that is about documents of a library.
    fileprivate var withoutDocumentHints: Diagnostic {
        guard hint?.contains("handrail: 1") == true else { return self }
        return Diagnostic(
            severity, code: code, message: message, at: position, excerpt: excerpt, hint: nil)
    }
}

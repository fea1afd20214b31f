/// A template of a runbook's file: text with `{{ name }}` places.
///
/// Nothing else has a meaning: no conditions, no loops, no filters. `{{{{` is the text `{{`.
package struct Template: Sendable, Hashable {
    /// A piece of a template.
    package enum Part: Sendable, Hashable {
        case text(String)
        case place(ParameterName)
    }

    /// Why a text is no template.
    package struct Problem: Error, Sendable, Hashable {
        /// The line of the template, from 1.
        package let line: Int
        /// What is wrong, in one sentence.
        package let message: String
    }

    /// Text and names, in order; joined, they are the template.
    package let parts: [Part]

    /// Reads a template's text.
    ///
    /// - Throws: `Problem` for a place that is not closed or has no proper name.
    package init(_ text: String) throws(Problem) {
        var parts: [Part] = []
        var rest = Substring(text)
        var line = 1
        while let open = rest.firstRange(of: "{{") {
            let before = rest[..<open.lowerBound]
            line += before.count { $0.isNewline }
            rest = rest[open.upperBound...]
            if rest.hasPrefix("{{") {
                rest = rest.dropFirst(2)
                parts.append(.text(String(before) + "{{"))
                continue
            }
            guard let close = rest.firstRange(of: "}}") else {
                throw Problem(line: line, message: "'{{' is not closed by '}}'.")
            }
            let written = rest[..<close.lowerBound]
            let trimmed = String(
                written.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            guard let name = ParameterName(rawValue: trimmed) else {
                let shown = Excerpt.line(String(written))
                throw Problem(
                    line: line,
                    message: "'{{\(shown)}}' holds no name: \(ParameterName.grammar).")
            }
            parts.append(.text(String(before)))
            parts.append(.place(name))
            rest = rest[close.upperBound...]
        }
        parts.append(.text(String(rest)))
        self.parts = parts
    }

    /// The names of its places, sorted, each once.
    package var names: [ParameterName] {
        let all = parts.compactMap { part in
            if case .place(let name) = part { name } else { nil }
        }
        return Set(all).sorted()
    }

    /// The text with each place filled; nil where a place has no value.
    package func filled(with values: [ParameterName: String]) -> String? {
        var text = ""
        for part in parts {
            switch part {
            case .text(let piece): text += piece
            case .place(let name):
                guard let value = values[name] else { return nil }
                text += value
            }
        }
        return text
    }
}

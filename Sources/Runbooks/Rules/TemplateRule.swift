/// A template's places and the values given to it are the same names.
enum TemplateRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        for use in draft.templates {
            guard let bytes = files.entry(use.path)?.bytes else { continue }
            guard YamlScreening.firstInvalidByte(bytes) == nil else {
                document.error(
                    "not-utf8", "The template '\(Excerpt.line(use.path))' is not UTF-8.",
                    at: use.mark, excerpt: use.path, hint: "Save it as UTF-8, or use `content`.")
                continue
            }
            do {
                let template = try Template(String(decoding: bytes, as: UTF8.self))
                compare(template, use, &document)
            } catch {
                document.error(
                    "template-name",
                    "Line \(error.line) of '\(Excerpt.line(use.path))': \(error.message)",
                    at: use.mark, excerpt: use.path,
                    hint: "Write {{ name }}; the text '{{' itself is written '{{{{'.")
            }
        }
    }

    private static func compare(
        _ template: Template, _ use: RunbookDraft.TemplateUse, _ document: inout DocumentReading
    ) {
        let places = template.names.map(\.rawValue)
        let given = use.names.map(\.name)
        for place in places where !given.contains(place) {
            document.error(
                "template-name",
                "'{{ \(place) }}' in '\(Excerpt.line(use.path))' has no value.", at: use.mark,
                excerpt: use.path,
                hint: nearestName(to: place, among: given).map { "Did you mean '\($0)'?" }
                    ?? "Add it to `values`.")
        }
        for (name, mark) in use.names where !places.contains(name) {
            document.error(
                "template-name", "'\(Excerpt.line(use.path))' has no place '{{ \(name) }}'.",
                at: mark, excerpt: name,
                hint: nearestName(to: name, among: places).map { "Did you mean '\($0)'?" }
                    ?? "Remove the value.")
        }
    }
}

/// Types are named with the words of docs and documents, and never by a word that says nothing.
enum VocabularyRule {
    /// Words that say nothing about what a type is.
    private static let empty: Set<String> = [
        "Manager", "Util", "Utils", "Utility", "Helper", "Helpers", "Impl", "Base", "Info", "Misc",
    ]

    /// Words of other tools, and ours in their place.
    private static let foreign: [String: String] = [
        "Job": "Run or Step", "Task": "Step or Attempt", "Workflow": "Runbook", "Node": "Target",
        "Host": "Target", "Playbook": "Runbook", "Stage": "Wave",
    ]

    /// Names that hold such a word and mean something else, as `file/Type`, and what.
    static let exempt: [String: String] = [
        "YamlNode.swift/YamlNode": "a node of a YAML document",
        "TextPatternParser.swift/PatternNode": "a node of a pattern's syntax tree",
        "Redactor.swift/Node": "a state of the redactor's automaton",
        "Ports.swift/HostKeyDirectory": "ssh's own word",
        "KnownHosts.swift/KnownHosts": "ssh's own word",
        "KnownHostsFile.swift/KnownHostsFile": "ssh's own word",
    ]

    private static let declaring: Set<String> = [
        "struct", "enum", "class", "actor", "protocol", "typealias",
    ]

    static func findings(in file: SourceFile) -> [Finding] {
        file.code.indices.dropLast().flatMap { index -> [Finding] in
            guard declaring.contains(file.code[index].text), file.code[index].kind == .word,
                !file.isCode(".", at: index - 1)
            else { return [] }
            let name = file.code[index + 1]
            guard name.kind == .word, exempt["\(file.name)/\(name.text)"] == nil else { return [] }
            return words(of: name.text).compactMap { word in
                advice(about: word).map { advice in
                    file.finding(
                        name.line, "the type '\(name.text)' has '\(word)' in its name", do: advice)
                }
            }
        }
    }

    private static func advice(about word: String) -> String? {
        if empty.contains(word) { return "Name it by what it holds or does" }
        return foreign[word].map { "Here that is called \($0)" }
    }

    /// The words of a name in camel case.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        for character in name {
            if character.isUppercase || words.isEmpty {
                words.append(String(character))
            } else {
                words[words.count - 1].append(character)
            }
        }
        return words
    }
}

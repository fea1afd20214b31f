/// The words of a question, so that whatever people type is looked for and never obeyed.
package enum SearchWords {
    /// The most words of a question that are looked for.
    package static let most = 16
    /// The longest word that is looked for, in characters.
    package static let longest = 64

    /// The words of a text: runs of letters and digits, in lower case, each once.
    package static func of(_ text: String) -> [String] {
        var seen: Set<String> = []
        return text.lowercased().split { !($0.isLetter || $0.isNumber) }
            .map { String($0.prefix(longest)) }
            .filter { seen.insert($0).inserted }
            .prefix(most).map(\.self)
    }

    /// The words as an expression of FTS5, each as the beginning of a word.
    ///
    /// A word is in double quotes, and has none within: nothing in it is an operator
    /// (sqlite.org/fts5.html, section 3.1).
    static func expression(_ words: [String], joined: String, in columns: String? = nil) -> String {
        let body = words.map { "\"\($0)\"*" }.joined(separator: " \(joined) ")
        return columns.map { "{\($0)} : (\(body))" } ?? body
    }

    /// A name such as `DiskAlmostFull` beside its words.
    package static func spelledOut(_ name: String) -> String {
        var words = ""
        var isLower = false
        for character in name {
            if character.isUppercase, isLower { words.append(" ") }
            isLower = character.isLowercase || character.isNumber
            words.append(character)
        }
        return words == name ? name : "\(name) \(words)"
    }
}

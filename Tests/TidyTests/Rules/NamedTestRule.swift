/// A page that says which test holds a rule names one that is there.
enum NamedTestRule {
    /// A word with so many capitals within is a test's name; product and API names have fewer.
    private static let fewestCapitals = 3

    static func findings(
        inLines lines: [String], of path: String, types: Set<String>, functions: Set<String>
    ) -> [Finding] {
        lines.enumerated().flatMap { index, line in
            words(of: line).compactMap { word in
                missing(word, types, functions).map { name in
                    Finding(
                        place: "\(path):\(index + 1)", what: "no test is called '\(name)'",
                        advice: "Name the test that holds the rule, or write it")
                }
            }
        }
    }

    /// What stands between backquotes, if it may be a name.
    private static func words(of line: String) -> [Substring] {
        line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 && !$0.element.isEmpty }
            .map(\.element)
            .filter { word in
                word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") }
            }
    }

    private static func missing(
        _ word: Substring, _ types: Set<String>, _ functions: Set<String>
    ) -> String? {
        let parts = word.split(separator: ".").map(String.init)
        guard let first = parts.first, parts.count <= 2 else { return nil }
        if first.hasSuffix("Tests"), first.first?.isUppercase == true {
            guard types.contains(first) else { return first }
            return parts.count == 2 && !functions.contains(parts[1]) ? String(word) : nil
        }
        guard parts.count == 1, first.first?.isLowercase == true,
            first.filter(\.isUppercase).count >= fewestCapitals
        else { return nil }
        return functions.contains(first) ? nil : first
    }
}

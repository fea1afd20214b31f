/// What people write may begin with dashes, three and more of which the argument parser takes for
/// a broken option wherever they stand.
enum DashedText {
    /// Options whose value is a person's text.
    private static let spoken: Set<String> = ["--note", "--why"]

    /// The same words, in a form that the parser takes: `--note=--- text`, and a note's own text
    /// behind `--`.
    static func parsable(_ arguments: [String]) -> [String] {
        var words: [String] = []
        var texts: [String] = []
        var index = arguments.startIndex
        while index < arguments.endIndex {
            let word = arguments[index]
            if word == "--" { return words + arguments[index...] + texts }
            let next = index + 1 < arguments.endIndex ? arguments[index + 1] : nil
            if spoken.contains(word), let next, next.hasPrefix("---") {
                words.append("\(word)=\(next)")
                index += 1
            } else if word.hasPrefix("---"), arguments.first == "note" {
                texts.append(word)
            } else {
                words.append(word)
            }
            index += 1
        }
        return texts.isEmpty ? words : words + ["--"] + texts
    }
}

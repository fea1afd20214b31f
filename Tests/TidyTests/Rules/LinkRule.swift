/// A page's relative links, and the project's paths it names, lead to something.
enum LinkRule {
    /// What a path in backticks starts with when it is meant as one of the project's; `scripts/`
    /// is a folder of every runbook, too.
    private static let folders = ["Sources/", "Tests/", "docs/", "benchmarks/"]

    static func findings(
        inLines lines: [String], of path: String, exists: (String) -> Bool
    ) -> [Finding] {
        var findings: [Finding] = []
        var isCode = false
        for (number, line) in zip(1..., lines) {
            if line.hasPrefix("```") { isCode.toggle() }
            guard !isCode else { continue }
            let wanted =
                links(in: line).map { resolved($0, from: path) } + named(in: line)
            findings += wanted.filter { !exists($0) }.map {
                Finding(
                    place: "\(path):\(number)", what: "'\($0)' is not there",
                    advice: "Correct the link, or write the page it promises")
            }
        }
        return findings
    }

    /// The relative destinations of a line's links, without what follows `#`.
    private static func links(in line: String) -> [String] {
        line.components(between: "](", and: ")").compactMap { link in
            let path = link.split(separator: "#", omittingEmptySubsequences: false)[0]
            return path.isEmpty || path.contains("://") || path.hasPrefix("mailto:")
                ? nil : String(path)
        }
    }

    /// The project's own paths that a line names in backticks, without patterns and arguments.
    private static func named(in line: String) -> [String] {
        line.components(between: "`", and: "`").filter { text in
            folders.contains(where: text.hasPrefix) && !text.contains(where: "*{}… <>$".contains)
        }
    }

    /// A link's path from the project's root.
    static func resolved(_ link: String, from page: String) -> String {
        var parts =
            link.hasPrefix("/") ? [] : page.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }
}

extension String {
    /// The texts that stand between two marks, first to last.
    fileprivate func components(between start: String, and end: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let open = rest.firstRange(of: start) {
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: end) else { break }
            found.append(String(rest[..<close.lowerBound]))
            rest = rest[close.upperBound...]
        }
        return found
    }
}

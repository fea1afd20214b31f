/// No file names a path of the machine that somebody developed on: it means nothing elsewhere.
enum MachinePathRule {
    /// Put together, so that this file doesn't break its own rule.
    private static let everywhere = ["/wo" + "rk/", "/Us" + "ers/", "/opt/sw" + "ift"]

    /// Paths of accounts: real on a target, and in the lab that stands in for targets.
    private static let accounts = ["/ho" + "me/", "/ro" + "ot/"]

    /// Where paths of accounts are a target's own, made up for a test, or an example.
    private static let examples = [
        "scripts/fleet", "docs/fleet.md", "Tests/", "runbooks/", "benchmarks/",
    ]

    static func findings(inLines lines: [String], of path: String) -> [Finding] {
        let banned = everywhere + (examples.contains(where: path.hasPrefix) ? [] : accounts)
        return zip(1..., lines).flatMap { number, line in
            banned.filter { starts(with: $0, in: line) }.map {
                Finding(
                    place: "\(path):\(number)", what: "'\($0)' is a path of one machine",
                    advice: "Write it relative to the project, or as a variable")
            }
        }
    }

    /// Whether an absolute path in the line starts so.
    private static func starts(with prefix: String, in line: String) -> Bool {
        line.ranges(of: prefix).contains { range in
            guard let before = line[..<range.lowerBound].last else { return true }
            return !(before.isLetter || before.isNumber || "._-~}/)$*<>".contains(before))
        }
    }
}

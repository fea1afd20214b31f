/// What people start is executable and says its interpreter; what is executable can be started.
enum ScriptRule {
    /// Folders whose own files are all commands.
    private static let folders = ["scripts/", "benchmarks/", ".ci/"]

    static func findings(about path: String, firstLine: String, isExecutable: Bool) -> [Finding] {
        let hasInterpreter = firstLine.hasPrefix("#!/")
        var findings: [Finding] = []
        if isCommand(path), !isExecutable {
            findings.append(
                Finding(
                    place: "\(path):1", what: "nobody may execute it",
                    advice: "chmod +x it, or take its first line away"))
        }
        if isCommand(path) || isExecutable, !hasInterpreter {
            findings.append(
                Finding(
                    place: "\(path):1", what: "it doesn't say who reads it",
                    advice: "Start it with #! and an interpreter, or chmod -x it"))
        }
        return findings
    }

    /// Whether a file stands directly in a folder of commands, and is no page or data.
    private static func isCommand(_ path: String) -> Bool {
        folders.contains { folder in
            let name = path.dropFirst(folder.count)
            return path.hasPrefix(folder) && !name.contains("/") && !name.contains(".")
        }
    }
}

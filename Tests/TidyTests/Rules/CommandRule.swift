/// The file list of Commands is the manual: every command in it is registered.
enum CommandRule {
    static let folder = "Sources/handrail/Commands/"

    private static let kinds: Set<String> = [
        "HandrailCommand", "ParsableCommand", "AsyncParsableCommand",
    ]

    static func findings(in files: [SourceFile]) -> [Finding] {
        let registered = Set(
            files.flatMap { file in
                file.code.indices.filter {
                    file.isCode(".", at: $0 + 1) && file.isCode("self", at: $0 + 2)
                }.map { file.code[$0].text }
            })
        return files.filter { $0.path.hasPrefix(folder) && !$0.name.contains("+") }.flatMap {
            file in
            let commands = commands(in: file)
            guard !commands.isEmpty else {
                return [
                    file.finding(
                        1, "the file holds no command",
                        do: "Move it out of Commands, or declare the command it is named after")
                ]
            }
            return commands.filter { !registered.contains($0.text) }.map {
                file.finding(
                    $0.line, "nobody can type the command '\($0.text)'",
                    do: "Add \($0.text).self to the subcommands in Handrail.swift")
            }
        }
    }

    /// The names of the types in a file that are commands.
    private static func commands(in file: SourceFile) -> [Token] {
        file.code.indices.compactMap { index in
            guard file.isCode("struct", at: index), file.isCode(":", at: index + 2),
                let open = (index..<file.code.count).first(where: { file.isCode("{", at: $0) }),
                file.code[index..<open].contains(where: { kinds.contains($0.text) })
            else { return nil }
            return file.code[index + 1]
        }
    }
}

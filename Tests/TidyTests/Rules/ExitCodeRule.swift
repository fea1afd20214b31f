/// Every error that callers switch on by its code has its rows in the exit-code table, case by
/// case, and is shown as a failure of its own.
enum ExitCodeRule {
    static let table = "Sources/handrail/ExitCode.swift"
    static let failures = "Sources/handrail/Failure.swift"

    static func findings(in files: [SourceFile]) -> [Finding] {
        let table = files.first { $0.path == Self.table }
        let failures = files.first { $0.path == Self.failures }
        return files.flatMap { file in
            file.code.indices.flatMap { index -> [Finding] in
                guard let error = errorWithCodes(file, index) else { return [] }
                let place = file.code[index]
                guard let rows = table.flatMap({ rows(of: error.name, in: $0) }) else {
                    return [
                        file.finding(
                            place.line, "\(error.name) has no rows in \(Self.table)",
                            do: "Add 'init(_ code: \(error.name).Code)' there, with a switch")
                    ]
                }
                let missing = error.cases.filter { !rows.contains($0) }
                let isShown = failures.map { isCaught(error.name, in: $0) } ?? false
                return missing.map {
                    file.finding(
                        place.line, "\(error.name).Code.\($0) has no row in \(Self.table)",
                        do: "Name the case there; a 'default' hides what is new")
                }
                    + (isShown
                        ? []
                        : [
                            file.finding(
                                place.line, "\(error.name) would be shown as an internal error",
                                do: "Add 'case let error as \(error.name)' in \(Self.failures)")
                        ])
            }
        }
    }

    /// The error that is declared at this token with an `enum Code` in it.
    private static func errorWithCodes(
        _ file: SourceFile, _ index: Int
    ) -> (name: String, cases: [String])? {
        guard file.isCode("struct", at: index), file.code[index + 1].text.hasSuffix("Error"),
            let open = (index..<file.code.count).first(where: { file.isCode("{", at: $0) }),
            let end = file.end(of: open),
            let code = (open..<end).first(where: {
                file.isCode("enum", at: $0) && file.isCode("Code", at: $0 + 1)
            }), let first = (code..<end).first(where: { file.isCode("{", at: $0) }),
            let last = file.end(of: first)
        else { return nil }
        let cases = (first + 1..<last).filter {
            file.isCode("case", at: $0 - 1) || file.isCode(",", at: $0 - 1)
        }
        return (file.code[index + 1].text, cases.map { file.code[$0].text })
    }

    /// The cases named in the table's initialiser for an error; nil when it has none.
    private static func rows(of error: String, in table: SourceFile) -> Set<String>? {
        let start = table.code.indices.first { index in
            table.isCode("code", at: index) && table.isCode(error, at: index + 2)
                && table.isCode("Code", at: index + 4)
        }
        guard let start,
            let open = (start..<table.code.count).first(where: { table.isCode("{", at: $0) }),
            let end = table.end(of: open)
        else { return nil }
        return Set(
            (open..<end).filter { table.isCode(".", at: $0 - 1) }.map { table.code[$0].text })
    }

    private static func isCaught(_ error: String, in failures: SourceFile) -> Bool {
        failures.code.indices.contains {
            failures.isCode("as", at: $0) && failures.isCode(error, at: $0 + 1)
        }
    }
}

/// Runbooks and Runner read no clock, file, process, environment or randomness: the same input
/// gives the same answer, and a run can be replayed.
enum PurityRule {
    static let modules: Set<String> = ["Runbooks", "Runner"]

    /// Names that reach outside, however they are used.
    private static let names: Set<String> = [
        "FileManager", "FileHandle", "ProcessInfo", "SystemRandomNumberGenerator",
        "ContinuousClock", "SuspendingClock", "Bundle", "URLSession", "UserDefaults", "Thread",
    ]

    /// Functions and types that reach outside when they are called by their bare name.
    ///
    /// `abort` and `sleep` are words of ours too; libc's own need an import that ImportRule refuses.
    private static let calls: Set<String> = [
        "Date", "UUID", "Process", "print", "debugPrint", "dump", "readLine", "getenv", "setenv",
        "fopen", "open", "creat", "mkstemp", "unlink", "system", "fork", "exit",
        "usleep", "time", "clock_gettime", "gettimeofday", "arc4random", "random", "getpid",
    ]

    /// Members that reach outside when they are called, on anything.
    private static let members: Set<String> = [
        "random", "randomElement", "shuffled", "shuffle", "sleep",
    ]

    static func findings(in file: SourceFile) -> [Finding] {
        guard modules.contains(file.module) else { return [] }
        return file.code.indices.compactMap { index in
            guard let name = forbidden(file, index) else { return nil }
            return file.finding(
                file.code[index].line, "\(file.module) is pure, and this uses \(name)",
                do: "Take it as a parameter or through a port, and wire it in Live.swift")
        }
    }

    private static func forbidden(_ file: SourceFile, _ index: Int) -> String? {
        let token = file.code[index]
        guard token.kind == .word else { return nil }
        let isMember = file.isCode(".", at: index - 1)
        let isCalled = file.isCode("(", at: index + 1)
        let isDeclared = file.isCode("func", at: index - 1) || file.isCode("case", at: index - 1)
        if isMember {
            if members.contains(token.text), isCalled { return ".\(token.text)(" }
            return token.text == "now" ? clockReading(file, index) : nil
        }
        if names.contains(token.text), !file.isCode(":", at: index + 1), !isDeclared {
            return token.text
        }
        return calls.contains(token.text) && isCalled && !isDeclared ? "\(token.text)(" : nil
    }

    /// A clock's `.now`: after a clock or `Date`, or as an implicit member.
    private static func clockReading(_ file: SourceFile, _ index: Int) -> String? {
        let owner = index - 2
        guard owner >= 0, file.code[owner].kind == .word || file.code[owner].text == ")" else {
            return ".now"
        }
        let name = file.code[owner].text.lowercased()
        let isKeyword = ["return", "in", "case", "else", "try", "await"].contains(name)
        return name == "date" || name.hasSuffix("clock") || isKeyword ? ".now" : nil
    }
}

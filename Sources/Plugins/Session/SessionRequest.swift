/// The requests of a session, as bytes (docs/session-protocol.md, sections 1 and 3 to 7).
enum SessionRequest {
    private static let library = compacted(
        PackageResources.session_sh + PackageResources.groups_sh + PackageResources.staging_sh)

    /// What a session stages as `in/spool.sh` and `in/supervisor.sh` before its first detached step
    /// (docs/detached-steps.md, section 3).
    static let spool = compacted(PackageResources.claim_sh + PackageResources.spool_sh)
    static let supervisor = compacted(
        PackageResources.groups_sh + PackageResources.claim_sh + PackageResources.supervisor_sh)

    /// A script of ours without comments and indentation: some shells read it byte by byte.
    static func compacted(_ script: [UInt8]) -> [UInt8] {
        script.split(separator: UInt8(ascii: "\n"))
            .map { $0.drop { $0 == UInt8(ascii: " ") } }
            .filter { $0.first != UInt8(ascii: "#") }
            .flatMap { $0 + [UInt8(ascii: "\n")] }
    }

    /// The most bytes that one `put` may carry (section 4).
    static let longestPut = 1 << 20

    /// The script that the target's shell is given: the library, and the call that starts it.
    ///
    /// `isRepeated`: whether the session has asked for it a second time.
    static func start(_ nonce: Nonce, graceSeconds: Int, isRepeated: Bool) -> [UInt8] {
        library
            + Array("hr_main \(nonce.text) \(graceSeconds)\(isRepeated ? " again" : "")\n".utf8)
    }

    /// One piece of a file.
    static func put(
        _ nonce: Nonce, _ piece: ArraySlice<UInt8>, isProgram: Bool, isLast: Bool, path: String
    ) -> [UInt8] {
        let head =
            "put \(nonce.text) \(piece.count) \(isProgram ? 700 : 600) "
            + "\(isLast ? "last" : "more") \(path)\n"
        return Array(head.utf8) + piece
    }

    /// A short text, written by the target's shell itself: no fork, and no exec bit.
    ///
    /// Without a nonce it isn't answered.
    static func text(_ nonce: Nonce?, _ bytes: [UInt8], path: String) -> [UInt8] {
        let lines = bytes.count { $0 == UInt8(ascii: "\n") }
        return Array("text \(nonce?.text ?? "-") \(lines) \(path)\n".utf8) + bytes
    }

    /// Whether bytes can go as a `text`: whole lines without NUL, and so few that reading them byte
    /// by byte costs the target less than the five programs of a `put`.
    static func isShortText(_ bytes: [UInt8]) -> Bool {
        bytes.count <= 8192 && (bytes.last ?? UInt8(ascii: "\n")) == UInt8(ascii: "\n")
            && !bytes.contains(0) && bytes.count(where: { $0 == UInt8(ascii: "\n") }) <= 1024
    }

    /// One step.
    static func run(_ nonce: Nonce, _ invocation: Invocation) -> [UInt8] {
        Array("run \(nonce.text) \(invocation.wantsOutputs ? "output" : "-")\n".utf8)
            + items(invocation)
    }

    /// One step that outlives the session (docs/detached-steps.md, section 3).
    static func detach(
        _ nonce: Nonce, _ invocation: Invocation, claim: String, timeoutSeconds: Int,
        graceSeconds: Int
    ) -> [UInt8] {
        let flags = invocation.wantsOutputs ? "output" : "-"
        let limit = OutputBuffer.Limit.stream.head + OutputBuffer.Limit.stream.tail
        return Array(
            ("detach \(nonce.text) \(flags) \(claim) \(timeoutSeconds) "
                + "\(graceSeconds) \(limit)\n").utf8) + items(invocation)
    }

    /// What a step is given, up to its `go`.
    private static func items(_ invocation: Invocation) -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ verb: String, _ value: String, name: String? = nil) {
            let lines = value.utf8.count { $0 == UInt8(ascii: "\n") } + 1
            bytes += Array("\(verb) \(lines)\(name.map { " " + $0 } ?? "")\n\(value)\n".utf8)
        }
        for word in invocation.words { add("word", word) }
        if let path = invocation.script { bytes += Array("script 0 \(path)\n".utf8) }
        for argument in invocation.arguments {
            switch argument {
            case .text(let text): add("arg", text)
            case .staged(let path): bytes += Array("argfile 0 \(path)\n".utf8)
            }
        }
        for (name, value) in invocation.environment.sorted(by: { $0.key < $1.key }) {
            add("env", value, name: name)
        }
        if let path = invocation.standardInput { bytes += Array("stdin 0 \(path)\n".utf8) }
        return bytes + Array("go 0\n".utf8)
    }

    /// The same on one line, when every value is a plain word: cheaper for the target to read, and
    /// nothing announces its output.
    ///
    /// `isShared`: whether a subshell of the session reads its script.
    static func step(_ nonce: Nonce, _ invocation: Invocation, isShared: Bool) -> [UInt8]? {
        guard let words = line(invocation, isShared: isShared) else { return nil }
        let flags = invocation.wantsOutputs ? "output" : "-"
        return Array("step \(nonce.text) \(flags) \(words)\n".utf8)
    }

    /// Steps that follow one another by themselves, when each fits on a line and is asked for
    /// nothing but its exit status.
    ///
    /// `isAnnounced`: whether a `begin` is to come before the first one's bytes.
    static func steps(
        _ nonce: Nonce, _ invocations: [Invocation], isAnnounced: Bool,
        isShared: (Invocation) -> Bool
    ) -> [UInt8]? {
        var text =
            "steps \(nonce.text) \(invocations.count) \(isAnnounced ? "begin" : "-")\n"
        for invocation in invocations {
            guard !invocation.wantsOutputs,
                let words = line(invocation, isShared: isShared(invocation))
            else { return nil }
            text += words + "\n"
        }
        return Array(text.utf8)
    }

    /// HOW INTERPRETER SCRIPT [ARG…] of a step, when every value is a plain word.
    private static func line(_ invocation: Invocation, isShared: Bool) -> String? {
        guard invocation.words.count == 1, let script = invocation.script,
            invocation.environment.isEmpty, invocation.standardInput == nil,
            invocation.arguments.count <= 10
        else { return nil }
        var words = [isShared ? "shared" : "own", invocation.words[0], script]
        for argument in invocation.arguments {
            guard case .text(let text) = argument else { return nil }
            words.append(text)
        }
        guard words.allSatisfy(isPlainWord) else { return nil }
        return words.joined(separator: " ")
    }

    /// Whether a shell that splits a line at spaces, and does nothing else, gives this word back.
    private static func isPlainWord(_ word: String) -> Bool {
        !word.isEmpty && word.utf8.count <= 255
            && word.utf8.allSatisfy { isPlain($0) || "/:=,@%+".utf8.contains($0) }
    }

    /// A request of one line: `cancel`, `kill`, `bye`, `drop`, `gone`, `endgroup`.
    static func line(_ verb: String, _ nonce: Nonce, _ rest: String...) -> [UInt8] {
        Array((([verb, nonce.text] + rest).joined(separator: " ") + "\n").utf8)
    }

    /// Whether a path can be staged (section 4).
    static func canStage(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let roots: [Substring] = ["scripts", "files", "lib", "in", "secret"]
        return path.utf8.count <= 200 && parts.count > 1 && roots.contains(parts[0])
            && parts.allSatisfy { part in
                !part.isEmpty && part != "." && part != ".." && !part.hasPrefix("-")
                    && part.utf8.allSatisfy(isPlain)
            }
    }

    /// Whether a variable of this name reaches a program through every shell (section 5).
    static func canCarry(_ name: String) -> Bool {
        let refused: Set<String> = [
            "IFS", "OPTIND", "OPTARG", "PPID", "UID", "EUID", "SHELLOPTS", "LINENO", "RANDOM",
            "SRANDOM", "SECONDS", "GROUPS", "DIRSTACK", "FUNCNAME", "PWD", "OLDPWD", "ENV",
            "SHLVL", "_",
        ]
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return !refused.contains(name)
            && !["hr_", "BASH", "EPOCH"].contains { name.hasPrefix($0) }
            && name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || ".-_".utf8.contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// One start of a program in a session, with everything staged that it names.
struct Invocation: Sendable, Hashable {
    /// An argument's value, or a staged file whose absolute path is the argument.
    enum Argument: Sendable, Hashable {
        case text(String)
        case staged(String)
    }

    /// The interpreter and its options.
    var words: [String]
    /// The staged script.
    var script: String?
    var arguments: [Argument] = []
    var environment: [String: String] = [:]
    /// The staged file that is the standard input; nothing when nil.
    var standardInput: String?
    var wantsOutputs = false
}

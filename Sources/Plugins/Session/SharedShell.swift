import Runner
import Synchronization

/// Whether a subshell of the session may read a script, instead of a shell of its own.
///
/// It saves the start of a program, which is most of what a short step costs. The script must not
/// be able to tell: whatever could, or might, is refused here by its text, and gets its own shell.
/// A refusal costs time and nothing else, so the rule is narrow (docs/session-protocol.md,
/// section 5).
enum SharedShell {
    /// The longest script that is looked at, in bytes.
    static let longest = 4096

    /// Commands and words that see or change the shell itself, or that ask whether they stand in a
    /// function or a loop: a script that is read stands in both.
    private static let refusedWords: Set<Substring> = [
        "alias", "bg", "break", "builtin", "caller", "compgen", "continue", "coproc", "declare",
        "disown", "enable", "eval", "exec", "fc", "fg", "function", "getopts", "hash", "history",
        "jobs", "let", "local", "newgrp", "readonly", "return", "select", "shopt", "source",
        "suspend", "time", "times", "trap", "type", "typeset", "unalias", "wait",
    ]

    /// What was found of files, by their digests.
    ///
    /// A class, since a lock can't be copied.
    final class Known: Sendable {
        private let known = Mutex<[Digest: Bool]>([:])

        /// Whether a file of a digest may be read so.
        func admits(_ digest: Digest, _ script: [UInt8]) -> Bool {
            if let known = known.withLock({ $0[digest] }) { return known }
            let isAdmitted = SharedShell.admits(script)
            known.withLock { $0[digest] = isAdmitted }
            return isAdmitted
        }
    }

    /// Whether the script can be read so; it must be whole lines without NUL (`isShortText`).
    static func admits(_ script: [UInt8]) -> Bool {
        guard script.count <= longest, script.allSatisfy(isPlain) else { return false }
        let text = String(decoding: script, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if let first = lines.first, first.hasPrefix("#!"),
            !["#!/bin/sh", "#!/usr/bin/env sh"].contains(first)
        {
            return false
        }
        let body = text.hasPrefix("#!") ? text.drop { $0 != "\n" } : text[...]
        guard !hasShellParameter(body) else { return false }
        let words = body.split { !isWordCharacter($0) }
        return words.allSatisfy { word in
            !refusedWords.contains(word) && !word.hasPrefix("hr_") && !isShellVariable(word)
        } && setsOnlyOptions(body) && !body.split(whereSeparator: \.isWhitespace).contains(".")
    }

    /// Printable ASCII, tab and newline.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20...0x7E).contains(byte) || byte == 0x09 || byte == 0x0A
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    /// `$$`, `$0`, `$!`, `$-`, `$_`, also in braces.
    private static func hasShellParameter(_ text: Substring) -> Bool {
        [
            "$$", "$0", "$!", "$-", "$_", "${$", "${0", "${!", "${-", "${_", "${#$", "${#0",
            "${#!", "${#-", "${#_",
        ].contains(where: text.contains)
    }

    /// Variables that a shell keeps about itself.
    private static func isShellVariable(_ word: Substring) -> Bool {
        word.hasPrefix("BASH") || word.hasPrefix("EPOCH")
            || [
                "DIRSTACK", "ENV", "FUNCNAME", "GROUPS", "LINENO", "OLDPWD", "OPTARG", "OPTIND",
                "PIPESTATUS", "PPID", "RANDOM", "SECONDS", "SHELLOPTS", "SHLVL", "SRANDOM",
            ].contains(word)
    }

    /// Whether every `set` is one of `-e`, `-u`, `-eu`, `-f` and their like; also one in quotes.
    private static func setsOnlyOptions(_ text: Substring) -> Bool {
        let words = text.split { $0.isWhitespace || ";&|(){}`".contains($0) }
        for (index, word) in words.enumerated()
        where word.split(whereSeparator: { !isWordCharacter($0) }).contains("set") {
            guard word == "set", index + 1 < words.count, words[index + 1].first == "-",
                words[index + 1].count > 1,
                words[index + 1].dropFirst().allSatisfy({ "efu".contains($0) })
            else { return false }
        }
        return true
    }
}

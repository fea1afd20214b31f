import Runbooks
import Runner

/// Fetching evidence: each command and each file for itself, within one limit.
extension Performance {
    /// Fetches what there is; fails when there is nothing at all.
    ///
    /// A command's exit status and a missing file are told on standard error, and don't end it.
    mutating func collect(_ action: CollectAction) async throws(Session.Failure) -> AttemptReport {
        var report = AttemptReport(ending: .exited(0))
        var left = action.limitBytes
        for command in action.commands where stopper.reason == nil {
            let result = try await run(
                try await invocation(collecting: command), limit: Self.split(left))
            if result.status != 0 { report.note("\(command): exit status \(result.status)") }
            report.add(command, result.stdout, &left)
        }
        for path in action.files where stopper.reason == nil {
            let result = try await run(
                try await invocation(fetching: path, left),
                limit: OutputBuffer.Limit(head: left, tail: 0))
            guard result.status == 0 else {
                report.note(Self.said(result.stderr))
                continue
            }
            var content = result.stdout
            let kept = content.keptBytes
            content.totalBytes = Self.size(result.outputs) ?? content.totalBytes
            content.droppedBytes = max(0, content.totalBytes - kept)
            report.add(path, content, &left)
        }
        switch stopper.reason {
        case .timedOut: report.ending = .timedOut
        case .cancelled: report.ending = .cancelled
        case nil: if report.collected.isEmpty { report.ending = .exited(1) }
        }
        return report
    }

    private func invocation(
        collecting command: String
    ) async throws(Session.Failure) -> Invocation {
        guard command.hasPrefix("scripts/"), await session.hasStaged(command) else {
            return Invocation(words: ["sh"], script: try await session.stageText(command))
        }
        return Invocation(words: await interpreter(of: command), script: command)
    }

    private func invocation(
        fetching path: String, _ limit: Int
    ) async throws(Session.Failure) -> Invocation {
        if await !session.hasStaged("in/collect.sh") {
            try await session.stage(
                PackageResources.state_sh + PackageResources.collect_sh, at: "in/collect.sh",
                isProgram: true)
        }
        return Invocation(
            words: ["sh"], script: "in/collect.sh",
            arguments: [.text(path), .text("\(limit)")], wantsOutputs: true)
    }

    /// What a script's `#!` line names; `sh` without one.
    private func interpreter(of path: String) async -> [String] {
        guard let file = files.listed.first(where: { $0.path == path }) else { return ["sh"] }
        let bytes = await files.bytes(file.sha256)
        guard bytes.starts(with: "#!".utf8) else { return ["sh"] }
        let line = bytes.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }.prefix(200)
        let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
        return words.first == "/usr/bin/env" ? Array(words.dropFirst()) : words
    }

    /// Three quarters from the start, one from the end.
    private static func split(_ limit: Int) -> OutputBuffer.Limit {
        OutputBuffer.Limit(head: limit - limit / 4, tail: limit / 4)
    }

    private static func said(_ output: CapturedOutput) -> String {
        do throws(JournalError) {
            return String(decoding: try output.prefix(longestNote), as: UTF8.self)
        } catch {
            return "what it said can't be read: \(error.message)"
        }
    }

    private static func size(_ outputs: [UInt8]) -> Int? {
        let text = String(decoding: outputs, as: UTF8.self)
        guard text.hasPrefix("size="), text.hasSuffix("\n") else { return nil }
        return Int(text.dropFirst("size=".count).dropLast())
    }
}

/// The most bytes of one line for people.
private let longestNote = 1000

extension AttemptReport {
    /// Adds a line for people to standard error.
    fileprivate mutating func note(_ line: String) {
        stderr.append((line.hasSuffix("\n") ? line : line + "\n").utf8.prefix(longestNote))
    }

    /// Adds something fetched, and takes it from what may still come.
    fileprivate mutating func add(_ name: String, _ content: CapturedOutput, _ left: inout Int) {
        collected.append(CollectedFile(name: name, content: content))
        left = max(0, left - content.keptBytes)
    }
}

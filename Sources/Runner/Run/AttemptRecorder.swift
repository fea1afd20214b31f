import Runbooks

/// Turns an executor's report into what the journal keeps, and stores what is too long for it.
struct AttemptRecorder: Sendable {
    let store: any ContentStore
    let inlineBytes: Int

    /// The record of a report, its long outputs stored.
    func record(_ report: AttemptReport) async throws(JournalError) -> AttemptRecord {
        var record = AttemptRecord(
            ending: report.ending, stdout: try await keep(report.stdout),
            stderr: try await keep(report.stderr), changed: report.changed, diff: report.diff,
            seen: report.seen,
            durationMilliseconds: report.durationMilliseconds)
        for file in report.collected {
            let output = try await keep(file.content, isAlwaysStored: true)
            record.collected.append(AttemptRecord.File(name: file.name, output: output))
        }
        switch OutputLines.read(report.outputs) {
        case .success(let values): record.outputs = values
        case .failure(let problem): record.outputsProblem = problem.message
        }
        return record
    }

    /// The record of a report whose output could not be stored: the outcome isn't lost with it.
    ///
    /// Nor is the end of what it wrote, as far as the event has room for it.
    static func withoutOutput(
        _ report: AttemptReport, _ error: any Error, inlineBytes: Int
    ) -> AttemptRecord {
        let why = "[not stored: \((error as? JournalError)?.message ?? "\(error)")]"
        func empty(_ output: CapturedOutput) -> OutputRecord {
            var text = ""
            var shown = 0
            do throws(JournalError) {
                let end = try output.suffix(inlineBytes / 2)
                shown = end.count
                text = printable(end[...], keepNewlines: true)
            } catch {
                // Why it can't be read is why it was not stored.
            }
            if output.count > shown || output.totalBytes > output.count {
                text += text.isEmpty || text.hasSuffix("\n") ? why : "\n" + why
            }
            return OutputRecord(
                text: text, totalBytes: output.totalBytes,
                droppedBytes: max(0, output.totalBytes - shown), stored: nil)
        }
        var record = AttemptRecord(
            ending: report.ending, stdout: empty(report.stdout), stderr: empty(report.stderr),
            changed: report.changed, durationMilliseconds: report.durationMilliseconds)
        if case .success(let values) = OutputLines.read(report.outputs) { record.outputs = values }
        return record
    }

    private func keep(
        _ output: CapturedOutput, isAlwaysStored: Bool = false
    ) async throws(JournalError) -> OutputRecord {
        let isShort = output.count <= inlineBytes && output.droppedBytes == 0
        let stored = isShort && !isAlwaysStored ? nil : try await store.put(output)
        let shown = try output.suffix(isShort ? inlineBytes : inlineBytes / 2)
        var text = printable(shown[...], keepNewlines: true)
        if let problem = output.problem { text += "\n[not kept to its end: \(problem)]" }
        return OutputRecord(
            text: text, totalBytes: output.totalBytes, droppedBytes: output.droppedBytes,
            stored: stored)
    }
}

/// The `name=value` lines that a script writes to `$HANDRAIL_OUTPUT`.
enum OutputLines {
    /// The greatest size of all lines (docs/semantics.md, "Parameters").
    static let limitBytes = 64 * 1024

    /// The values by name; the last line of a name counts.
    static func read(_ bytes: [UInt8]) -> Result<[String: String], OutputProblem> {
        guard bytes.count <= limitBytes else {
            return .failure(OutputProblem(message: "the outputs are longer than 64 KiB"))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(OutputProblem(message: "the outputs are not UTF-8"))
        }
        var values: [String: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                return .failure(
                    OutputProblem(message: "an output line has not the form name=value"))
            }
            values[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        return .success(values)
    }
}

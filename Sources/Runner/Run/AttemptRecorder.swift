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
    static func withoutOutput(_ report: AttemptReport, _ error: any Error) -> AttemptRecord {
        let why = "[not stored: \((error as? JournalError)?.message ?? "\(error)")]"
        func empty(_ output: CapturedOutput) -> OutputRecord {
            OutputRecord(
                text: output.totalBytes == 0 ? "" : why, totalBytes: output.totalBytes,
                droppedBytes: output.totalBytes, stored: nil)
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
        let isShort = output.bytes.count <= inlineBytes && output.droppedBytes == 0
        let stored = isShort && !isAlwaysStored ? nil : try await store.put(output.bytes)
        let shown = isShort ? output.bytes[...] : output.bytes.suffix(inlineBytes / 2)
        return OutputRecord(
            text: printable(shown, keepNewlines: true), totalBytes: output.totalBytes,
            droppedBytes: output.droppedBytes, stored: stored)
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

import Runbooks
import Runner

/// The JSON form of a run's attempts.
struct LogDocument: Encodable, Sendable {
    var format = 1
    let run: RunID
    let attempts: [AttemptLog]
}

/// The JSON form of one attempt, as `logs -f` writes them one a line.
struct LogLine: Encodable, Sendable {
    var format = 1
    let run: RunID
    let attempt: AttemptLog
}

/// The human form of attempts: a line for each, and what it wrote below.
struct LogView: Sendable {
    let time: ShownTime
    let style: Style

    /// The lines for one attempt.
    func lines(_ log: AttemptLog) -> [String] { [head(log, [log.key.target])] + body(log) }

    /// The lines for attempts, those that went the same way on several targets only once.
    func grouped(_ logs: [AttemptLog]) -> [String] {
        /// What two targets have in common when they went the same way.
        struct Way: Hashable {
            let part: Part
            let ending: Ending
            let stdout: AttemptLog.Stream
            let stderr: AttemptLog.Stream
        }
        var order: [Way] = []
        var groups: [Way: [AttemptLog]] = [:]
        for log in logs {
            let way = Way(
                part: log.key.part, ending: log.record.ending, stdout: log.stdout,
                stderr: log.stderr)
            if groups[way] == nil { order.append(way) }
            groups[way, default: []].append(log)
        }
        return order.flatMap { way -> [String] in
            guard let group = groups[way], let first = group.first else { return [] }
            return [head(first, group.map(\.key.target))] + body(first)
        }
    }

    private func head(_ log: AttemptLog, _ targets: [TargetName]) -> String {
        let names = Set(targets).count == 1 ? targets[0].rawValue : nil
        let place =
            names ?? "\(targets.count) × ("
            + CountText.listed(targets.map(\.rawValue), limit: 4) + ")"
        let number = log.number > 1 ? " (attempt \(log.number))" : ""
        let ending = SafeText.line(EndingText.of(log.record.ending, log.key.part))
        return style.paint(place, .strong) + "  \(log.key.part.word)\(number)  "
            + style.paint(ending, EndingText.tone(log.record.ending, log.key.part))
            + style.paint(
                "  \(TimeText.length(log.record.durationMilliseconds)), \(time.full(log.ended))",
                .faint)
    }

    private func body(_ log: AttemptLog) -> [String] {
        let diff = log.record.diff ?? ""
        // A typed action writes its diff to standard output: once is enough.
        let isWritten = SafeText.lines(diff).joined(separator: "\n").hasSuffix(log.stdout.text)
        var lines = diff.isEmpty || !isWritten ? stream(log.stdout, "│ ", .plain) : []
        lines += DiffText.lines(diff, style: style).map { "  " + $0 }
        lines += stream(log.stderr, "! ", .warning)
        for (name, value) in log.record.outputs.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(style.paint("=", .faint)) \(SafeText.line("\(name)=\(value)"))")
        }
        for file in log.record.collected {
            let stored = file.output.stored.map { ", \($0.rawValue.prefix(12))" } ?? ""
            lines.append(
                "  \(style.paint("@", .faint)) \(SafeText.line(file.name)) "
                    + "(\(CountText.of(file.output.totalBytes, "byte"))\(stored))")
        }
        return lines
    }

    private func stream(_ stream: AttemptLog.Stream, _ mark: String, _ tone: Tone) -> [String] {
        guard !stream.text.isEmpty || stream.totalBytes > 0 else { return [] }
        var lines: [String] = []
        if let pruned = stream.pruned {
            lines.append(
                "  "
                    + style.paint(
                        "… the end of \(CountText.of(stream.totalBytes, "byte")); the rest was "
                            + "pruned on \(time.full(pruned))", .faint))
        } else if stream.stored != nil {
            lines.append(
                "  "
                    + style.paint(
                        "… the end of \(CountText.of(stream.totalBytes, "byte")); --full shows more",
                        .faint))
        }
        if stream.stored == nil, stream.droppedBytes > 0 {
            lines.append(
                "  "
                    + style.paint(
                        "… \(CountText.of(stream.droppedBytes, "byte")) of it were not kept",
                        .faint))
        }
        var shown = SafeText.lines(stream.text)
        if shown.last?.isEmpty == true { shown.removeLast() }
        return lines + shown.map { "  " + style.paint(mark, .faint) + style.paint($0, tone) }
    }
}

/// A typed action's diff, as lines for a terminal.
enum DiffText {
    /// Its lines, painted by their first sign, without an empty one at the end.
    static func lines(_ diff: String, style: Style, width: Int? = nil) -> [String] {
        var lines = SafeText.lines(diff)
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { line in
            let tone: Tone = line.hasPrefix("+") ? .good : line.hasPrefix("-") ? .bad : .plain
            return style.paint(width.map { TextWidth.cut(line, to: $0) } ?? line, tone)
        }
    }
}

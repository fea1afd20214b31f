import Runbooks

/// What an answer to a dry run's question means.
struct Finding: Sendable, Hashable {
    /// What was found.
    enum State: Sendable, Hashable { case satisfied, needed, cantLook, failed, unreachable }

    let state: State
    let note: String?
    let diff: String?

    init(_ state: State, note: String? = nil, diff: String? = nil) {
        self.state = state
        self.note = note
        self.diff = diff
    }

    /// Reads a report by the rules for guards: 0 satisfied, 1 with nothing on stderr needed,
    /// 77 can't look, all else failed.
    init(_ report: AttemptReport, allowed: Duration) {
        diff = report.diff
        switch report.ending {
        case .exited(0):
            (state, note) = (.satisfied, nil)
        case .exited(1) where report.stderr.totalBytes == 0:
            (state, note) = (.needed, nil)
        case .exited(77):
            (state, note) = (.cantLook, Self.said("it can't look (exit 77)", report))
        case .exited(let status):
            (state, note) = (.failed, Self.said("exit \(status)", report))
        case .timedOut where allowed > DryRun.limit:
            let limit = formatDuration(DryRun.limit)
            let own = formatDuration(allowed)
            (state, note) = (.cantLook, "no answer within \(limit); the run waits \(own)")
        case .timedOut:
            (state, note) = (.failed, "it took longer than its timeout")
        case .cancelled:
            (state, note) = (.cantLook, "it was cancelled")
        case .unreachable(let why), .unknown(let why):
            (state, note) = (.unreachable, why)
        case .notStarted(let why), .heldBack(let why):
            (state, note) = (.failed, why)
        }
    }

    /// What an answer to a fact's question means: one of its choices, or that it is unknown.
    ///
    /// Nil where the run, which waits longer or asks anew, may hear more.
    init?(
        _ answer: FactAnswer, of fact: OutputDeclaration, _ report: AttemptReport,
        allowed: Duration
    ) {
        switch report.ending {
        case .exited, .notStarted, .heldBack: break
        case .timedOut where allowed <= DryRun.limit: break
        case .timedOut, .cancelled, .unreachable, .unknown: return nil
        }
        switch answer {
        case .choice(let choice): self.init(.satisfied, note: "it is \(choice)")
        case .unknown(let why):
            self.init(.satisfied, note: "facts.\(fact.name) is unknown: \(why)")
        }
    }

    /// The state of a symptom whose `present` gave this answer: 0 present, 1 absent.
    var symptom: Forecast.SymptomState {
        switch state {
        case .satisfied: .present
        case .needed: .absent
        case .cantLook, .failed, .unreachable: .cantLook
        }
    }

    /// The outputs that a step which reads wrote, checked against their declarations.
    func outputs(
        of step: Step?, _ report: AttemptReport, for part: Part
    ) -> Result<[String: String], OutputProblem> {
        guard case .action = part, state == .satisfied, let step, step.effect == .read,
            !step.outputs.isEmpty
        else { return .success([:]) }
        return OutputLines.read(report.outputs).flatMap { written in
            var values: [String: String] = [:]
            for declaration in step.outputs {
                guard let text = written[declaration.name.rawValue],
                    let value = declaration.check(text).value
                else {
                    return .failure(OutputProblem(message: "output '\(declaration.name)'"))
                }
                values[declaration.name.rawValue] = value.text
            }
            return .success(values)
        }
    }

    /// A reason with the last line of what was said, safe to print.
    private static func said(_ reason: String, _ report: AttemptReport) -> String {
        let output = report.stderr.count == 0 ? report.stdout : report.stderr
        let bytes: [UInt8]
        do throws(JournalError) {
            bytes = try output.suffix(SpoolLimit.memoryBytes)
        } catch {
            return "\(reason) (what it said can't be read: \(error.message))"
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard let line = lines.last else { return reason }
        return "\(reason) \"\(printable(line.prefix(200), keepNewlines: false))\""
    }
}

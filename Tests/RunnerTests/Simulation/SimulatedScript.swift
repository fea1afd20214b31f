import Runbooks

@testable import Runner

/// What a script will do that is begun now.
struct SimulatedScript {
    let report: AttemptReport
    let milliseconds: Int64
}

extension SimulatedWorld {
    /// Decides what the script of an attempt does; guards and checks tell the truth, if anything.
    func script(for request: AttemptRequest, of run: SimulatedRun) -> SimulatedScript {
        let isSlow = !isCalm && happens(weather.slowScripts)
        // Of a target that is said to take seconds, each takes its part.
        let expected = run.record.plan.rollout.expectedMilliseconds ?? 8000
        let most = Int(min(8000, expected)) / 2
        let milliseconds = Int64(isSlow ? number(1000...60_000) : number(0...most))
        guard isCalm || !happens(weather.oddAnswers) else {
            return SimulatedScript(report: oddReport(), milliseconds: milliseconds)
        }
        let isFailing = !isCalm && happens(weather.failures)
        let isDone = request.key.part.step.map {
            run.truth.done[request.key.target]?.contains($0) == true
        }
        let status: Int32
        switch request.key.part {
        case .guarding, .check: status = isDone == true ? 0 : 1
        case .symptom, .peer: status = happens(700) ? 1 : 0
        case .action, .verify, .release, .undo: status = isFailing ? Int32(number(1...3)) : 0
        }
        var report = AttemptReport(ending: .exited(status))
        if happens(80) {
            let bytes = Array(repeating: UInt8(ascii: "x"), count: number(1...200))
            report.stdout = CapturedOutput(bytes: bytes, totalBytes: bytes.count)
        }
        if request.wantsOutputs, status == 0 {
            let isOdd = !isCalm && happens(weather.oddAnswers)
            report.outputs = Array((isOdd ? "told=much\n" : "told=\(number(0...2))\n").utf8)
        }
        return SimulatedScript(report: report, milliseconds: milliseconds)
    }

    private func oddReport() -> AttemptReport {
        switch number(0...3) {
        case 0: return AttemptReport(ending: .notStarted("no interpreter"))
        case 1: return AttemptReport(ending: .exited(77))
        case 2: return AttemptReport(ending: .exited(2))
        default:
            let text = Array("broken\n".utf8)
            return AttemptReport(
                ending: .exited(1), stderr: CapturedOutput(bytes: text, totalBytes: text.count))
        }
    }
}

import Runbooks
import Runner

/// Where a run is among its waves, in words.
enum WaveText {
    /// How many waves are listed: those around the one that the run is at.
    private static let listed = 9

    /// Such as `2 of 5, front 1/2: soaks until 12:10`; nil for a run that goes over no waves.
    static func of(_ run: RunMachine, _ time: ShownTime) -> String? {
        guard let standing = run.waveStanding,
            run.plan.waves != nil || !run.state.isTerminal
        else { return nil }
        let count = standing.waves.count
        let place =
            (count > 1 ? "\(standing.index + 1) of \(count), " : "")
            + SafeText.line(standing.current.name)
        return words(standing, run, time).map { "\(place): \($0)" } ?? place
    }

    private static func words(
        _ standing: WaveStanding, _ run: RunMachine, _ time: ShownTime
    ) -> String? {
        if let stop = standing.stop { return "stopped, \(SafeText.line(stop))" }
        if run.state.isTerminal { return run.state == .succeeded ? "done" : nil }
        let until = standing.until.map { " until \(time.both($0))" } ?? ""
        switch standing.phase {
        case .due: return "not begun"
        case .gates: return "waits for the gates\(until)"
        case .before:
            return run.wave.bracket == .broken
                ? "before_wave did not end well" : "before_wave is under way"
        case .running: return nil
        case .after: return "after_wave is under way"
        case .ended: return "all have ended"
        case .soak: return "soaks\(until)"
        case .health:
            guard let health = standing.health, !health.reason.isEmpty else {
                return "whether it is well is being asked"
            }
            return SafeText.line(health.reason)
        case .promotion: return "done; 'handrail promote \(run.record.id)' starts the next one"
        case .done: return "done"
        }
    }

    /// The same in a word or two, beside the counts of a run that is followed; nil for what its
    /// counts say.
    static func short(_ standing: WaveStanding, now: Timestamp) -> String? {
        let left = standing.until.map { $0.since(now) }.flatMap { $0 > 0 ? $0 : nil }
        let length = left.map { " for \(TimeText.length($0))" }
        switch standing.phase {
        case .before: return "before_wave"
        case .after: return "after_wave"
        case .gates: return "waits for the gates\(length ?? "")"
        case .soak: return length.map { "soaks\($0)" } ?? "asks whether it is well"
        case .health: return "asks whether it is well"
        case .promotion: return "waits for a promotion"
        case .due, .running, .ended, .done: return nil
        }
    }

    /// A line for each wave around the one that the run is at; none where there is only one.
    static func counts(of run: RunMachine) -> [String] {
        guard let standing = run.waveStanding, standing.waves.count > 1 else { return [] }
        let waves = standing.waves
        let first = max(0, min(standing.index - listed / 2, waves.count - listed))
        let shown = waves.indices.dropFirst(first).prefix(listed)
        let rest = waves.count - shown.count
        return shown.map { index in
            SafeText.line(waves[index].name) + ": " + words(for: waves[index])
        } + (rest > 0 ? ["… \(rest) more (--json has them all)"] : [])
    }

    private static func words(for wave: WaveStanding.Wave) -> String {
        let parts = [
            (wave.endedWell, "well"), (wave.failed, "failed"), (wave.leftOut, "left out"),
            (wave.atWork, "at work"), (wave.notStarted, "not started"),
        ].filter { $0.0 > 0 }.map { "\($0) \($1)" }
        return ([CountText.of(wave.targets, "target")] + parts).joined(separator: ", ")
    }
}

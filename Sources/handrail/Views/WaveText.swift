import Runbooks
import Runner

/// Where a run is among its waves, in one line.
enum WaveText {
    /// Such as `2 of 5, front 1/2: soaks until 12:10`; nil for a run without waves.
    static func of(_ run: RunMachine, _ time: ShownTime) -> String? {
        guard let waves = run.plan.waves, !run.isRollback, waves.indices.contains(run.wave.index)
        else { return nil }
        let place =
            "\(run.wave.index + 1) of \(waves.count), "
            + SafeText.line(waves[run.wave.index].name)
        if let stop = run.wave.stop { return "\(place): stopped, \(SafeText.line(stop))" }
        if run.isThresholdReached { return "\(place): stopped, too many failures (stop_at)" }
        if let list = list(run) { return "\(place): \(list)" }
        switch run.wave.phase {
        case .due: return "\(place): not begun"
        case .running: return place
        case .ended: return "\(place): all have ended"
        case .soaking(let until): return "\(place): soaks until \(time.both(until))"
        case .unwell:
            return "\(place): \(SafeText.line(run.wave.health?.reason ?? "not known to be well"))"
        case .passed where run.awaitsPromotion:
            return "\(place): done; 'handrail promote \(run.record.id)' starts the next one"
        case .passed, .promoted: return "\(place): done"
        }
    }

    /// What is done once before or after the wave; nil where nothing of it is under way or failed.
    private static func list(_ run: RunMachine) -> String? {
        switch run.wave.bracket {
        case .opening: "before_wave is under way"
        case .broken: "before_wave did not end well"
        case .closing: "after_wave is under way"
        case .open, .closed: nil
        }
    }
}

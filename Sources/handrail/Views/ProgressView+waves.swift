import Runbooks
import Runner

extension ProgressView {
    /// The line that stays for an event of a wave; nil for events that need none.
    func line(for event: WaveEvent, in run: RunMachine) -> String? {
        switch event {
        case .started(let index):
            guard let waves = run.plan.waves, waves.indices.contains(index) else { return nil }
            return style.paint(
                "wave \(index + 1) of \(waves.count): \(safe(waves[index].name)), "
                    + CountText.of(waves[index].targets.count, "target"), .strong)
        case .soaking(let index, let until):
            return told(
                "\(run.waveName(index)) has ended; it soaks until "
                    + TimeText.full(until, offset: zoneOffset(until)), .plain)
        case .healthTold(let index, let verdict, let reason, _):
            let why = reason.isEmpty ? "" : ": \(reason)"
            switch verdict {
            case .ok: return told("\(run.waveName(index)) is well", .good)
            case .warning: return told("\(run.waveName(index)): warnings\(why)", .warning)
            case .inconclusive:
                return told("whether \(run.waveName(index)) is well isn't known\(why)", .warning)
            case .failed: return nil
            }
        case .stopped(_, let reason): return told("it stops: \(reason)", .bad)
        case .promoted(let index, let actor):
            return told("\(run.waveName(index)) is promoted, says \(actor)", .plain)
        case .leftOut(let target):
            return told("\(target) can't be reached and is left out (reach)", .warning)
        case .ended, .passed: return nil
        }
    }
}

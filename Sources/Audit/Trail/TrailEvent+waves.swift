import Runbooks
import Runner

/// What the trail has of a rollout's waves (docs/trail.md). Waves are counted from 1 there.
extension TrailEvent {
    /// The line of an event of a wave.
    init(_ event: WaveEvent, at: Timestamp) {
        switch event {
        case .started(let wave): self.init(.waveStarted, wave, at)
        case .ended(let wave): self.init(.waveEnded, wave, at)
        case .passed(let wave): self.init(.wavePassed, wave, at)
        case .soaking(let wave, let until):
            self.init(.waveSoaking, wave, at)
            details["until"] = .string(until.trailText)
        case .healthTold(let wave, let verdict, let why, let isLast):
            self.init(.waveHealth, wave, at)
            details["verdict"] = .string(verdict.rawValue)
            details["reason"] = .string(why)
            details["last"] = .boolean(isLast)
        case .stopped(let wave, let why):
            self.init(.waveStopped, wave, at)
            details["reason"] = .string(why)
        case .promoted(let wave, let actor):
            self.init(.wavePromoted, wave, at, actor: actor, via: .inbox)
        case .leftOut(let target):
            self.init(kind: .targetLeftOut, at: at, actor: Self.engine, via: .engine)
            self.target = target
        }
    }

    private init(
        _ kind: Kind, _ wave: Int, _ at: Timestamp, actor: String = engine, via: Via = .engine
    ) {
        self.init(kind: kind, at: at, actor: actor, via: via)
        details = ["wave": .integer(Int64(wave) + 1)]
    }
}

extension RebuiltEvent {
    /// The event of a wave that a line tells of; nil for a line about something else.
    static func wave(_ record: TrailRecord) -> WaveEvent? {
        if record.kind == TrailEvent.Kind.targetLeftOut.rawValue {
            return record.about["target"].flatMap(TargetName.init(rawValue:)).map { .leftOut($0) }
        }
        guard case .integer(let number)? = record.details["wave"], number > 0 else { return nil }
        let wave = Int(clamping: number - 1)
        let why = RebuiltEvent.text(record.details["reason"]) ?? ""
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .waveStarted: return .started(wave)
        case .waveEnded: return .ended(wave)
        case .wavePassed: return .passed(wave)
        case .waveSoaking:
            let until = record.detail("until").flatMap(Timestamp.init(trailText:))
            return .soaking(wave, until: until ?? record.at)
        case .waveHealth:
            guard let verdict = record.detail("verdict").flatMap(HealthVerdict.init(rawValue:))
            else { return nil }
            return .healthTold(
                wave, verdict, reason: why, isLast: record.details["last"] == .boolean(true))
        case .waveStopped: return .stopped(wave, reason: why)
        case .wavePromoted: return .promoted(wave, actor: record.actor)
        default: return nil
        }
    }
}

import Runbooks
import Runner

/// How the run goes over its targets, for the person who is about to confirm it.
extension PlanView {
    /// Waves that are listed before the last one; the JSON has them all.
    private static let listedWaves = 9
    /// Groups that are named; the JSON has them all.
    private static let namedGroups = 4

    /// The waves with their first targets; nothing where all targets are one.
    var waves: [String] {
        guard let waves = plan.waves else { return [] }
        let shown =
            waves.count <= Self.listedWaves + 1
            ? Array(waves.enumerated())
            : Array(waves.enumerated().prefix(Self.listedWaves))
                + [(waves.count - 1, waves[waves.count - 1])]
        let width = min(24, shown.map { TextWidth.of($1.name) }.max() ?? 0)
        let digits = shown.map { String($1.targets.count).count }.max() ?? 1
        var lines: [String] = []
        var last = -1
        for (index, wave) in shown {
            if index > last + 1 {
                let skipped = waves[(last + 1)..<index]
                let count = skipped.reduce(0) { $0 + $1.targets.count }
                lines.append(
                    field("", "… \(skipped.count) waves more, of \(count) targets", .faint))
            }
            last = index
            let name = TextWidth.padded(TextWidth.cut(wave.name, to: width), to: width)
            let number = String(wave.targets.count)
            let count = String(repeating: " ", count: digits - number.count) + number
            lines.append(
                field(
                    index == 0 ? "Waves" : "",
                    "\(name)  \(count)  \(names(wave.targets, limit: 3))"))
        }
        return lines + keptApart(waves)
    }

    /// The groups that a wave could not have whole.
    private func keptApart(_ waves: [PlannedWave]) -> [String] {
        let groups = Set(waves.flatMap { $0.putOff ?? [] }).sorted()
        guard !groups.isEmpty else { return [] }
        let more = groups.count - Self.namedGroups
        let named = groups.prefix(Self.namedGroups).map { safe($0) }.joined(separator: "; ")
        return list(
            "",
            "kept apart over waves, for their protection: " + named
                + (more > 0 ? "; and \(more) groups more" : ""))
    }

    /// How many targets can break, and what stops it.
    var worstCase: String {
        guard subject.targets.count > 1 else { return "this one target" }
        return "\(subject.worstCase) of \(subject.targets.count) targets can break before it stops "
            + "(at \(stops), \(plan.rollout.maxInFlight) at once)" + leftOut
    }

    private var leftOut: String {
        let most = StopLimits(plan).leaveOut
        guard most > 0 else { return "" }
        return "; \(most) that can't be reached may be left out"
    }

    private var stops: String {
        let rollout = plan.rollout
        let failures = rollout.stopAtFailures.map {
            $0 == 1 ? "the first failure" : "\($0) failures"
        }
        let first = rollout.stopAtFirstWave.map { "\($0.text) of the first wave" }
        let wave = rollout.stopAtWave.map { "\($0.text) of a wave" }
        let parts = [first, wave, failures].compactMap { $0 }
        guard parts.count > 1, let last = parts.last else {
            return parts.first ?? "the first failure"
        }
        return parts.dropLast().joined(separator: ", ") + " or " + last
    }

    /// What lies between two waves, and what a stop means; empty where nothing does.
    var between: String {
        let rollout = plan.rollout
        var parts: [String] = []
        if let soak = rollout.soak {
            let watch = soak.watchMilliseconds.map {
                ", watched every \(formatDuration(.milliseconds($0)))"
            }
            parts.append(
                "waits \(formatDuration(.milliseconds(soak.milliseconds)))\(watch ?? "")")
        }
        if let health = rollout.health {
            let checks = health.map { check in
                "\(safe(check.name)) on the \(check.place == .target ? "targets" : "controller")"
            }
            parts.append("asks " + checks.joined(separator: ", "))
        }
        if rollout.promote == .manual { parts.append("a person promotes each wave") }
        if plan.waves != nil || rollout.onStop != nil {
            switch rollout.onStop ?? .pause {
            case .pause: parts.append("pauses when it stops")
            case .rollback: parts.append("rolls back when it stops")
            case .abort: parts.append("ends when it stops")
            }
        }
        if rollout.keepsGoing == true {
            parts.append("a rollback goes on with further targets after one has failed")
        }
        return parts.joined(separator: "; ")
    }
}

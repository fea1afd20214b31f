/// How a run goes over its targets: how many at once, when it stops, and what lies between waves.
///
/// Keys that are not there mean what they meant before there were waves, so plans of then keep
/// their digests.
package struct Rollout: Sendable, Hashable, Codable {
    /// What a run does that has stopped by itself.
    package enum OnStop: String, Sendable, Codable, CaseIterable { case pause, rollback, abort }

    /// Whether a wave follows the one before by itself, or a person says so.
    package enum Promote: String, Sendable, Codable, CaseIterable { case automatic, manual }

    /// Targets in flight at once, 1 to 1000.
    package var maxInFlight: Int
    /// The number of failed targets of the whole run at which no further target starts (`>=`); nil
    /// where only waves are counted.
    package var stopAtFailures: Int?
    /// The failures of the first wave, and those of any one wave, at which no further target starts.
    package var stopAtFirstWave: Amount?
    /// The failures of any one wave at which no further target starts.
    package var stopAtWave: Amount?
    /// How many targets may be unreachable before their first step; nil for none.
    package var leaveOut: Amount?
    /// How long nothing happens after a wave; nil for no time.
    package var soak: Soak?
    /// What must be well before the next wave; nil where nothing is asked.
    package var health: [HealthCheck]?
    /// Nil goes on by itself.
    package var promote: Promote?
    /// Nil pauses a run with waves, and ends one without.
    package var onStop: OnStop?
    /// How long one target takes, in milliseconds; nil when the runbook doesn't say.
    package var expectedMilliseconds: Int64?
    /// True where a rollback goes on with further targets after one has failed; else nil.
    package var keepsGoing: Bool?

    private enum CodingKeys: String, CodingKey {
        case maxInFlight, stopAtFailures, soak, health, promote
        case stopAtFirstWave = "stop_at_first_wave"
        case stopAtWave = "stop_at_wave"
        case leaveOut = "leave_out"
        case onStop = "on_stop"
        case expectedMilliseconds = "expected_ms"
        case keepsGoing = "keep_going"
    }

    package init(
        maxInFlight: Int = 50, stopAtFailures: Int? = 1, stopAtFirstWave: Amount? = nil,
        stopAtWave: Amount? = nil, leaveOut: Amount? = nil, soak: Soak? = nil,
        health: [HealthCheck]? = nil, promote: Promote? = nil, onStop: OnStop? = nil,
        expectedMilliseconds: Int64? = nil, keepsGoing: Bool? = nil
    ) {
        self.maxInFlight = maxInFlight
        self.stopAtFailures = stopAtFailures
        self.stopAtFirstWave = stopAtFirstWave
        self.stopAtWave = stopAtWave
        self.leaveOut = leaveOut
        self.soak = soak
        self.health = health
        self.promote = promote
        self.onStop = onStop
        self.expectedMilliseconds = expectedMilliseconds
        self.keepsGoing = keepsGoing
    }
}

/// A wait after a wave, in which what it changed can show what it does.
package struct Soak: Sendable, Hashable, Codable {
    /// How long, in milliseconds; more than 0.
    package var milliseconds: Int64
    /// How often health is asked meanwhile, in milliseconds; nil for not before the end.
    package var watchMilliseconds: Int64?

    private enum CodingKeys: String, CodingKey {
        case milliseconds = "time_ms"
        case watchMilliseconds = "watch_ms"
    }

    package init(milliseconds: Int64, watchMilliseconds: Int64? = nil) {
        (self.milliseconds, self.watchMilliseconds) = (milliseconds, watchMilliseconds)
    }
}

/// A question after a wave: is what it changed well? It only reads.
package struct HealthCheck: Sendable, Hashable, Codable {
    /// By which table its exit status is read (docs/rollout.md, "Between waves").
    package enum Convention: String, Sendable, Codable, CaseIterable { case script, nagios }

    /// On every target of the wave, or once on the controller.
    package var place: Step.Place
    /// How its exit status is read.
    package var convention: Convention
    /// What is run.
    package var script: ScriptCall
    /// What people call it: its command, or its script's path.
    package var name: String

    private enum CodingKeys: String, CodingKey {
        case place = "where"
        case convention, script, name
    }

    package init(
        place: Step.Place, convention: Convention, script: ScriptCall, name: String
    ) {
        self.place = place
        self.convention = convention
        self.script = script
        self.name = name
    }
}

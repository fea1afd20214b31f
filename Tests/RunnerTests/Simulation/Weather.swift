/// What may go wrong in one simulation, how often, and until when; each seed has its own.
///
/// Rates are per mille. Many are 0 in a given seed, so that the others are seen alone, too.
struct Weather {
    /// From here on nothing goes wrong any more, and people end what waits for them.
    var calm: Int64 = 0
    /// Jobs out of their turn, of 100.
    var disorder = 0
    /// Between two jobs, of a million.
    var kills = 0
    var stops = 0
    var signals = 0
    /// A thousand kills, how many are power losses.
    var powerLosses = 0
    /// Every few seconds.
    var commands = 0
    var reboots = 0
    /// Of reboots, how many come with a new disk.
    var images = 0
    var freezes = 0
    var partitions = 0
    /// Of each connection, start or answer.
    var refusals = 0
    var lossesBefore = 0
    var lossesAfter = 0
    /// How soon after a start, in milliseconds, a connection breaks at the latest.
    var lossesWithin = 20_000
    var repeats = 0
    var lateAnswers = 0
    var survivors = 0
    /// Of each write.
    var slowWrites = 0
    /// Of a leader's records, how many it is stopped right after, for longer than its lease lasts.
    var stalls = 0
    var ioErrors = 0
    /// Times in which a part refuses: its kind, from, until.
    var windows: [Window] = []
    /// Of 1000 scripts, how many fail, answer oddly, or take too long.
    var failures = 0
    var oddAnswers = 0
    var slowScripts = 0
    /// Of kinds of trouble with a change, how many befall it; of answers of gates, how many are
    /// slow; of worlds, in how many the clock is set.
    var gateTroubles = 0
    var slowGates = 0
    var clockJumps = 0
    /// Whether the next leader can look up that the last one is dead.
    var provesDeath = true
    /// Whether the leaders ask a person before each step.
    var asks = false
    /// Whether the trail must be elsewhere before a step starts.
    var needsRemote = false
    /// Kills at labelled points.
    var crashes: [CrashPlace] = []

    enum Part: CaseIterable {
        case journalFull, journalLocked, trailFull, trailIO, remote, diverged, store
    }

    struct Window {
        let part: Part
        let from: Int64
        let until: Int64
    }

    /// Whether a part refuses now.
    func refuses(_ part: Part, at now: Int64) -> Bool {
        windows.contains { $0.part == part && $0.from <= now && now < $0.until }
    }

    /// The weather of a seed.
    init(_ scheduler: SeededScheduler) {
        func rate(_ most: Int) -> Int {
            scheduler.happens(500) ? scheduler.number(1...max(1, most)) : 0
        }
        calm = Int64(scheduler.number(10...120)) * 1000
        disorder = scheduler.one(of: [0, 10, 50, 100]) ?? 0
        (kills, stops, signals) = (rate(3000), rate(2000), rate(4000))
        powerLosses = scheduler.happens(500) ? scheduler.number(0...1000) : 0
        commands = rate(150)
        (reboots, freezes, partitions) = (rate(40), rate(40), rate(40))
        images = rate(500)
        (refusals, lossesBefore, lossesAfter) = (rate(200), rate(60), rate(60))
        (repeats, lateAnswers, survivors) = (rate(100), rate(100), rate(500))
        (slowWrites, ioErrors) = (rate(200), rate(4))
        (failures, oddAnswers, slowScripts) = (rate(250), rate(80), rate(150))
        (gateTroubles, slowGates, clockJumps) = (rate(400), rate(200), rate(600))
        // A line on which hardly anything comes to its end.
        if scheduler.happens(80) {
            (lossesAfter, lossesWithin) = (scheduler.number(400...900), 1500)
        }
        // Who stands still between a record and its seal is told that it leads no more while it seals.
        if scheduler.happens(150) {
            (stalls, slowWrites) = (scheduler.number(1...40), max(slowWrites, 300))
        }
        provesDeath = scheduler.happens(700)
        asks = scheduler.happens(80)
        needsRemote = scheduler.happens(250)
        for part in Part.allCases where scheduler.happens(part == .trailIO ? 60 : 180) {
            let from = Int64(scheduler.number(0...Int(calm)))
            let length = Int64(scheduler.number(100...20_000))
            windows.append(Window(part: part, from: from, until: min(calm, from + length)))
        }
        while scheduler.happens(600), crashes.count < 4 {
            guard let point = scheduler.one(of: CrashPoint.allCases),
                let side = scheduler.one(of: CrashPoint.Side.allCases)
            else { break }
            crashes.append(
                CrashPlace(point: point, side: side, occurrence: scheduler.number(1...12)))
        }
    }
}

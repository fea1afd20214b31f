import Runbooks
import TestSupport

@testable import Runner

/// Plans that follow from a seed, for simulations.
enum RandomPlan {
    /// A plan of up to five steps on up to six targets; none of them asks a person.
    static func fixture(_ random: inout SeededNumbers) -> RunFixture {
        let count = Int.random(in: 1...5, using: &random)
        var fixture = RunFixture(steps: (0..<count).map { step($0, of: count, &random) })
        fixture.lists = ["t0": ["p", "q"], "t1": [], "t2": ["q", "p", "r"]]
        fixture.targets = (0..<Int.random(in: 1...6, using: &random)).map { "t\($0)" }
        fixture.rollout = Rollout(
            maxInFlight: Int.random(in: 1...4, using: &random),
            stopAtFailures: Int.random(in: 1...3, using: &random))
        if Bool.random(using: &random) {
            fixture.verify = [AssertAction(script: RunFixture.call("verify"))]
        }
        if Bool.random(using: &random) {
            fixture.symptom = PlannedSymptom(
                present: RunFixture.call("sick"), notPresent: .ask,
                goneForMilliseconds: Bool.random(using: &random) ? 0 : 9000)
        }
        if Bool.random(using: &random) { addWaves(&fixture, &random) }
        if Int.random(in: 0..<3, using: &random) == 0 { addLists(&fixture, &random) }
        if Int.random(in: 0..<4, using: &random) == 0 { share(&fixture, &random) }
        return fixture
    }

    /// Has targets asked for one fact or two, of which the first picks a value.
    static func addFacts(_ fixture: inout RunFixture, _ random: inout SeededNumbers) {
        func name(_ text: String) -> Expression.Name { Expression.Name(parts: ["facts", text]) }
        let names = Bool.random(using: &random) ? ["first"] : ["first", "second"]
        for index in fixture.steps.indices
        where fixture.steps[index].when == nil && Int.random(in: 0..<3, using: &random) == 0 {
            fixture.steps[index].when = .compare(
                name(names.randomElement(using: &random) ?? "first"), .equal, "1")
        }
        let facts = names.compactMap { text in
            ParameterName(rawValue: text).flatMap { name in
                Fact(name: name, script: RunFixture.call(text), choices: ["0", "1"]).step
            }
        }
        fixture.steps = facts + fixture.steps
        guard let value = ParameterName(rawValue: "picked") else { return }
        fixture.values = [
            ValueRule(
                name: value,
                picks: [
                    .init(when: .compare(name("first"), .equal, "0"), text: .text("a")),
                    .init(when: nil, text: .text("b")),
                ])
        ]
    }

    /// Has some steps done once for the run, or for each wave.
    private static func share(_ fixture: inout RunFixture, _ random: inout SeededNumbers) {
        for index in fixture.steps.indices
        where fixture.steps[index].forEach == nil && fixture.steps[index].release == nil {
            guard Bool.random(using: &random) else { continue }
            fixture.steps[index].scope = Step.Scope.allCases.randomElement(using: &random)
            fixture.steps[index].place = .controller
            fixture.steps[index].isSafeStop = false
        }
    }

    /// Has something done before or after each wave, or both.
    private static func addLists(_ fixture: inout RunFixture, _ random: inout SeededNumbers) {
        let which = Int.random(in: 0...3, using: &random)
        func list(_ name: String) -> [Step] {
            (0..<Int.random(in: 1...2, using: &random)).map { index in
                let effect = Effect.allCases.randomElement(using: &random) ?? .read
                return RunFixture.listed("\(name)\(index)", effect) { step in
                    if Bool.random(using: &random) { step.unless = RunFixture.call("g\(name)") }
                    if Int.random(in: 0..<3, using: &random) == 0 {
                        step.verify = [AssertAction(script: RunFixture.call("v\(name)"))]
                    }
                    if Int.random(in: 0..<6, using: &random) == 0 { step.onFailed = .continue }
                }
            }
        }
        if which != 0 { fixture.beforeWave = list("before") }
        if which != 1 { fixture.afterWave = list("after") }
    }

    /// Cuts the targets into waves, with limits of their own, and things to do between them.
    private static func addWaves(_ fixture: inout RunFixture, _ random: inout SeededNumbers) {
        var left = fixture.targets[...]
        var waves: [[String]] = []
        while !left.isEmpty {
            let size = Int.random(in: 1...3, using: &random)
            waves.append(Array(left.prefix(size)))
            left = left.dropFirst(size)
        }
        func chance(_ odds: Int) -> Bool { Int.random(in: 0..<odds, using: &random) == 0 }
        func amount() -> Amount? {
            switch Int.random(in: 0...2, using: &random) {
            case 0: nil
            case 1: .count(Int.random(in: 1...3, using: &random))
            default: .percent([1, 34, 50, 100].randomElement(using: &random) ?? 50)
            }
        }
        fixture.waves = chance(6) ? nil : waves
        fixture.rollout.stopAtFirstWave = fixture.waves == nil ? nil : amount()
        fixture.rollout.stopAtWave = amount()
        if chance(2) { fixture.rollout.stopAtFailures = nil }
        if chance(3) { fixture.rollout.leaveOut = amount() }
        if chance(3) {
            fixture.rollout.soak = Soak(
                milliseconds: Int64.random(in: 1...20_000, using: &random),
                watchMilliseconds: chance(2) ? 4000 : nil)
        }
        if chance(3) {
            let convention: HealthCheck.Convention = chance(2) ? .nagios : .script
            fixture.rollout.health = [
                HealthCheck(
                    place: chance(3) ? .controller : .target, convention: convention,
                    script: RunFixture.call("healthy"), name: "healthy")
            ]
        }
        if chance(3), fixture.waves != nil { fixture.rollout.promote = .manual }
        fixture.rollout.onStop = [nil, .pause, .abort].randomElement(using: &random) ?? nil
    }

    private static func step(
        _ index: Int, of count: Int, _ random: inout SeededNumbers
    ) -> Step {
        let effect = Effect.allCases.randomElement(using: &random) ?? .read
        return RunFixture.step("s\(index)", effect) { step in
            if Bool.random(using: &random) { step.unless = RunFixture.call("g\(index)") }
            if Bool.random(using: &random) {
                step.verify = [AssertAction(script: RunFixture.call("v\(index)"))]
            }
            let kind = Int.random(in: 0..<6, using: &random)
            if kind < 2 {
                step.forEach =
                    kind == 0
                    ? .reference(Expression.Name(parts: ["target", "list"]))
                    : .texts(["x", "a b", "-y"])
            }
            if kind > 3 {
                step.release = Release(
                    script: RunFixture.call("back\(index)"),
                    after: RunFixture.id("s\(Int.random(in: index..<count, using: &random))"),
                    ifStopped: Bool.random(using: &random) ? .pay : .keep)
            }
            step.isSafeStop = Bool.random(using: &random)
            step.onFailed = Int.random(in: 0..<4, using: &random) == 0 ? .continue : .stop
        }
    }

    /// A plan that uses all that a loop can meet: questions, conditions, times, retries, and stops.
    static func fullFixture(_ random: inout SeededNumbers) -> RunFixture {
        var fixture = fixture(&random)
        // Runs of plain steps are sent ahead.
        let isPlain = Int.random(in: 0..<3, using: &random) == 0
        for index in fixture.steps.indices {
            if isPlain {
                fixture.steps[index].effect = Bool.random(using: &random) ? .read : .idempotent
                fixture.steps[index].unless = nil
                fixture.steps[index].verify = []
                fixture.steps[index].release = nil
                fixture.steps[index].forEach = nil
                fixture.steps[index].isSafeStop = Int.random(in: 0..<6, using: &random) == 0
            }
            vary(&fixture.steps[index], index, &random)
            addOutputs(&fixture.steps, index, &random)
        }
        ask(in: &fixture.beforeWave, &random)
        ask(in: &fixture.afterWave, &random)
        return fixture
    }

    /// Has a person asked by some steps of a wave's list.
    private static func ask(in list: inout [Step]?, _ random: inout SeededNumbers) {
        for index in (list ?? []).indices where Int.random(in: 0..<4, using: &random) == 0 {
            let isManual = Bool.random(using: &random)
            let request = PersonAction(
                text: "?", choices: isManual ? [] : [.init(id: "yes", label: "Yes")],
                deadline: .seconds(Int.random(in: 5...60, using: &random)), perTarget: false)
            list?[index].effect = .read
            list?[index].unless = nil
            list?[index].verify = []
            list?[index].action = isManual ? .manual(request) : .ask(request)
        }
    }

    /// Has a step tell something, which a later step may ask for.
    private static func addOutputs(
        _ steps: inout [Step], _ index: Int, _ random: inout SeededNumbers
    ) {
        guard let name = ParameterName(rawValue: "told") else { return }
        if case .run = steps[index].action, steps[index].forEach == nil,
            Int.random(in: 0..<5, using: &random) == 0
        {
            steps[index].outputs = [OutputDeclaration(name: name, kind: .integer)]
        }
        let told = steps[..<index].filter { !$0.outputs.isEmpty && $0.when == nil }
        guard steps[index].when == nil, Bool.random(using: &random),
            let earlier = told.randomElement(using: &random)
        else { return }
        steps[index].when = .compare(
            .init(parts: [earlier.id.rawValue, name.rawValue]),
            Bool.random(using: &random) ? .equal : .notEqual, "1")
    }

    /// Plans of one house: often of several runs that meet on the same targets, and sometimes with a
    /// group of targets that is to be kept.
    static func house(_ random: inout SeededNumbers) -> [RunFixture] {
        let count = [1, 1, 1, 2, 2, 3].randomElement(using: &random) ?? 1
        var fixtures = (0..<count).map { number in
            var fixture = fullFixture(&random)
            fixture.number = number
            return fixture
        }
        guard Int.random(in: 0..<3, using: &random) == 0 else { return fixtures }
        let group = ProtectedGroup(
            marks: [ProtectedGroup.Mark(label: "g", value: "1")],
            maxUnavailable: Int.random(in: 1...3, using: &random),
            members: (0..<6).map { RunFixture.target("t\($0)") })
        let areAsked = Bool.random(using: &random)
        for index in fixtures.indices {
            var group = group
            let others = group.members.filter { !fixtures[index].targets.contains($0.rawValue) }
            if areAsked {
                group.peersOK = PeerCheck(
                    script: RunFixture.call("well"), peers: others.map(RunFixture.planned))
            }
            fixtures[index].protection = [group]
        }
        return fixtures
    }

    private static func vary(_ step: inout Step, _ index: Int, _ random: inout SeededNumbers) {
        step.timeout = .seconds(Int.random(in: 5...30, using: &random))
        step.retry = Retry(
            attempts: step.effect.isOnce ? 1 : Int.random(in: 1...3, using: &random),
            pauseMilliseconds: Int.random(in: 0...4000, using: &random))
        // What only reads takes nothing that it could give back.
        if step.effect == .read { step.release = nil }
        guard index > 0 else { return }
        switch Int.random(in: 0..<12, using: &random) {
        case 0:
            let words = ["changed", "ok", "satisfied", "failed", "skipped"]
            step.when = .compare(
                .init(parts: ["s\(Int.random(in: 0..<index, using: &random))"]),
                Bool.random(using: &random) ? .equal : .notEqual,
                words.randomElement(using: &random) ?? "ok")
        case 1, 2:
            guard step.release == nil, step.forEach == nil, step.scope == nil else { return }
            let isManual = Bool.random(using: &random)
            let scope = Int.random(in: 0...2, using: &random)
            let request = PersonAction(
                text: "?", choices: isManual ? [] : [.init(id: "yes", label: "Yes")],
                deadline: .seconds(Int.random(in: 5...60, using: &random)),
                perTarget: scope == 0, perWave: scope == 1 ? true : nil)
            (step.effect, step.unless, step.verify) = (.read, nil, [])
            step.action = isManual ? .manual(request) : .ask(request)
        case 3:
            guard step.release == nil, step.forEach == nil, step.scope == nil else { return }
            (step.effect, step.unless, step.verify) = (.read, nil, [])
            step.when = .compare(
                .init(parts: ["s\(index - 1)"]), .equal,
                Bool.random(using: &random) ? "ok" : "failed")
            step.action = .stop(
                StopAction(
                    resolution: Bool.random(using: &random) ? .resolved : .unresolved,
                    escalate: nil, say: "stop"))
        default: break
        }
    }
}

import Runbooks
import TestSupport
import Testing

@testable import Runner

/// Which targets make which waves: examples of the page, and what holds for any.
struct WavePlanTests {
    private static func targets(_ count: Int, _ labels: [String: [String]] = [:]) throws
        -> [Target]
    {
        try (0..<count).map { index in
            let number = String(index + 1000).dropFirst()
            return try PlanFixture.target("t\(number)", labels: labels)
        }
    }

    private static func sizes(_ plan: WavePlan) -> [Int] { plan.waves.map(\.targets.count) }

    private static func names(_ plan: WavePlan) -> [[String]] {
        plan.waves.map { $0.targets.map(\.rawValue) }
    }

    @Test func theExamplesOfThePageAreAsItSays() throws {
        let all = try Self.targets(40)
        func entry(_ size: Amount?) -> [Int] {
            Self.sizes(
                WavePlan(all, by: .entries([WaveEntry(name: "a", size: size)]), keepingApart: []))
        }
        #expect(entry(.percent(34)) == [14, 14, 12])
        #expect(entry(.count(15)) == [15, 15, 10])
        #expect(entry(nil) == [40])
        func sizes(_ amounts: [Amount?]) -> [Int] {
            Self.sizes(WavePlan(all, by: .sizes(amounts), keepingApart: []))
        }
        #expect(sizes([.count(1), .percent(10), .percent(50), nil]) == [1, 4, 20, 15])
        #expect(sizes([.count(1), .percent(10)]) == [1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3])
        #expect(sizes([.count(100), .count(1)]) == [40])
    }

    @Test func aTargetBelongsToTheFirstEntryThatSelectsItAndWhoIsLeftIsNamed() throws {
        let all = [
            try PlanFixture.target("c", labels: ["role": ["front"], "canary": ["true"]]),
            try PlanFixture.target("b", labels: ["role": ["front"]]),
            try PlanFixture.target("a", labels: ["role": ["mailbox", "front"]]),
            try PlanFixture.target("z", labels: ["role": ["other"]]),
            try PlanFixture.target("y"),
        ]
        let rule = WaveRule.entries([
            WaveEntry(name: "first", select: try PlanFixture.parse("canary = true")),
            WaveEntry(name: "none", select: try PlanFixture.parse("role = nobody")),
            WaveEntry(
                name: "front", select: try PlanFixture.parse("role = front"), size: .count(1)),
        ])
        let plan = WavePlan(all, by: rule, keepingApart: [])
        #expect(plan.waves.map(\.name) == ["first", "front 1/2", "front 2/2"])
        #expect(Self.names(plan) == [["c"], ["a"], ["b"]])
        #expect(plan.unselected.map(\.rawValue) == ["y", "z"])
    }

    @Test func withinAWaveACanaryGoesFirstAndThenTheName() throws {
        let all = [
            try PlanFixture.target("c"), try PlanFixture.target("a"),
            try PlanFixture.target("b", labels: ["canary": ["true"]]),
        ]
        let plan = WavePlan(all, by: .sizes([nil]), keepingApart: [])
        #expect(Self.names(plan) == [["b", "a", "c"]])
        #expect(plan.waves.map(\.name) == ["wave 1"])
    }

    @Test func membersThatAGroupCantSpareGoToTheNextWaveOfTheirEntry() throws {
        let all = try Self.targets(6)
        let names = all.map(\.name)
        let pairs = (0..<3).map { index in
            ProtectedGroup(
                marks: [.init(label: "cluster", value: "mb\(index)")], maxUnavailable: 1,
                members: Array(names[(2 * index)..<(2 * index + 2)]))
        }
        let rule = WaveRule.entries([WaveEntry(name: "all", size: .count(4))])
        let plan = WavePlan(all, by: rule, keepingApart: pairs)
        #expect(Self.names(plan) == [["t000", "t002", "t004"], ["t001", "t003", "t005"]])
        #expect(
            plan.waves.map(\.putOff) == [["cluster = mb0", "cluster = mb1", "cluster = mb2"], nil])
        let small = WaveRule.sizes([.count(2)])
        #expect(
            Self.names(WavePlan(all, by: small, keepingApart: pairs)) == [
                ["t000", "t002"], ["t001", "t003"], ["t004"], ["t005"],
            ])
    }

    /// Some targets, groups and a rule from a seed.
    private struct Case {
        var targets: [Target] = []
        var rule: WaveRule
        var groups: [ProtectedGroup] = []

        init(seed: UInt64) throws {
            var random = SeededNumbers(seed: seed)
            let count = Int.random(in: 1...90, using: &random)
            for index in (0..<count).shuffled(using: &random) {
                var labels = ["role": ["r\(Int.random(in: 0...2, using: &random))"]]
                if Int.random(in: 0..<8, using: &random) == 0 { labels["canary"] = ["true"] }
                targets.append(
                    try PlanFixture.target("t\(String(index + 1000).dropFirst())", labels: labels))
            }
            func amount() -> Amount {
                Bool.random(using: &random)
                    ? .count(Int.random(in: 1...30, using: &random))
                    : .percent(Int.random(in: 1...100, using: &random))
            }
            if Bool.random(using: &random) {
                var sizes: [Amount?] = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    amount()
                }
                if Bool.random(using: &random) { sizes.append(nil) }
                rule = .sizes(sizes)
            } else {
                var entries: [WaveEntry] = []
                for role in [0, 1, 2].shuffled(using: &random).prefix(2) {
                    entries.append(
                        WaveEntry(
                            name: "e\(role)", select: try PlanFixture.parse("role = r\(role)"),
                            size: Bool.random(using: &random) ? amount() : nil))
                }
                if Bool.random(using: &random) {
                    entries.append(WaveEntry(name: "left", size: amount()))
                }
                rule = .entries(entries)
            }
            let names = targets.map(\.name)
            for index in 0..<Int.random(in: 0...6, using: &random) {
                let size = Int.random(in: 1...12, using: &random)
                groups.append(
                    ProtectedGroup(
                        marks: [.init(label: "cluster", value: "c\(index)")],
                        maxUnavailable: Int.random(in: 1...3, using: &random),
                        members: names.shuffled(using: &random).prefix(size).sorted()))
            }
        }
    }

    @Test(arguments: 0..<400 as Range<UInt64>) func whateverTheTargets(_ seed: UInt64) throws {
        let one = try Case(seed: seed)
        let plan = WavePlan(one.targets, by: one.rule, keepingApart: one.groups)
        let placed = plan.waves.flatMap(\.targets)
        #expect(
            (placed + plan.unselected).sorted() == one.targets.map(\.name).sorted(),
            "each target is in one wave, or named")
        #expect(Set(plan.waves.map(\.name)).count == plan.waves.count)
        #expect(plan.waves.allSatisfy { !$0.targets.isEmpty })
        let order = one.targets.inOrderOfStart.map(\.name)
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        for wave in plan.waves {
            let numbers = wave.targets.compactMap { places[$0] }
            #expect(numbers == numbers.sorted(), "in the order of their start")
            for group in one.groups {
                let members = wave.targets.count { group.members.contains($0) }
                #expect(members <= group.maxUnavailable)
            }
            let lives = one.groups.filter { group in
                wave.putOff?.contains(group.name) == true
            }
            for group in lives {
                #expect(wave.targets.count { group.members.contains($0) } == group.maxUnavailable)
            }
        }
        #expect(plan.waves.last?.putOff == nil, "what is put off comes later")
        // The same, in whatever order the targets are given.
        let again = WavePlan(one.targets.reversed(), by: one.rule, keepingApart: one.groups)
        #expect(again.waves == plan.waves && again.unselected == plan.unselected)
        // Without groups the sizes are those of the page, to the number.
        let free = WavePlan(one.targets, by: one.rule, keepingApart: [])
        #expect(Self.sizes(free) == expectedSizes(one))
        for (cut, whole) in zip(Self.sizes(plan), Self.sizes(free)).prefix(1) {
            #expect(cut <= whole)
        }
    }

    /// The sizes as the page words them, reckoned in another way: with fractions.
    private func expectedSizes(_ one: Case) -> [Int] {
        func ceiling(_ amount: Amount?, _ all: Int) -> Int {
            switch amount {
            case nil: all
            case .count(let count): count
            case .percent(let percent): Int((Double(all * percent) / 100).rounded(.up))
            }
        }
        var found: [Int] = []
        switch one.rule {
        case .sizes(let sizes):
            var left = one.targets.count
            while left > 0 {
                let size = ceiling(
                    sizes[min(found.count, sizes.count - 1)], one.targets.count)
                found.append(min(left, size))
                left -= found[found.count - 1]
            }
        case .entries(let entries):
            var left = one.targets
            for entry in entries {
                let chosen = left.filter { entry.select?.holds(in: $0.labelScope) ?? true }
                left.removeAll { entry.select?.holds(in: $0.labelScope) ?? true }
                var rest = chosen.count
                while rest > 0 {
                    found.append(min(rest, ceiling(entry.size, chosen.count)))
                    rest -= found[found.count - 1]
                }
            }
        }
        return found
    }
}

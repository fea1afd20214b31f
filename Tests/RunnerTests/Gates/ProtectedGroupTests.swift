import Runbooks
import TestSupport
import Testing

@testable import Runner

/// The arithmetic of protected groups.
struct ProtectedGroupTests {
    private static let names = (0..<12).map { RunFixture.target("t\($0)") }

    private func group(_ size: Int, max: Int) -> ProtectedGroup {
        ProtectedGroup(
            marks: [ProtectedGroup.Mark(label: "cluster", value: "c")], maxUnavailable: max,
            members: Array(Self.names.prefix(size)))
    }

    @Test(arguments: [
        (ProtectRule.Limit.count(1), 2, 1), (.count(3), 2, 3), (.percent(34), 2, 1),
        (.percent(34), 3, 1), (.percent(34), 5, 1), (.percent(34), 6, 2), (.percent(50), 5, 2),
        (.percent(1), 300, 3), (.percent(100), 7, 7), (.percent(99), 100, 99), (.percent(1), 1, 1),
    ])
    func aShareIsRoundedDownAndOneAtLeast(limit: ProtectRule.Limit, size: Int, most: Int) {
        #expect(limit.of(size) == most)
    }

    @Test func oneMoreThanAllowedIsRefusedAndWhatIsUnavailableAlreadyIsNot() {
        let group = group(3, max: 1)
        let (a, b, outside) = (Self.names[0], Self.names[1], Self.names[9])
        #expect(!group.refuses(a) { _ in false })
        #expect(group.refuses(a) { $0 == b })
        #expect(!group.refuses(b) { $0 == b })
        #expect(!group.refuses(a) { $0 == outside })
        #expect(!group.refuses(outside) { _ in true })
        // More are unavailable than allowed: what is can be mended, nothing else is touched.
        #expect(group.refuses(a) { $0 != a })
        #expect(!group.refuses(a) { _ in true })
    }

    /// Whatever starts, ends, fails and is mended, no start takes one more away than allowed.
    @Test(arguments: 0..<20)
    func neverAreMoreTakenAwayThanAllowed(_ block: Int) {
        for seed in (block * 50)..<(block * 50 + 50) { Self.simulate(UInt64(seed)) }
    }

    private static func simulate(_ seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let groups = (0..<Int.random(in: 1...3, using: &random)).map { number in
            let members = names.filter { _ in Bool.random(using: &random) }
            let limit: ProtectRule.Limit =
                Bool.random(using: &random)
                ? .count(Int.random(in: 1...4, using: &random))
                : .percent(Int.random(in: 1...100, using: &random))
            return ProtectedGroup(
                marks: [ProtectedGroup.Mark(label: "g", value: "\(number)")],
                maxUnavailable: limit.of(members.count), members: members)
        }
        var away: Set<TargetName> = []
        for _ in 0..<200 {
            guard let name = names.randomElement(using: &random) else { return }
            if Bool.random(using: &random) {
                away.remove(name)
                continue
            }
            let locks = away.map { LockSamples.lock($0) }
            let refusal = Availability(locks: locks, standings: []).refusal(of: name, in: groups)
            if refusal == nil { away.insert(name) }
            for group in groups {
                let count = group.members.count { away.contains($0) }
                #expect(count <= group.maxUnavailable, "seed \(seed)")
                if let refusal, refusal.group == group {
                    #expect(count + 1 > group.maxUnavailable, "seed \(seed): refused too early")
                    #expect(refusal.unavailable.count == count, "seed \(seed)")
                }
            }
        }
    }

    @Test func groupsAreMadeOfAllTargetsOfTheEnvironmentWithTheSameValues() {
        func target(
            _ name: String, _ labels: [String: [String]], _ environment: String = "lab"
        ) -> Target {
            Target(
                name: RunFixture.target(name), address: "127.0.0.1", environment: environment,
                labels: labels)
        }
        let inventory = Inventory(targets: [
            target("a", ["cluster": ["one"], "site": ["eu"], "role": ["mail", "hub"]]),
            target("b", ["cluster": ["one"], "site": ["eu"], "role": ["hub"]]),
            target("c", ["cluster": ["two"], "site": ["us"], "role": ["mail"]]),
            target("d", ["cluster": ["one"], "site": ["eu"], "role": ["hub"]], "live"),
            target("e", ["site": ["eu"]]),
        ])
        func groups(_ names: [String], _ rules: ProtectRule...) -> [String] {
            ProtectedGroup.groups(
                of: inventory.targets.filter { names.contains($0.name.rawValue) },
                in: inventory, by: rules
            ).map { "\($0.name): \($0.members.map(\.rawValue).joined()) \($0.maxUnavailable)" }
        }
        let cluster = ProtectRule(per: ["cluster"], limit: .count(1))
        let both = ProtectRule(per: ["site", "role"], limit: .percent(50))
        #expect(groups(["a"], cluster) == ["cluster = one: ab 1"])
        #expect(groups(["a", "c"], cluster) == ["cluster = one: ab 1", "cluster = two: c 1"])
        #expect(groups(["e"], cluster, both) == [])
        #expect(
            groups(["a"], both) == ["site = eu, role = hub: ab 1", "site = eu, role = mail: a 1"])
    }

    @Test(
        arguments: [
            (Outcome.failed, true, nil, Outcome.failed), (.failed, false, nil, nil),
            (.timedOut, true, nil, .timedOut), (.unknown, true, nil, .unknown),
            (.unreachable, true, nil, .unreachable), (.unreachable, false, nil, .unreachable),
            (.unreachable, false, .failed, .failed), (.ok, true, .failed, nil),
            (.satisfied, true, .unreachable, nil), (.ok, false, .failed, .failed),
            (.ok, false, .unreachable, nil), (.aborted, true, .failed, .failed),
            (.aborted, true, nil, nil), (.failed, false, .unreachable, .unreachable),
        ] as [(Outcome, Bool, Outcome?, Outcome?)])
    func theLastRunDecidesWhetherATargetIsAvailable(
        outcome: Outcome, isChanging: Bool, before: Outcome?, after: Outcome?
    ) {
        #expect(Standing.after(outcome, isChanging: isChanging, before: before) == after)
    }
}

import Runbooks
import Runner
import Testing

struct EnvironmentFloorTests {
    @Test(arguments: PolicyLevel.allCases, PolicyLevel.allCases)
    func aLibraryMayTightenAndNeverLoosen(library: PolicyLevel, floor: PolicyLevel) {
        let rule = EnvironmentRule(
            name: "prod", content: library, change: .required, isProduction: true)
        let result = EnvironmentFloor(name: "prod", content: floor).tightening(rule)
        let ranks: [PolicyLevel] = [.off, .advisory, .required]
        let strictest = ranks.last { $0 == library || $0 == floor }
        #expect(result.rule.content == strictest)
        #expect(result.rule.change == .required)
        #expect(result.notes.isEmpty == (library == strictest))
    }

    @Test func sayWhatWasTried() {
        let rule = EnvironmentRule(
            name: "prod", content: .off, change: .advisory, isProduction: false)
        let result = EnvironmentFloor(name: "prod", content: .advisory).tightening(rule)
        #expect(
            result.rule
                == EnvironmentRule(
                    name: "prod", content: .advisory, change: .required, isProduction: true))
        #expect(
            result.notes == [
                "the library says `content: off` for prod, and trust demands advisory: advisory "
                    + "counts",
                "the library says `change: advisory` for prod, and trust demands required: "
                    + "required counts",
                "the library says `production: false` for prod, and trust calls it production: "
                    + "that counts",
            ])
    }

    private func tightened(
        _ library: EnvironmentBefore?, by floor: EnvironmentBefore?
    ) -> (after: EnvironmentBefore?, notes: [String]) {
        let rule = EnvironmentRule(
            name: "prod", content: .required, change: .required, isProduction: true,
            after: library)
        let made = EnvironmentFloor(name: "prod", after: floor).tightening(rule)
        return (made.rule.after, made.notes)
    }

    @Test func whatComesBeforeIsTheStricterOfBoth() {
        let hour: Int64 = 3_600_000
        let floor = EnvironmentBefore(
            environment: "pre", targets: 2, withinMilliseconds: 5 * hour, policy: .advisory)
        #expect(tightened(nil, by: nil).after == nil)
        #expect(tightened(floor, by: nil).after == floor)
        #expect(tightened(floor, by: floor).notes == [])
        let missing = tightened(nil, by: floor)
        #expect(missing.after == floor)
        #expect(
            missing.notes == [
                "the library says no `after` for prod, and trust demands pre: that counts"
            ])
        let other = tightened(
            EnvironmentBefore(
                environment: "lab", oneOfEach: "site", targets: 1, withinMilliseconds: hour,
                policy: .required),
            by: floor)
        #expect(
            other.after
                == EnvironmentBefore(
                    environment: "pre", targets: 2, withinMilliseconds: hour, policy: .required))
        #expect(other.notes.count == 1)
        // A label that only the library counts by stays.
        let counted = tightened(
            EnvironmentBefore(environment: "pre", oneOfEach: "site", targets: 3),
            by: EnvironmentBefore(environment: "pre", oneOfEach: nil, targets: 2))
        #expect(
            counted.after == EnvironmentBefore(environment: "pre", oneOfEach: "site", targets: 3))
        #expect(counted.notes == [])
    }
}

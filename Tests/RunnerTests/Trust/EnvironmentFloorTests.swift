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
}

import Runbooks
import Runner
import Testing

@testable import handrail

/// What the house's list says of a change's type, as far as trust lets it.
struct KnownChangeTypesTests {
    @Test func whereTrustWantsSeveralApprovalsNoTypeGoesWithoutAny() {
        let automatic = ChangeType(name: "standard", severity: .automatic)
        func rules(least: Int) -> ChangeRules {
            ChangeRules(automatic, approvedBy: automatic, least: least)
        }
        #expect(rules(least: 1).severity == .automatic)
        #expect(rules(least: 2).severity == .minor)
        #expect(rules(least: 2).quorum == 2)
        let major = ChangeType(name: "driver", severity: .major, quorum: 3)
        #expect(ChangeRules(major, approvedBy: major, least: 2).severity == .major)
        #expect(ChangeRules(major, approvedBy: major, least: 2).quorum == 3)
    }
}

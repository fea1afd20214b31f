import Runbooks
import Runner
import Testing

struct ActStatementTests {
    private let at = TrustSamples.at

    private func statement(
        _ verb: Verb = .settle, arguments: [String: String] = ["target": "mbx01"],
        plan: String? = "0123456789abcdef0123456789abcdef", run: String? = "r-20261123-0714-k3f9",
        time: Timestamp = TrustSamples.at, nonce: String = "00000000000000000000000000000001"
    ) throws -> ActStatement {
        ActStatement(
            verb, arguments: arguments, plan: try plan.map { try #require(PlanID(rawValue: $0)) },
            run: try run.map { try #require(RunID(rawValue: $0)) }, time: time,
            nonce: try #require(ActNonce(rawValue: nonce)))
    }

    @Test func itsBytesAreCanonicalAndReadBack() throws {
        let text = try SignedStatement.text(of: try statement())
        #expect(
            text == """
                {"arguments":{"target":"mbx01"},"command":"settle",\
                "nonce":"00000000000000000000000000000001",\
                "plan_id":"0123456789abcdef0123456789abcdef","run":"r-20261123-0714-k3f9",\
                "time":1795000000000,"type":"handrail-act 1"}
                """)
    }

    @Test func oneDifferentFieldVoidsIt() throws {
        let wanted = try statement()
        #expect(wanted.objection(to: wanted, at: at) == nil)
        let again = try statement(nonce: "00000000000000000000000000000002")
        #expect(again.objection(to: wanted, at: at) == nil)
        let others = [
            try statement(.pay), try statement(arguments: ["target": "mbx02"]),
            try statement(plan: nil), try statement(plan: "ffffffffffffffffffffffffffffffff"),
            try statement(run: nil), try statement(run: "r-20261123-0714-aaaa"),
        ]
        for other in others { #expect(other.objection(to: wanted, at: at) != nil) }
    }

    @Test func itsTimeIsNearTheClock() throws {
        let signed = try statement()
        for (seconds, isNear) in [(300, true), (-300, true), (301, false), (-301, false)] {
            let instant = at.adding(.seconds(seconds))
            #expect((signed.objection(to: signed, at: instant) == nil) == isNear)
        }
    }
}

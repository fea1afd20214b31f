import Runbooks
import Runner
import Testing

/// What the second of two people signs, and when it doesn't count.
struct GlassRequestTests {
    private static let made = Timestamp(milliseconds: 1_795_000_000_000)

    private static func request(
        plan digit: Character = "a", run: String = "r-1", reason: String = "mail is down",
        groups: [String] = ["cluster = mb1"], first: String = "anna", statement: UInt8 = 2
    ) throws -> GlassRequest {
        GlassRequest(
            run: try #require(RunID(rawValue: run)),
            plan: try #require(PlanID(rawValue: String(repeating: digit, count: 32))),
            planDigest: .sha256(of: Array("\(digit)".utf8)), reason: reason, groups: groups,
            first: try #require(PersonID(rawValue: first)), statement: .sha256(of: [statement]),
            made: made)
    }

    /// What a second person signs for a request.
    private static func signed(
        _ request: GlassRequest, _ verb: Verb = .breakGlassSecond, at time: Timestamp = made
    ) throws -> ActStatement {
        ActStatement(
            verb, arguments: request.arguments, plan: request.plan, run: request.run, time: time,
            nonce: try #require(ActNonce(rawValue: String(repeating: "5", count: 32))))
    }

    private static func objection(
        to statement: ActStatement, by person: String = "bob", at instant: Timestamp = made
    ) throws -> String? {
        try request().objection(
            to: statement, by: try #require(PersonID(rawValue: person)), at: instant)?.reason
    }

    @Test func anotherPersonsSignatureUnderTheVeryRequestCounts() throws {
        #expect(try Self.objection(to: try Self.signed(try Self.request())) == nil)
        let glass = try Self.request().broken(
            by: try #require(PersonID(rawValue: "bob")), at: Self.made)
        #expect(
            glass
                == BrokenGlass(
                    first: "anna", second: "bob", reason: "mail is down",
                    groups: ["cluster = mb1"], at: Self.made))
    }

    @Test func oneDifferentFieldVoidsIt() throws {
        let others = [
            try Self.request(plan: "b"), try Self.request(run: "r-2"),
            try Self.request(reason: "mail is up"), try Self.request(groups: []),
            try Self.request(groups: ["cluster = mb2"]), try Self.request(first: "carl"),
            try Self.request(statement: 3),
        ]
        for other in others {
            let objection = try Self.objection(to: try Self.signed(other))
            #expect(objection?.hasPrefix("the signature is for another ") == true)
        }
        let act = try Self.signed(try Self.request(), .breakGlass)
        #expect(try Self.objection(to: act)?.contains("another act") == true)
    }

    @Test func theFirstPersonIsNoSecond() throws {
        #expect(
            try Self.objection(to: try Self.signed(try Self.request()), by: "anna")
                == "anna asks for it, and a second person has to sign")
    }

    @Test func itCanBeSignedForFifteenMinutes() throws {
        let last = Self.made.adding(.seconds(15 * 60 - 1))
        let request = try Self.request()
        #expect(try Self.objection(to: try Self.signed(request, at: last), at: last) == nil)
        let late = Self.made.adding(.seconds(15 * 60))
        #expect(
            try Self.objection(to: try Self.signed(request, at: late), at: late)?
                .hasPrefix("it was asked for at ") == true)
        // One that was signed long before it is taken.
        #expect(
            try Self.objection(to: try Self.signed(request), at: last)?
                .contains("minutes from now") == true)
    }
}

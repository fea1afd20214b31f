import Runbooks
import Runner
import Testing

struct TrustBookTests {
    private let at = TrustSamples.at

    @Test func anAccountIsOnePersonsSeveralPeoplesOrNobodys() throws {
        let anna = try TrustSamples.person("anna", accounts: ["anna", "ops"])
        let berta = try TrustSamples.person("berta", accounts: ["ops"])
        let carl = try TrustSamples.person("carl", accounts: ["carl", "anna"], retired: at)
        let book = TrustSamples.book([berta, carl, anna])
        #expect(book.actor(forAccount: "anna", at: at) == .person(anna))
        #expect(book.actor(forAccount: "ops", at: at) == .several([anna, berta]))
        #expect(book.actor(forAccount: "root", at: at) == .nobody)
        #expect(book.actor(forAccount: "carl", at: at) == .nobody)
    }

    @Test func aSignatureCountsWhileItsKeyAndPersonDoAndStaysValid() throws {
        let end = at.adding(TrustSamples.day)
        let key = try TrustSamples.personKey(TrustSamples.anna, from: at, until: end)
        let anna = try TrustSamples.person("anna", keys: [key])
        let book = TrustSamples.book([anna])
        #expect(book.holder(of: key.key, at: at) == .success(anna))
        let before = Timestamp(milliseconds: end.milliseconds - 1)
        #expect(book.holder(of: key.key, at: before) == .success(anna))
        for instant in [Timestamp(milliseconds: at.milliseconds - 1), end] {
            guard case .failure(let refusal) = book.holder(of: key.key, at: instant) else {
                Issue.record("the key counts at \(instant.spokenText)")
                continue
            }
            #expect(refusal.reason.hasPrefix("anna's key \(TrustSamples.anna.fingerprint) counts"))
        }
    }

    @Test func whoRetiredSignsNothingNew() throws {
        let key = try TrustSamples.personKey(TrustSamples.anna)
        let anna = try TrustSamples.person(
            "anna", [RoleGrant(.approver)], accounts: ["anna"], keys: [key], retired: at)
        let book = TrustSamples.book([anna])
        let before = Timestamp(milliseconds: at.milliseconds - 1)
        #expect(book.holder(of: key.key, at: before) == .success(anna))
        #expect(throws: TrustRefusal.self) { try book.holder(of: key.key, at: at).get() }
        #expect(book.may(anna, .changeApprove, at: before).isAllowed)
        #expect(
            book.may(anna, .changeApprove, at: at)
                == .refused(TrustRefusal("anna has retired, and may do nothing")))
    }

    @Test func aKeyOfNobodyIsRefused() throws {
        let book = TrustSamples.book([
            try TrustSamples.person("anna", keys: [try TrustSamples.personKey(TrustSamples.anna)])
        ])
        let result = book.holder(of: try TrustSamples.key(TrustSamples.berta), at: at)
        #expect(
            result
                == .failure(
                    TrustRefusal(
                        "the key \(TrustSamples.berta.fingerprint) is nobody's in trust",
                        hint: "'handrail trust show' lists the keys that count")))
    }

    @Test func rolesHoldWithinTheirBoundsAndEveryTargetMustBeCovered() throws {
        let anna = try TrustSamples.person(
            "anna",
            [
                try TrustSamples.grant(.operator, in: ["lab"]),
                try TrustSamples.grant(
                    .operator, in: ["prod"], runbooks: ["mailbox"], targets: ["mbx*"]),
                try TrustSamples.grant(.implementer, in: ["prod"], targets: ["hub*"]),
            ])
        let book = TrustSamples.book([anna])
        func may(_ verb: Verb, _ environment: String, _ runbook: String, _ targets: [String])
            throws -> Bool
        {
            let subject = try TrustSamples.subject(environment, runbook, targets)
            return book.may(anna, verb, on: subject, at: at).isAllowed
        }
        #expect(try may(.runResolution, "lab", "disk.full", ["x1", "hub1"]))
        #expect(try may(.runResolution, "prod", "mailbox.slow", ["mbx01", "hub07"]))
        #expect(try !may(.runResolution, "prod", "disk.full", ["mbx01"]))
        #expect(try !may(.runResolution, "prod", "mailbox.slow", ["mbx01", "edge1"]))
        #expect(try may(.runChange, "prod", "disk.full", ["hub07"]))
        #expect(try !may(.runChange, "prod", "disk.full", ["hub07", "mbx01"]))
        #expect(try !may(.runResolution, "other", "mailbox.slow", ["mbx01"]))
        #expect(try !may(.changeApprove, "lab", "disk.full", ["x1"]))
    }

    @Test func aRefusalSaysWhatIsMissingAndWhoCould() throws {
        let anna = try TrustSamples.person("anna", [try TrustSamples.grant(.operator, in: ["lab"])])
        let berta = try TrustSamples.person("berta", [RoleGrant(.implementer)])
        let carl = try TrustSamples.person("carl", [RoleGrant(.implementer)], retired: at)
        let subject = try TrustSamples.subject("prod", "disk.full", ["mbx01", "mbx02"])
        #expect(
            TrustSamples.book([anna, berta, carl]).may(anna, .runChange, on: subject, at: at)
                == .refused(
                    TrustRefusal(
                        "anna may not run a change for disk.full on mbx01, mbx02 in prod: anna is "
                            + "operator (lab), and implementer is needed; berta could")))
        let nobody = try TrustSamples.person("dora")
        #expect(
            TrustSamples.book([nobody]).may(nobody, .changeSchedule, at: at)
                == .refused(
                    TrustRefusal(
                        "dora may not schedule a change: dora has no role, and change-manager is "
                            + "needed; nobody in trust could")))
    }

    @Test func floorsOfEnvironmentsThatTrustDoesNotKnowAreTheHighest() {
        let lab = EnvironmentFloor(
            name: "lab", content: .off, change: .off, isProduction: false)
        let book = TrustSamples.book([], floors: [lab])
        #expect(book.floor(of: "lab") == lab)
        #expect(book.floor(of: "prod") == EnvironmentFloor(name: "prod"))
        #expect(TrustSamples.book([]).floor(of: "prod") == nil)
    }

    @Test func aTargetIsWhereTrustsPatternsSayItIs() throws {
        let mbx = try #require(NameGlob(rawValue: "mbx*"))
        let book = TrustSamples.book(
            [],
            floors: [EnvironmentFloor(name: "prod", targets: [mbx]), EnvironmentFloor(name: "lab")])
        func misplaced(_ targets: [String], _ environment: String) throws -> [String] {
            book.misplaced(
                try targets.map { try #require(TargetName(rawValue: $0)) }, in: environment)
        }
        #expect(try misplaced(["mbx01"], "prod") == [])
        #expect(try misplaced(["x1"], "lab") == [])
        #expect(
            try misplaced(["mbx01", "x1"], "lab")
                == ["mbx01 is in lab by the library, and in prod by trust"])
        #expect(
            try misplaced(["x1"], "prod")
                == ["x1 is in prod by the library, and fits none of its names in trust"])
    }

    @Test func aSignedStatementIsOnePersonsWithARole() async throws {
        let key = try TrustSamples.personKey(TrustSamples.anna)
        let other = try TrustSamples.personKey(TrustSamples.berta)
        let anna = try TrustSamples.person("anna", [RoleGrant(.approver)], keys: [key])
        let signatures = MemorySignatures(holding: [key, other])
        let book = TrustSamples.book([anna])
        func check(_ statement: String, by key: PersonKey, as shown: String? = nil) async throws
            -> Result<Person, TrustRefusal>
        {
            let signature = try await signatures.sign(
                Array(statement.utf8), namespace: .change, with: key)
            return try await book.check(
                SignedStatement(statement: shown ?? statement, signature: signature),
                namespace: .change, at: at, needs: .approver, by: signatures)
        }
        #expect(try await check("a", by: key) == .success(anna))
        await #expect(throws: TrustRefusal.self) { try (await check("a", by: other)).get() }
        await #expect(throws: TrustRefusal.self) { try (await check("a", by: key, as: "b")).get() }
        let signature = try await signatures.sign([1], namespace: .act, with: key)
        let elsewhere = try await book.check(
            SignedStatement(statement: "\u{1}", signature: signature), namespace: .change, at: at,
            needs: .approver, by: signatures)
        #expect(
            elsewhere
                == .failure(
                    TrustRefusal(
                        "the signature is one for 'handrail-act', and one for 'handrail-change' is "
                            + "needed", hint: "Sign anew, for this use.")))
        let lead = try await book.check(
            SignedStatement(
                statement: "a",
                signature: try await signatures.sign([97], namespace: .content, with: key)),
            namespace: .content, at: at, needs: .lead, by: signatures)
        #expect(
            lead
                == .failure(
                    TrustRefusal(
                        "anna hasn't the role: anna is approver, and lead is needed; nobody in "
                            + "trust could")))
    }
}

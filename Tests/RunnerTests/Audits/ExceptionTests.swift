import Runbooks
import Testing

@testable import Runner

/// How long an exception counts, and what it covers.
struct ExceptionTests {
    private static func exception(
        _ item: String, until: String = "2027-01-31"
    ) -> BaselineException {
        guard let id = StepID(recorded: item) else { preconditionFailure("bad id") }
        return BaselineException(
            item: id, targets: [RunFixture.target("a")], until: until, why: "x", who: "y")
    }

    private func time(_ text: String) throws -> Timestamp {
        try #require(Timestamp(trailText: text))
    }

    @Test func itCountsThroughItsLastDay() throws {
        let exception = Self.exception("clock")
        #expect(exception.end == (try time("2027-02-01T00:00:00.000Z")))
        #expect(exception.state(at: try time("2027-01-24T23:59:59.999Z")) == .current)
        #expect(exception.state(at: try time("2027-01-25T00:00:00.000Z")) == .endsSoon)
        #expect(exception.state(at: try time("2027-01-31T23:59:59.999Z")) == .endsSoon)
        #expect(exception.state(at: try time("2027-02-01T00:00:00.000Z")) == .ended)
        #expect(
            Self.exception("clock", until: "2028-02-29").end
                == (try time("2028-03-01T00:00:00.000Z")))
    }

    @Test func itCoversAllItemsOfAListOrOne() throws {
        let now = try time("2027-01-01T00:00:00.000Z")
        let all = [Self.exception("service")]
        let one = [Self.exception("service[dovecot]")]
        let dovecot = try #require(StepID(recorded: "service[dovecot]"))
        let postfix = try #require(StepID(recorded: "service[postfix]"))
        let target = RunFixture.target("a")
        #expect(all.covering(dovecot, on: target, at: now) != nil)
        #expect(one.covering(dovecot, on: target, at: now) != nil)
        #expect(one.covering(postfix, on: target, at: now) == nil)
        #expect(all.covering(dovecot, on: RunFixture.target("b"), at: now) == nil)
        #expect(
            all.covering(dovecot, on: target, at: try time("2027-03-01T00:00:00.000Z")) == nil)
    }

    @Test func onlyADeviationIsExcepted() {
        let exception = Self.exception("clock")
        let states: [(AuditResult.Verdict, AuditResult.Verdict)] = [
            (.complies, .complies), (.failed, .failed), (.deviates, .excepted),
            (.excepted, .excepted),
        ]
        for (before, after) in states {
            let result = AuditResult(before, .minor)
            #expect(result.excepted(by: exception).verdict == after)
        }
        #expect(AuditResult(.excepted, .minor).excepted(by: nil).verdict == .deviates)
        #expect(AuditResult(.excepted, .minor).excepted(by: nil).exception == nil)
    }
}

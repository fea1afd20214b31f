import Runbooks
import Testing

@testable import Runner

/// Who wrote a version: what commits say, and whom trust knows by it.
struct AuthorshipTests {
    private static let commit = String(repeating: "a", count: 40)

    private func book() throws -> TrustBook {
        TrustBook(
            people: [
                Person(id: try #require(PersonID(rawValue: "ann")), name: "Ann", git: ["Ann@x"]),
                Person(
                    id: try #require(PersonID(rawValue: "bob")), name: "Bob",
                    git: ["bob@x", "team@x"]),
                Person(
                    id: try #require(PersonID(rawValue: "cy")), name: "Cy", git: ["team@x"],
                    retired: ChangeSamples.time(0)),
            ], digest: .sha256(of: [1]))
    }

    @Test func anEmailIsComparedWithoutCapitalsAndANameStandsWhereNoneIs() {
        #expect(Authorship.identity(email: "Ann@X", name: "Ann") == "ann@x")
        #expect(Authorship.identity(email: "", name: "Ann Lee") == "ann lee")
        #expect(Authorship.identity(email: "", name: "") == "nobody named")
        let long = String(repeating: "x", count: 400)
        #expect(Authorship.identity(email: long, name: "").utf8.count == 254)
    }

    @Test func aSharedAddressIsEachOfThemAndRetiredPeopleWroteWhatTheyWrote() throws {
        let written = Authorship(["team@x", "zoe@x"], commit: Self.commit)
        let known = KnownAuthors(written, by: try book())
        #expect(known.people == ["bob", "cy"])
        #expect(known.unknown == ["zoe@x"])
        #expect(known.words == "written by bob, cy, and by 'zoe@x', whom trust doesn't know")
        #expect(known.problem == nil)
    }

    @Test func nobodyIsPassedOverInSilence() throws {
        let strangers = Authorship(["x@y", "z@y"], commit: Self.commit)
        #expect(
            KnownAuthors(strangers, by: try book()).words
                == "written by 'x@y', 'z@y', whom trust doesn't know")
        #expect(KnownAuthors(strangers, by: nil).words == "written by 'x@y', 'z@y'")
        #expect(
            KnownAuthors(Authorship([], commit: Self.commit), by: nil).words
                == "written by nobody that a commit names")
    }

    @Test func whereAuthorsMustBeKnownAStrangerClosesTheGate() throws {
        let mixed = Authorship(["ann@x", "x@y"], commit: Self.commit)
        let closed = KnownAuthors(mixed, by: try book(), mustBeKnown: true)
        #expect(closed.problem?.hasPrefix("'x@y' wrote it, and trust demands") == true)
        let own = Authorship(["ann@x"], commit: Self.commit)
        #expect(KnownAuthors(own, by: try book(), mustBeKnown: true).problem == nil)
    }

    @Test func whatIsMissingClosesTheGate() throws {
        let written = Authorship(["ann@x"], commit: Self.commit, missing: "it is a shallow clone")
        #expect(
            KnownAuthors(written, by: try book()).problem
                == "who wrote it can't be said: it is a shallow clone")
    }

    @Test func aRecordNamesThoseFirstWhomTrustKnows() {
        let many = Set((0..<60).map { "p\($0)@y" })
        let written = Authorship(many.union(["zz@x"]), commit: Self.commit) { $0 == "zz@x" }
        #expect(written.identities.first == "zz@x")
        #expect(written.identities.count == 61 && written.others == 0 && written.missing == nil)
    }

    /// Whoever has a thousand co-authors invented leaves no author out of the record unseen.
    @Test func coAuthorsPushNobodyOffTheRecord() throws {
        let invented = Set((0..<999).map { "a\($0)@y" })
        let written = Authorship(
            invented.union(["zoe@x"]), coAuthors: invented, commit: Self.commit)
        #expect(written.identities.first == "zoe@x")
        #expect(written.identities.count == 1000 && written.missing == nil)
        let more = Authorship(
            invented.union(["zoe@x", "yan@x"]), coAuthors: invented, commit: Self.commit)
        #expect(Array(more.identities.prefix(2)) == ["yan@x", "zoe@x"])
        #expect(more.others == 1)
        #expect(
            KnownAuthors(more, by: try book()).problem
                == "who wrote it can't be said: its commits name 1001 people")
    }
}

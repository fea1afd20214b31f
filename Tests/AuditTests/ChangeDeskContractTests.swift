import Audit
import Foundation
import Runbooks
import Runner
import Testing

/// The rules that every change desk keeps: each runs against the real one and its twin.
struct ChangeDeskContractTests {
    /// The desks under test.
    enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case memory, sqlite
        var testDescription: String { rawValue }
    }

    private func withDesk(
        _ kind: Kind, _ body: (any ChangeDesk) async throws -> Void
    ) async throws {
        switch kind {
        case .memory: try await body(MemoryDesk())
        case .sqlite: try await withHome { home in try await body(try await opened(home)) }
        }
    }

    private static func opening(_ title: String = "The fixed driver") -> [ChangeEvent] {
        [.opened(ChangeRequest(title: title, plan: try? Samples.changePlan()))]
    }

    private static let hold = ChangeEvent.held(why: "wait")

    @Test(arguments: Kind.allCases)
    func changesAreNumberedFromOne(kind: Kind) async throws {
        try await withDesk(kind) { desk in
            for number in 1...3 {
                let change = try await desk.open(
                    Self.opening("\(number)"), actor: "rea", at: Samples.time(0))
                #expect(change.id.rawValue == "CHG-\(number)")
                #expect(change.requester == "rea" && change.request.title == "\(number)")
            }
            let none = try #require(ChangeID(number: 4))
            await expect(.notFound) { _ = try await desk.change(none) }
            await expect(.notFound) { _ = try await desk.events(of: none) }
            await expect(.notFound) {
                _ = try await desk.append(
                    [Self.hold], to: none, after: 1, actor: "ann", at: Samples.time(1))
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func aChangeIsTheFoldOfItsEvents(kind: Kind) async throws {
        try await withDesk(kind) { desk in
            var change = try await desk.open(Self.opening(), actor: "rea", at: Samples.time(0))
            change = try await desk.append(
                [Self.hold, .moved(.submitted, reason: "complete")], to: change.id, after: 1,
                actor: "may", at: Samples.time(5))
            let events = try await desk.events(of: change.id)
            #expect(events.map(\.sequence) == [1, 2, 3])
            #expect(events.map(\.actor) == ["rea", "may", "may"])
            #expect(events.map(\.at) == [Samples.time(0), Samples.time(5), Samples.time(5)])
            #expect(Change(change.id, events: events) == change)
            #expect(try await desk.change(change.id) == change)
            #expect(change.isOnHold && change.state == .submitted)
        }
    }

    @Test(arguments: Kind.allCases)
    func ofTwoWhoChangeItAtOnceTheSecondIsTold(kind: Kind) async throws {
        try await withDesk(kind) { desk in
            let change = try await desk.open(Self.opening(), actor: "rea", at: Samples.time(0))
            _ = try await desk.append(
                [.moved(.cancelled, reason: "no")], to: change.id, after: 1, actor: "ann",
                at: Samples.time(1))
            let error = await #expect(throws: JournalError.self) {
                _ = try await desk.append(
                    [Self.hold], to: change.id, after: 1, actor: "bob", at: Samples.time(2))
            }
            #expect(error?.code == .locked)
            #expect(
                error?.message
                    == "CHG-1 was changed at the same time, by ann; it is cancelled now. "
                    + "Nothing was recorded.")
            #expect(try await desk.events(of: change.id).count == 2)
        }
    }

    @Test(arguments: Kind.allCases)
    func ofManyAtOnceOneWins(kind: Kind) async throws {
        try await withDesk(kind) { desk in
            let change = try await desk.open(Self.opening(), actor: "rea", at: Samples.time(0))
            let won = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        do {
                            _ = try await desk.append(
                                [Self.hold], to: change.id, after: 1, actor: "p\(number)",
                                at: Samples.time(1))
                            return true
                        } catch {
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(won == 1)
            #expect(try await desk.change(change.id).sequence == 2)
        }
    }

    @Test(arguments: Kind.allCases)
    func whatIsTooLongOrNoBeginningIsRefusedWhole(kind: Kind) async throws {
        try await withDesk(kind) { desk in
            await expect(.corrupt) {
                _ = try await desk.open([Self.hold], actor: "rea", at: Samples.time(0))
            }
            let change = try await desk.open(Self.opening(), actor: "rea", at: Samples.time(0))
            let long = String(repeating: "x", count: ChangeLimit.eventBytes)
            await expect(.full) {
                _ = try await desk.append(
                    [Self.hold, .released(why: long)], to: change.id, after: 1, actor: "ann",
                    at: Samples.time(1))
            }
            #expect(try await desk.change(change.id) == change)
        }
    }

    @Test(arguments: Kind.allCases)
    func listsSayTheNewestFirstAndWhatIsAskedFor(kind: Kind) async throws {
        try await withDesk(kind) { desk in
            for title in ["a", "b", "c"] {
                _ = try await desk.open(Self.opening(title), actor: "rea", at: Samples.time(0))
            }
            let second = try #require(ChangeID(number: 2))
            _ = try await desk.append(
                [.moved(.cancelled, reason: "no")], to: second, after: 1, actor: "ann",
                at: Samples.time(1))
            func numbers(_ filter: ChangeFilter) async throws -> [Int] {
                try await desk.changes(matching: filter).map(\.id.number)
            }
            #expect(try await numbers(ChangeFilter()) == [3, 2, 1])
            #expect(try await numbers(ChangeFilter(limit: 2)) == [3, 2])
            #expect(try await numbers(ChangeFilter(isOpen: true)) == [3, 1])
            #expect(try await numbers(ChangeFilter(isOpen: false)) == [2])
            #expect(try await numbers(ChangeFilter(states: [.cancelled, .closed])) == [2])
            let plan = try Samples.changePlan().planID
            #expect(try await numbers(ChangeFilter(plan: plan, limit: 1)) == [3])
            let other = try Samples.plan("e")
            #expect(try await numbers(ChangeFilter(plan: other)) == [])
        }
    }
}

extension Samples {
    /// What a change keeps of the plan of a sample run.
    static func changePlan(
        _ digit: Character = "a", digest: Digest? = nil, outline: Digest? = nil
    ) throws -> ChangePlan {
        ChangePlan(
            try record("r-1", plan: digit).plan, digest: try digest ?? self.digest("c"),
            forecastOutline: outline)
    }
}

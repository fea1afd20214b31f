import Audit
import Runbooks
import Runner
import TestSupport
import Testing

/// What runs of one plan may do beside and after each other.
extension JournalContractTests {
    @Test(arguments: Kind.allCases)
    func aPlanThatARunIsAtStartsNoOther(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let first = try await opened("r-1", in: journal)
            for number in 1...2 {
                do {
                    _ = try await opened("r-2", number: number, lease: 2, in: journal)
                    Issue.record("number \(number) was opened beside the first")
                } catch let error as JournalError {
                    #expect(error.code == .locked)
                    #expect(error.message.contains("r-1"), "\(error.message)")
                }
            }
            let web1 = try Samples.target("web1")
            _ = try await journal.append(
                [.targetEnded(web1, .failed), .closed(.failed, .unclear)], to: first,
                at: Samples.time(1), lease: Samples.lease(1))
            _ = try await opened("r-2", number: 2, lease: 2, in: journal)
            _ = try await opened("r-3", plan: "b", lease: 3, in: journal)
        }
    }

    @Test(arguments: Kind.allCases)
    func timesAreThoseOfTargetsThatWereChangedInEndedRuns(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let runbook = try Samples.record("r-1").plan.runbook.id
            #expect(try await journal.seenTimes(of: runbook) == SeenTimes([]))
            let names = try ["web1", "web2", "web3"].map(Samples.target)
            let record = try Samples.record("r-1", targets: names.map(\.rawValue))
            try await journal.open(record, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            func append(_ events: [RunEvent], _ second: Int64) async throws {
                _ = try await journal.append(
                    events, to: record.id, at: Samples.time(second), lease: Samples.lease(1))
            }
            let list = WaveList(.before, wave: 0, round: 1).name
            try await append([.targetStarted(list)], 1)
            try await append([.targetEnded(list, .changed)], 50)
            try await append(names.map { .targetStarted($0) }, 50)
            try await append([.targetEnded(names[0], .changed)], 57)
            try await append([.targetEnded(names[1], .satisfied)], 58)
            try await append([.targetEnded(names[2], .failed)], 59)
            #expect(try await journal.seenTimes(of: runbook) == SeenTimes([]), "it has not ended")
            try await append([.closed(.failed, .unclear)], 60)
            #expect(try await journal.seenTimes(of: runbook) == SeenTimes([7]))
        }
    }

    @Test(arguments: Kind.allCases)
    func aPlanIsUsedUpForWhatEndedWell(kind: Kind) async throws {
        try await withJournal(kind) { journal in
            let (web1, web2) = (try Samples.target("web1"), try Samples.target("web2"))
            let record = try Samples.record("r-1", targets: ["web1", "web2"])
            try await journal.open(record, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            _ = try await journal.append(
                [
                    .targetEnded(web1, .failed), .targetEnded(web2, .changed),
                    .closed(.failed, .unclear),
                ], to: record.id, at: Samples.time(1), lease: Samples.lease(1))
            #expect(try await journal.targetsEndedWell(try Samples.plan("a")) == [web2])
            #expect(try await journal.targetsEndedWell(try Samples.plan("f")) == [])
            let again = try Samples.record("r-2", number: 2, targets: ["web1", "web2"])
            do {
                try await journal.open(
                    again, lease: Samples.lease(2), leaseUntil: Samples.time(1000))
                Issue.record("a plan that is used up was opened")
            } catch let error as JournalError {
                #expect(error.code == .repeated)
                #expect(error.message.contains("web2") && !error.message.contains("web1"))
            }
            let rest = try Samples.record(
                "r-3", number: 2, targets: ["web1", "web2"],
                leftOut: [LeftOutTarget(target: web2, reason: "done")])
            try await journal.open(rest, lease: Samples.lease(3), leaseUntil: Samples.time(1000))
        }
    }
}

import Runner
import Testing

/// The table of docs/trust.md, "Who may do what", cell by cell.
struct VerbTests {
    /// Columns: operator, author, lead, implementer, change-manager, approver, tester, auditor.
    private static let table: [(verb: Verb, row: String)] = [
        (.plan, "xxxxxxx-"), (.runReading, "x-xx--x-"), (.runResolution, "x-xx----"),
        (.runChange, "---x----"), (.pause, "x-xxx---"), (.abort, "x-xxx---"),
        (.resume, "x-xx----"), (.retry, "x-xx----"), (.rollback, "x-xx----"),
        (.promote, "--xx----"), (.settle, "x-xx----"), (.pay, "x-xx----"),
        (.answer, "x-xx----"), (.confirm, "x-xx----"), (.handOver, "x-xx----"),
        (.note, "xxxxxxxx"), (.escalate, "xxxxxxx-"), (.flag, "xxxxxxxx"),
        (.breakGlass, "x-xx----"), (.breakGlassSecond, "-----x--"),
        (.changeOpen, "xxxxxxxx"), (.changeSubmit, "xxxxxxx-"), (.changeAssess, "--x-x---"),
        (.changeApprove, "-----x--"), (.changeReject, "-----x--"),
        (.changeSchedule, "----x---"), (.changeHold, "---xxx--"), (.changeRelease, "----x---"),
        (.changeCancel, "----xx--"), (.changeClose, "----x---"),
        (.contentApprove, "--x-----"), (.contentRevoke, "--x-xx--"), (.contentTest, "--x---x-"),
        (.trustRead, "xxxxxxxx"), (.trustChange, "--------"),
        (.auditRead, "xxxxxxxx"), (.auditExport, "--x-x--x"), (.auditPush, "x-xx---x"),
    ]

    @Test func theTableHasEveryVerbOnce() {
        #expect(Self.table.map(\.verb.rawValue).sorted() == Verb.allCases.map(\.rawValue).sorted())
    }

    @Test(arguments: Verb.allCases)
    func everyCellIsWhatTheTableSays(verb: Verb) throws {
        let row = try #require(Self.table.first { $0.verb == verb }?.row)
        #expect(row.count == Role.allCases.count)
        for (role, cell) in zip(Role.allCases, row) {
            let person = try TrustSamples.person("anna", [RoleGrant(role)])
            let book = TrustSamples.book([person])
            let permission = book.may(person, verb, at: TrustSamples.at)
            #expect(permission.isAllowed == (cell == "x"), "\(verb.rawValue) × \(role.rawValue)")
        }
    }

    @Test(arguments: Verb.allCases)
    func withoutARoleNothingIsAllowed(verb: Verb) throws {
        let person = try TrustSamples.person("anna")
        let book = TrustSamples.book([person])
        #expect(!book.may(person, verb, at: TrustSamples.at).isAllowed)
    }
}

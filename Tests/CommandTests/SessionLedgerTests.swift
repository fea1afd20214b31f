import Runbooks
import Runner
import Testing

@testable import handrail

struct SessionLedgerTests {
    @Test func aLedSessionIsUsableOnceItIsRecorded() throws {
        let target = try #require(TargetName(rawValue: "mbx01"))
        let ledger = SessionLedger()
        #expect(ledger.isUsable("7 1 boot"))
        ledger.beginLeading()
        #expect(!ledger.isUsable("7 1 boot"))
        ledger.take([.targetStarted(target), .sessionOpened(target, "8 1 boot")])
        #expect(!ledger.isUsable("7 1 boot"))
        ledger.take([.sessionOpened(target, "7 1 boot")])
        #expect(ledger.isUsable("7 1 boot"))
    }
}

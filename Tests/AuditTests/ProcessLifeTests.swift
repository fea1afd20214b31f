import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// When a process is proved dead, and when not.
struct ProcessLifeTests {
    @Test func thisProcessLives() throws {
        #expect(!ProcessLife.isProvedDead(try ProcessLife.lease(nonce: "n")))
    }

    @Test func aReusedPidIsAnotherProcess() throws {
        var lease = try ProcessLife.lease(nonce: "n")
        lease.processStart = "1" + lease.processStart
        #expect(ProcessLife.isProvedDead(lease))
    }

    @Test func anotherBootIsDeath() throws {
        var lease = try ProcessLife.lease(nonce: "n")
        lease.bootID = "another"
        #expect(ProcessLife.isProvedDead(lease))
    }

    @Test func aProcessOfAnotherPidNamespaceCanNotBeJudged() throws {
        var lease = try ProcessLife.lease(nonce: "n")
        lease.pid = Int32.max
        lease.processStart = "1@pid:[1]"
        #expect(!ProcessLife.isProvedDead(lease))
    }

    @Test func anEndedChildIsDead() throws {
        let child = try Tool(["/bin/true"])
        _ = try child.wait()
        var lease = try ProcessLife.lease(nonce: "n")
        lease.pid = child.processID
        #expect(ProcessLife.isProvedDead(lease))
    }
}

import Runbooks
import Runner

/// How a run keeps what its steps write: without its secrets, and outside of memory once it is long.
package struct OutputKeeping: Sendable {
    /// Knows the run's secrets.
    package let redactor: Redactor
    /// Where goes what outgrows memory.
    package let spool: any OutputSpool

    package init(redactor: Redactor, spool: any OutputSpool) {
        self.redactor = redactor
        self.spool = spool
    }

    /// All in memory, without secrets: for what says little.
    package static var inMemory: OutputKeeping {
        OutputKeeping(redactor: Redactor(secrets: []), spool: MemorySpool())
    }
}

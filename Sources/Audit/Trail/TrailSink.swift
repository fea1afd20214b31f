import Runner

/// Where the journal's lines go, batch by batch: `TrailRepository`, or what a test puts around it.
///
/// Every call blocks.
package protocol TrailSink: Sendable {
    /// Where the trail ends now.
    func tip() throws(JournalError) -> TrailTip
    /// Runs a body while no other process can seal.
    func whileLocked<Value>(
        _ body: () throws(JournalError) -> Value
    ) throws(JournalError) -> Value
    /// Commits a batch, durably, and gives the commit's id.
    func seal(_ batch: TrailBatch) throws(JournalError) -> String
    /// Finds out whether the home has the key that signs next.
    func confirmKey() throws(JournalError)
}

extension TrailRepository: TrailSink {}

extension TrailTip {
    /// `size:hash`: written down anywhere else, it proves later that nothing was cut off.
    package var anchor: String { "\(sequence):\(digest)" }
}

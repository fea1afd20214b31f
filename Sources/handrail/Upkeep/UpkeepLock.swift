import Audit
import Runner

/// What backup, restore and prune of one home take turns with.
enum UpkeepLock {
    /// Runs a body while no other upkeep of the home is under way.
    ///
    /// - Throws: `Failure` (refused) while another is; what the body throws.
    static func held<Value>(
        of home: Home, _ body: () async throws -> Value
    ) async throws -> Value {
        let lock: HomeLock?
        do throws(JournalError) {
            lock = try HomeLock(taking: home.path + "/upkeep.lock")
        } catch {
            guard error.code == .full else { throw error }
            // No room for a file without a byte: who frees space must not wait for any.
            return try await body()
        }
        guard let lock else {
            throw Failure(
                .refused, code: "upkeep.busy",
                "Another backup, restore or prune of \(home.path) is under way.",
                hint: "wait until it has ended")
        }
        defer { lock.release() }
        return try await body()
    }
}

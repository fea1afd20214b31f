import Dispatch

/// A thread of its own for calls that block, so that they never hold the cooperative pool.
struct BlockingQueue: Sendable {
    private let queue: DispatchQueue

    /// Opening and migrating journals, reading libraries: rare, and one after the other.
    static let opening = BlockingQueue(label: "handrail.opening")

    init(label: String) { queue = DispatchQueue(label: label) }

    /// Runs a body in order with the others; a cancelled task still waits for its end.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}

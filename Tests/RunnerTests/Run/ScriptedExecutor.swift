import Runbooks

@testable import Runner

/// An executor whose targets answer from a closure; it checks that its port is used as it says.
actor ScriptedExecutor: Executor {
    private let answer: @Sendable (AttemptRequest) -> AttemptReport
    private(set) var requests: [AttemptRequest] = []
    private(set) var closed: [TargetName] = []
    private(set) var cancelled: [TargetName] = []
    private(set) var isShutDown = false
    private var busy: Set<TargetName> = []
    private(set) var mostBusy = 0
    private(set) var misuse: [String] = []
    /// Attempts that wait until `letGo`, by the text of their script.
    private let holding: Set<String>
    private var held: [TargetName: CheckedContinuation<AttemptReport, Never>] = [:]

    init(
        holding: Set<String> = [], answer: @escaping @Sendable (AttemptRequest) -> AttemptReport
    ) {
        self.holding = holding
        self.answer = answer
    }

    func perform(_ request: AttemptRequest) async -> AttemptReport {
        requests.append(request)
        if !busy.insert(request.target.name).inserted {
            misuse.append("two attempts at once on \(request.target.name)")
        }
        if isShutDown { misuse.append("an attempt after the end") }
        mostBusy = max(mostBusy, busy.count)
        defer { busy.remove(request.target.name) }
        guard holding.contains(HandDrive.text(of: request.action)) else {
            await Task.yield()
            return answer(request)
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { held[request.target.name] = $0 }
        } onCancel: {
            Task { await self.letGo(request.target.name, .unknown("left")) }
        }
    }

    func letGo(_ target: TargetName, _ ending: Ending) {
        held.removeValue(forKey: target)?.resume(returning: AttemptReport(ending: ending))
    }

    func cancel(_ target: TargetName) {
        cancelled.append(target)
        letGo(target, .cancelled)
    }

    func close(_ target: TargetName) { closed.append(target) }

    func shutDown() { isShutDown = true }

    var heldTargets: [TargetName] { held.keys.sorted() }
}

/// A store in memory.
actor MemoryStore: ContentStore {
    private var contents: [Digest: [UInt8]] = [:]

    func put(_ bytes: [UInt8]) throws(JournalError) -> Digest {
        let digest = Digest.sha256(of: bytes)
        contents[digest] = bytes
        return digest
    }

    func put(_ output: CapturedOutput) throws(JournalError) -> Digest { try put(output.bytes) }

    func get(_ digest: Digest) throws(JournalError) -> [UInt8] {
        guard let bytes = contents[digest] else {
            throw JournalError(.notFound, "no such content")
        }
        return bytes
    }
}

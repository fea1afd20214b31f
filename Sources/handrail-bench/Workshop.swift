import Audit
import Foundation
import Glibc
import Runbooks
import Runner

/// A home of its own for one measurement, with everything that a real one has.
struct Workshop: Sendable {
    /// The binary's own fault, which nobody can do anything about.
    struct Fault: Error { let text: String }

    let home: Home
    let journal: SQLiteJournal
    let store: FileContentStore
    let trail: TrailSealer
    let lease: Lease

    /// Makes a home in a folder; what was there is kept, so that a full one can be measured.
    init(in folder: String) async throws {
        home = try Home.open(at: folder)
        let source = TrailSource(
            hostName: "bench", program: "handrail-bench", randomBytes: KernelRandom.bytes)
        journal = try await SQLiteJournal.open(
            in: home, trail: source, isProvedDead: ProcessLife.isProvedDead)
        store = try FileContentStore(in: home)
        trail = TrailSealer(journal: journal, store: store)
        lease = try ProcessLife.lease(nonce: "bench")
    }

    /// Opens a run, with everything it names in the store.
    func open(_ plan: Plan, _ number: Int) async throws -> RunRecord {
        let letters = Array("abcdefghjkmnpqrstuvwxyz")
        let tail = String((0..<4).map { _ in letters[Int.random(in: 0..<letters.count)] })
        guard let id = RunID(rawValue: "r-20260101-0000-\(tail)") else {
            throw Fault(text: "no run id")
        }
        let digest = try await store.put(try CanonicalJSON.bytes(of: plan))
        let record = RunRecord(
            id: id, number: number, plan: plan, planDigest: digest, forecastDigest: nil,
            actor: "bench", ticket: nil, alert: nil, librarySource: "main@0000000, clean",
            opened: Self.now())
        try await journal.open(
            record, lease: lease, leaseUntil: Self.now().adding(.seconds(3600)))
        return record
    }

    /// A plan of steps that would say nothing, on targets that don't exist.
    static func plan(targets: Int, steps: Int, inFlight: Int) throws -> Plan {
        guard
            let planID = PlanID(
                rawValue: (0..<32).map { _ in String(Int.random(in: 0...9)) }.joined()),
            let digest = Digest(rawValue: String(repeating: "a", count: 64)),
            let runbook = RunbookID(rawValue: "bench.engine")
        else { throw Fault(text: "no plan") }
        let names = try (1...targets).map { number in
            guard let name = TargetName(rawValue: "host\(number)") else {
                throw Fault(text: "no target name")
            }
            return name
        }
        let list = try (1...steps).map { number in
            guard let id = StepID(rawValue: "step\(number)") else { throw Fault(text: "no step") }
            return Step(
                id: id, title: "Step \(number)", effect: .idempotent,
                action: .run(ScriptCall(program: .inline("true"))))
        }
        return Plan(
            planID: planID, libraryID: "bench",
            runbook: PlannedRunbook(
                id: runbook, title: "Engine", kind: .resolution, digest: digest, files: []),
            environment: EnvironmentRule(
                name: "lab", content: .off, change: .off, isProduction: false),
            parameters: [],
            targets: names.map {
                PlannedTarget(
                    name: $0, address: "127.0.0.1", port: 22, user: nil, becomeUser: nil,
                    hostKeys: [], labels: [:])
            },
            steps: list, verify: [], rollback: [], symptom: nil,
            rollout: Rollout(maxInFlight: inFlight, stopAtFailures: 1), onFailure: nil,
            created: now(), expires: now().adding(.seconds(3600)))
    }

    /// This machine's clock.
    static func now() -> Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    /// Leads a run over a fake executor.
    func lead(
        _ record: RunRecord, _ executor: any Executor,
        observe: @escaping @Sendable (RunMachine, [RunEvent]) -> Void = { _, _ in }
    ) async throws -> RunMachine {
        let loop = RunLoop(
            executor: executor, journal: journal, trail: trail, store: store, lease: lease,
            secrets: [:], now: { Self.now() }, sleep: { try await Task.sleep(for: $0) },
            observe: observe)
        return try await loop.lead(RunMachine(record: record))
    }
}

/// What this process has used, as its kernel counts.
enum ProcessUse {
    /// The most memory so far, in KiB (proc_pid_status(5), VmHWM).
    static func peakKiB() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    /// Processor time so far, in seconds.
    static func seconds() -> Double {
        var use = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &use)
        return Double(use.ru_utime.tv_sec + use.ru_stime.tv_sec)
            + Double(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6
    }
}

extension Duration {
    /// In seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

extension Double {
    /// With so many digits after the point.
    func text(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

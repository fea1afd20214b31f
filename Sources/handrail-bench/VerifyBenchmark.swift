import Audit
import Runner

/// Verifies a trail, and tells what that took.
enum VerifyBenchmark: Benchmark {
    static let name = "verify"

    static func run(_ options: Options) async throws -> [(String, String)] {
        let home = try Home.open(at: options.text("home", "/dev/shm/handrail-bench"))
        guard let key = try TrailKeyFile.firstKey(of: home) else {
            throw Workshop.Fault(text: "the home has no key")
        }
        let began = ContinuousClock.now
        let found = try TrailVerifier(path: home.trailPath, signers: [key]).verify()
        let seconds = began.duration(to: .now).inSeconds
        return [
            ("events", "\(found.events) in \(found.commits) commits"),
            ("findings", "\(found.findingCount)"), ("seconds", seconds.text(2)),
            ("events a second", (Double(found.events) / seconds).text(0)),
            ("processor seconds", ProcessUse.seconds().text(2)),
            ("most memory, MiB", "\(try ProcessUse.peakKiB() >> 10)"),
        ]
    }
}

import Runbooks

/// How fast output is searched for secrets.
enum RedactBenchmark: Benchmark {
    static let name = "redact"

    static func run(_ options: Options) async throws -> [(String, String)] {
        let size = options.number("mib", 32) << 20
        var found: [(String, String)] = []
        for count in [1, 10] {
            let secrets = (0..<count).map { Secret("Hidden-\($0)-wörd/\($0 * 7919)+x=") }
            let redactor = Redactor(secrets: secrets)
            for (kind, text) in [("log", log), ("hex", hex), ("base64", base64)] {
                let chunk = Array(String(repeating: text, count: 32768 / text.utf8.count + 1).utf8)
                var best = 0.0
                for _ in 0..<3 {
                    var stream = RedactingStream(redactor)
                    var released = 0
                    let began = ContinuousClock.now
                    for _ in 0..<(size / chunk.count) { released += stream.feed(chunk).count }
                    released += stream.finish().count
                    let seconds = began.duration(to: .now).inSeconds
                    best = max(best, Double(released) / seconds / 1e6)
                }
                found.append(("\(count) secrets, \(kind), MB/s", best.text(0)))
            }
        }
        return found
    }

    private static let log =
        "2026-11-23T09:22:11.482Z mbx01 imapd[4711]: user=ann.lee@example.net rip=10.2.3.4, "
        + "lip=10.2.0.1 TLS session=<Zk3+a8Qf1N0KAgME>, APPEND failed: No space left (28)\n"
    private static let hex =
        "00000010  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00  |.ELF....|\n"
    private static let base64 =
        "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\n"
}

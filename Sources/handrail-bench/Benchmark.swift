import Glibc

/// One measurement of `handrail-bench`, by its name on the command line.
protocol Benchmark: Sendable {
    /// How it is called.
    static var name: String { get }
    /// Measures with the options that were given.
    ///
    /// - Returns: what was found, a name and a value a line.
    /// - Throws: whatever kept it from measuring.
    static func run(_ options: Options) async throws -> [(String, String)]
}

/// The options of a benchmark.
struct Options: Sendable {
    private let values: [String: String]

    /// Reads `--name value` pairs; nil when they are none.
    init?(_ words: [String]) {
        var values: [String: String] = [:]
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), let value = rest.popFirst() else { return nil }
            values[String(word.dropFirst(2))] = value
        }
        self.values = values
    }

    func text(_ name: String, _ fallback: String) -> String { values[name] ?? fallback }
    func number(_ name: String, _ fallback: Int) -> Int {
        values[name].flatMap { Int($0) } ?? fallback
    }
}

/// Measures parts of Handrail that no command shows by themselves.
@main
struct Bench {
    private static let all: [any Benchmark.Type] = [
        EngineBenchmark.self, LatencyBenchmark.self, BarrierBenchmark.self,
        RedactBenchmark.self, TrailBenchmark.self, VerifyBenchmark.self,
    ]

    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard let benchmark = all.first(where: { $0.name == words.first }),
            let options = Options(Array(words.dropFirst()))
        else {
            let names = all.map { $0.name }.joined(separator: " | ")
            print("usage: handrail-bench \(names) [--option value]...")
            exit(64)
        }
        for (name, value) in try await benchmark.run(options) {
            print(name.padded(to: 28) + value)
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - utf8.count))
    }
}

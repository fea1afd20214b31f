import Runner
import TestSupport
import Testing

@testable import Plugins

/// Several steps in one request: however both streams are cut and mixed, each gets its own bytes.
struct ExchangeTests {
    private let nonce = Nonce.random()

    private func frame(_ words: String) -> [UInt8] { Array("\n@HR \(nonce.text) \(words)\n".utf8) }

    /// Feeds both streams in random pieces; what the latches were told, in order.
    private func feed(
        _ output: [UInt8], _ error: [UInt8], awaiting count: Int, seed: UInt64
    ) -> [Exchange.Reply?] {
        var random = SeededNumbers(seed: seed)
        var exchange = Exchange(.inMemory)
        let latches = (0..<count).map { _ in Latch<Exchange.Reply>() }
        exchange.begin(nonce, latches.map { Exchange.Awaited($0) }, isAnnounced: false, limit: nil)
        var (output, error) = (output[...], error[...])
        while !output.isEmpty || !error.isEmpty {
            let isError = output.isEmpty || (!error.isEmpty && Bool.random(using: &random))
            let length = Int.random(in: 1...40, using: &random)
            let piece = Array((isError ? error : output).prefix(length))
            if isError {
                error = error.dropFirst(length)
            } else {
                output = output.dropFirst(length)
            }
            piece.withUnsafeBytes { exchange.feed($0, from: isError ? .error : .output) }?()
        }
        return latches.map(\.value)
    }

    private func texts(_ reply: Exchange.Reply?) -> [String] {
        guard case .ended(let result) = reply else { return ["\(String(describing: reply))"] }
        return [
            "\(result.status)", String(decoding: result.stdout.rest, as: UTF8.self),
            String(decoding: result.stderr.rest, as: UTF8.self),
        ]
    }

    @Test(arguments: 0..<200)
    func eachStepGetsItsOwnBytes(_ seed: UInt64) {
        var (output, error): ([UInt8], [UInt8]) = ([], [])
        for index in 0..<6 {
            output += Array("\n@HR out \(index)\n".utf8) + frame("end 0 - none")
            error += Array(String(repeating: "e", count: index * 7).utf8) + frame("end 0")
        }
        let replies = feed(output, error, awaiting: 6, seed: seed)
        for (index, reply) in replies.enumerated() {
            #expect(
                texts(reply)
                    == ["0", "\n@HR out \(index)\n", String(repeating: "e", count: index * 7)])
        }
    }

    @Test(arguments: 0..<50)
    func afterABadEndTheOthersRest(_ seed: UInt64) {
        let replies = feed(
            frame("end 0 - none") + Array("bad".utf8) + frame("end 7 - none"),
            frame("end 0") + frame("end 7"), awaiting: 4, seed: seed)
        #expect(texts(replies[0]) == ["0", "", ""] && texts(replies[1]) == ["7", "bad", ""])
        for reply in replies.suffix(2) {
            guard case .rest = reply else {
                Issue.record("\(String(describing: reply))")
                return
            }
        }
    }

    @Test(arguments: 0..<50)
    func aRestAndARefusalSpareWhatHasEnded(_ seed: UInt64) {
        for word in ["rest", "err noscript scripts/x"] {
            let replies = feed(
                frame("end 0 - none") + frame(word),
                frame("end 0") + (word == "rest" ? frame(word) : []), awaiting: 3, seed: seed)
            #expect(texts(replies[0]) == ["0", "", ""])
            switch (replies[1], word) {
            case (.rest, "rest"): break
            case (.frame(let refusal), _): #expect(refusal.words.first == "err")
            default: Issue.record("\(String(describing: replies[1]))")
            }
            guard case .rest = replies[2] else {
                Issue.record("\(String(describing: replies[2]))")
                return
            }
        }
    }
}

import Runner
import Testing

@testable import Plugins

struct OutputBufferTests {
    private func kept(_ pieces: [[UInt8]]) -> CapturedOutput {
        var buffer = OutputBuffer(OutputBuffer.Limit(head: 4, tail: 3))
        for piece in pieces { piece.withUnsafeBytes { buffer.append($0) } }
        return buffer.captured
    }

    @Test(arguments: 1...12)
    func keepsTheFirstAndTheLastBytesHoweverTheyCome(size: Int) {
        let all = (0..<25).map { UInt8($0) }
        let pieces = stride(from: 0, to: all.count, by: size).map {
            Array(all[$0..<min($0 + size, all.count)])
        }
        #expect(
            kept(pieces)
                == CapturedOutput(
                    bytes: [0, 1, 2, 3, 22, 23, 24], totalBytes: 25, droppedBytes: 18))
    }

    @Test func losesNothingUpToItsLimit() {
        #expect(
            kept([[1, 2, 3], [4, 5, 6, 7]])
                == CapturedOutput(bytes: [1, 2, 3, 4, 5, 6, 7], totalBytes: 7, droppedBytes: 0))
    }
}

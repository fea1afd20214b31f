import Glibc
import Testing

@testable import Plugins

@Suite(.timeLimit(.minutes(10)))
struct ChannelTests {
    @Test func manySessionsMayEndAtTheSameTime() async {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<1000 {
                group.addTask { await endsWhenTheOtherSideCloses() }
            }
            for await isEnded in group { #expect(isEnded) }
        }
    }

    @Test func aRequestThatDoesNotFitIsSentWhole() async {
        let wires = SessionWires()
        let channel = Channel(.inMemory)
        channel.start(input: wires.input.ours, output: wires.output.ours, error: wires.error.ours)
        let request = [UInt8](repeating: 7, count: 4 << 20)
        channel.tell(request)
        let other = wires.input.theirs
        let arrived = await Task.detached {
            var total = 0
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            while total < request.count {
                let count = read(other, &chunk, chunk.count)
                guard count > 0 else { break }
                total += count
            }
            return total
        }.value
        #expect(arrived == request.count)
        wires.closeTheirs()
        channel.finish { _ in SessionEnd(status: "0", standardError: "") }
    }

    private func endsWhenTheOtherSideCloses() async -> Bool {
        let wires = SessionWires()
        let channel = Channel(.inMemory)
        channel.start(input: wires.input.ours, output: wires.output.ours, error: wires.error.ours)
        var bytes: [UInt8] = Array("a banner\n".utf8)
        _ = write(wires.output.theirs, &bytes, bytes.count)
        wires.closeTheirs()
        let isOutputEnded: Void? = await channel.outputEnded.wait()
        let isErrorEnded: Void? = await channel.errorEnded.wait()
        channel.finish { _ in SessionEnd(status: "0", standardError: "") }
        return isOutputEnded != nil && isErrorEnded != nil
    }
}

/// Both sides of a session's three streams.
private struct SessionWires {
    let input = Self.pair { socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &$0) }
    let output = Self.pair { pipe(&$0) }
    let error = Self.pair { pipe(&$0) }

    /// What a session's process does when it ends.
    func closeTheirs() {
        for descriptor in [input.theirs, output.theirs, error.theirs] { close(descriptor) }
    }

    private static func pair(_ make: (inout [CInt]) -> CInt) -> (ours: CInt, theirs: CInt) {
        var ends: [CInt] = [-1, -1]
        let made = make(&ends)
        precondition(made == 0, "no descriptors are left for this test")
        return (ends[0], ends[1])
    }
}

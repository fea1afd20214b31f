import Audit
import Testing

/// Randomness from the kernel, in pieces of 256 bytes at most.
struct KernelRandomTests {
    @Test(arguments: [0, 1, 16, 256, 257, 1000])
    func givesSoManyBytesAndNeverTheSame(_ count: Int) {
        let (one, two) = (KernelRandom.bytes(count), KernelRandom.bytes(count))
        #expect(one.count == count && two.count == count)
        #expect(count < 16 || one != two)
        // Every piece is filled: 64 zeros in a row don't come by chance.
        #expect(!one.split(whereSeparator: { $0 != 0 }).contains { $0.count >= 64 })
    }
}

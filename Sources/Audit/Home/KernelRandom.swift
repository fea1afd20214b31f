import Foundation

/// Randomness from the kernel: for ids, nonces and keys.
package enum KernelRandom {
    /// Bytes of the kernel's own source; it gives 256 at most with each call (getentropy(3)).
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            while filled < count {
                let length = min(256, count - filled)
                let code = getentropy(bytes.baseAddress.map { $0 + filled }, length)
                precondition(code == 0, "the kernel has random bytes from its start on")
                filled += length
            }
        }
    }
}

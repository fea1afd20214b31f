import Audit
import Foundation
import Runner
import Testing

/// Contents by the digest of their bytes.
struct FileContentStoreTests {
    /// SHA-256 of `abc` (FIPS 180-2, appendix B.1).
    private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test(arguments: [0, 1, 65_536, 1_000_003])
    func whatWasPutIsGot(count: Int) async throws {
        try await withHome { home in
            let store = try FileContentStore(in: home)
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let digest = try await store.put(bytes)
            #expect(try await store.get(digest) == bytes)
            #expect(try await store.put(bytes) == digest)
        }
    }

    @Test func aContentLiesUnderItsDigestForItsOwnerAlone() async throws {
        try await withHome { home in
            let store = try FileContentStore(in: home)
            let digest = try await store.put(Array("abc".utf8))
            #expect(digest.rawValue == Self.abc)
            var status = stat()
            #expect(stat(home.outputPath + "/ba/" + Self.abc, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: home.outputPath + "/new") == [])
        }
    }

    @Test func changedBytesAreNeverHandedOut() async throws {
        try await withHome { home in
            let store = try FileContentStore(in: home)
            let digest = try await store.put(Array("abc".utf8))
            let path = URL(fileURLWithPath: home.outputPath + "/ba/" + Self.abc)
            try Data("abd".utf8).write(to: path)
            await expect(.corrupt) { _ = try await store.get(digest) }
            try Data("ab".utf8).write(to: path)
            await expect(.corrupt) { _ = try await store.get(digest) }
            _ = try await store.put(Array("abc".utf8))
            #expect(try await store.get(digest) == Array("abc".utf8))
        }
    }

    @Test func anUnknownDigestIsNotFound() async throws {
        try await withHome { home in
            let store = try FileContentStore(in: home)
            await expect(.notFound) { _ = try await store.get(try Samples.digest("a")) }
        }
    }

    @Test func theSameBytesMayBePutAtOnce() async throws {
        try await withHome { home in
            let stores = [try FileContentStore(in: home), try FileContentStore(in: home)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let bytes = [UInt8](repeating: UInt8(number % 4), count: 3000)
                        let digest = try await stores[number % 2].put(bytes)
                        #expect(try await stores[(number + 1) % 2].get(digest) == bytes)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func leftoversOfOldWritesAreRemoved() async throws {
        try await withHome { home in
            let (old, young) = (home.outputPath + "/new/old", home.outputPath + "/new/young")
            for path in [old, young] { try Data().write(to: URL(fileURLWithPath: path)) }
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: old)
            _ = try FileContentStore(in: home)
            #expect(!FileManager.default.fileExists(atPath: old))
            #expect(FileManager.default.fileExists(atPath: young))
        }
    }
}

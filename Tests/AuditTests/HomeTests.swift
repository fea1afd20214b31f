import Audit
import Foundation
import Testing

/// Which folders may be a home.
struct HomeTests {
    @Test func aMissingHomeIsMadeForItsOwnerAlone() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.open(at: folder + "/a/b/home/")
            #expect(home.path == folder + "/a/b/home")
            for path in ["/a", "/a/b/home", "/a/b/home/output", "/a/b/home/output/new"] {
                var status = stat()
                #expect(stat(folder + path, &status) == 0)
                #expect(status.st_mode & 0o7777 == 0o700, "\(path)")
            }
        }
    }

    @Test(arguments: [0o720, 0o702, 0o777, 0o1777])
    func aHomeThatOthersMayWriteToIsRefused(mode: mode_t) async throws {
        try await withTemporaryFolder { folder in
            try #require(mkdir(folder + "/home", 0o700) == 0)
            try #require(chmod(folder + "/home", mode) == 0)
            let error = #expect(throws: HomeError.self) { try Home.open(at: folder + "/home") }
            #expect(error?.code == .wrongMode)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
    func aHomeOfAnotherAccountIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try #require(mkdir(folder + "/home", 0o700) == 0)
            try #require(chown(folder + "/home", 65_534, 65_534) == 0)
            let error = #expect(throws: HomeError.self) { try Home.open(at: folder + "/home") }
            #expect(error?.code == .notOwned)
        }
    }

    @Test func aFileIsNoHome() async throws {
        try await withTemporaryFolder { folder in
            try "".write(toFile: folder + "/home", atomically: false, encoding: .utf8)
            for path in ["/home", "/home/below"] {
                let error = #expect(throws: HomeError.self) { try Home.open(at: folder + path) }
                #expect(error?.code == .notAFolder, "\(path)")
            }
        }
    }
}

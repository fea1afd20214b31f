import Foundation
import Glibc
import TestSupport
import Testing

/// Paths that people give: `~` means the same everywhere, and what can't be read isn't empty.
struct GivenPathTests {
    @Test(arguments: ["~/h", "~", "~x", "~x/y", "./~/h"])
    func aHomeWithATildeIsAHomeLikeAnyOther(_ path: String) throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let result = try bench.handrail(
            "flag", "service.down", "--why", "x", "--home", path)
        #expect(result.status == 0, "\(result.errors)")
        let place =
            switch path {
            case "~/h": "/h"
            case "~": ""
            case "./~/h": "/~/h"
            default: "/" + path
            }
        #expect(FileManager.default.fileExists(atPath: bench.folder + place + "/journal.db"))
    }

    /// As `--out=~/pack` gets here: no shell has expanded it.
    @Test func outputsAndInputsMeanTheSameByATilde() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let files = FileManager.default
        let planned = try bench.handrail(
            "plan", "service.down", "--on", "localhost", "--set", "service=x", "--no-probe", "-o",
            "~/plan.json")
        #expect(planned.status == 0, "\(planned.errors)")
        #expect(files.fileExists(atPath: bench.folder + "/plan.json"))
        let again = try bench.handrail("plan", "~/plan.json", "--no-probe")
        #expect(again.status == 0, "\(again.errors)")
        for _ in 0..<2 {
            let handed = try bench.handrail(
                "escalate", "--alert", "Down", "--to", "t", "--note", "n", "--out=~/pack")
            let isFirst = handed.status == 0
            #expect(files.fileExists(atPath: bench.folder + "/pack/pack.md"), "\(handed.errors)")
            guard !isFirst else { continue }
            #expect(handed.errors.contains("is there already"), "\(handed.errors)")
        }
        #expect(!files.fileExists(atPath: bench.folder + "/~"))
    }

    /// A plan is written by a file that takes the name: root must not replace a device by that.
    @Test func aPlanGoesIntoADeviceAndNotInItsPlace() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let link = bench.folder + "/null"
        try #require(symlink("/dev/null", link) == 0)
        let planned = try bench.handrail(
            "plan", "service.down", "--on", "localhost", "--set", "service=x", "--no-probe", "-o",
            link)
        #expect(planned.status == 0, "\(planned.errors)")
        let leads = try FileManager.default.destinationOfSymbolicLink(atPath: link)
        #expect(leads == "/dev/null")
    }

    /// Before anything else: the library isn't even read.
    @Test(arguments: [(".", "it is a folder"), ("no/such/plan.json", "No such file or directory")])
    func aPlaceForAPlanThatIsNoneIsSaidFirst(_ path: String, _ why: String) throws {
        let bench = try Workbench()
        let planned = try bench.handrail("plan", "service.down", "-o", bench.folder + "/" + path)
        #expect(planned.status == 3)
        #expect(planned.errors.contains(why), "\(planned.errors)")
        #expect(planned.errors.contains("check the path after -o"))
    }

    @Test func aHomeThatCantBeLookedAtIsNotAnEmptyOne() throws {
        let bench = try Workbench()
        try #require(symlink("loop", bench.folder + "/loop") == 0)
        let result = try bench.handrail("history", "--home", bench.folder + "/loop/home")
        #expect(result.status == 3 || result.status == 1, "\(result.output)")
        #expect(result.errors.contains("can't be used as a home"), "\(result.errors)")
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become another account"))
    func anotherAccountsHomeIsNotAnEmptyOne() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        try #require(try bench.handrail("flag", "service.down", "--why", "x").status == 0)
        try #require(chmod(bench.folder, 0o755) == 0 && chmod(bench.home, 0o700) == 0)
        for words in [[], ["history"], ["status", "last"]] {
            let result = try bench.handrail(
                words + ["--home", bench.home], through: ["setpriv", "--reuid=65534"])
            #expect(result.status == 3, "\(words): \(result.output)")
            #expect(result.errors.contains("belongs to uid 0"), "\(words): \(result.errors)")
        }
    }
}

import Runbooks
import Runner
import Testing

struct NameGlobTests {
    @Test(arguments: [
        ("mbx*", "mbx01", true), ("mbx*", "mbx", true), ("mbx*", "hub-mbx", false),
        ("mbx0?", "mbx01", true), ("mbx0?", "mbx0", false), ("*a", "mbx01a", true),
        ("*a*b*", "xaxbx", true), ("*a*b*", "xbxax", false), ("mbx01", "mbx01", true),
        ("mbx01", "MBX01", false), ("*", "", true),
    ])
    func fitsWholeNames(pattern: String, name: String, fits: Bool) throws {
        #expect(try #require(NameGlob(rawValue: pattern)).fits(name) == fits)
    }

    @Test(arguments: [
        ("mailbox", "mailbox", true), ("mailbox", "mailbox.slow", true),
        ("mailbox", "mailboxes.slow", false), ("mailbox.*", "mailbox.slow", true),
        ("mailbox.*", "mailbox", false), ("*.slow", "mailbox.slow", true),
    ])
    func namesAnAreaOfRunbooks(pattern: String, id: String, covers: Bool) throws {
        let glob = try #require(NameGlob(rawValue: pattern))
        #expect(glob.covers(try #require(RunbookID(rawValue: id))) == covers)
    }

    @Test(arguments: ["", "a b", "[ab]", "a/b", "ä*", "a,b", "!a"])
    func refusesOtherCharacters(text: String) {
        #expect(NameGlob(rawValue: text) == nil)
    }
}

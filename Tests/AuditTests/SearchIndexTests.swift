import Audit
import Foundation
import Testing

struct SearchIndexTests {
    private static let entries = [
        SearchEntry(
            id: "disk.full", title: "A filesystem with logs is full",
            symptoms: SearchWords.spelledOut("DiskAlmostFull"),
            article: "Old logs fill it. The mail queue may stop.", rest: "mount_point"),
        SearchEntry(
            id: "mail.queue", title: "Mail is stuck in the queue", symptoms: "PostfixQueue",
            article: "Deferred messages pile up on a full server.", rest: ""),
        SearchEntry(
            id: "limits", title: "Limits drifted", symptoms: "", article: "Größe und Straße",
            rest: "queue"),
    ]

    private static func index() throws -> SearchIndex {
        try SearchIndex(at: nil, version: "1", entries: { entries })
    }

    @Test(arguments: [
        ("queue", ["mail.queue", "limits", "disk.full"]), ("disk", ["disk.full"]),
        ("almost full", ["disk.full"]), ("DISKALMOST", ["disk.full"]),
        ("que", ["mail.queue", "limits", "disk.full"]),
        ("full", ["disk.full", "mail.queue"]), ("mail queue", ["mail.queue", "disk.full"]),
        ("mount_point", ["disk.full"]), ("größe", ["limits"]), ("grosse", []),
        ("disk.full", ["disk.full"]),
    ])
    func findsByBeginningsOfWordsTheBestPlaceFirst(_ words: String, _ ids: [String]) throws {
        let answer = try Self.index().find(words)
        #expect(answer.hits.map(\.id) == ids)
        #expect(!answer.isPartial)
    }

    @Test func theSymptomIsTheBestPlace() throws {
        let places = try Self.index().find("full").hits.map(\.place)
        #expect(places == [.symptom, .article])
    }

    @Test func whenNoneHasAllWordsThoseWithSomeAreShown() throws {
        let answer = try Self.index().find("drifted postfix")
        #expect(Set(answer.hits.map(\.id)) == ["limits", "mail.queue"])
        #expect(answer.isPartial)
    }

    @Test func aMisspeltWordHasANearOne() throws {
        let answer = try Self.index().find("defered mesages")
        #expect(answer.hits == [])
        #expect(answer.meant == ["defered": "deferred", "mesages": "messages"])
    }

    @Test(arguments: [
        "\"", "\"\"\"", "a\" OR \"b", "NEAR(a b)", "id : x", "{title} : x", "^a", "a*", "a AND",
        "NOT",
        "OR OR OR", "'; DROP TABLE entries; --", "(((((", "-", "*", "\u{0}", "\u{1B}[2J", "a\u{0}b",
        "🙂", "%s%n", "+", "a + b", String(repeating: "x", count: 100_000),
        String(repeating: "a b c \" ( ", count: 5000),
    ])
    func hostileWordsAreOnlyWords(_ words: String) throws {
        let index = try Self.index()
        _ = try index.find(words)
        #expect(try index.find("queue").hits.count == 3)
    }

    @Test func isMadeAnewWhenTheVersionChangesAndOnlyThen() throws {
        try withFolder { folder in
            let path = folder + "/search.db"
            _ = try SearchIndex(at: path, version: "1", entries: { Self.entries })
            let kept = try SearchIndex(
                at: path, version: "1",
                entries: {
                    Issue.record("the index was made again")
                    return []
                })
            #expect(try kept.find("disk").hits.count == 1)
            let next = try SearchIndex(at: path, version: "2", entries: { [] })
            #expect(try next.find("disk").hits == [])
        }
    }

    @Test(arguments: ["no database at all, but long enough to be read as one", ""])
    func aDamagedFileIsReplaced(_ content: String) throws {
        try withFolder { folder in
            let path = folder + "/search.db"
            try Data(content.utf8).write(to: URL(fileURLWithPath: path))
            for _ in 1...2 {
                let index = try SearchIndex(at: path, version: "1", entries: { Self.entries })
                #expect(try index.find("disk").hits.count == 1)
            }
        }
    }

    @Test func withoutAFolderItIsMadeInMemory() throws {
        let index = try SearchIndex(
            at: "/nowhere/at/all/search.db", version: "1", entries: { Self.entries })
        #expect(try index.find("disk").hits.count == 1)
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "handrail-search-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(at: folder)
            } catch {
                Issue.record("\(folder.path) could not be removed: \(error)")
            }
        }
        try body(folder.path)
    }
}

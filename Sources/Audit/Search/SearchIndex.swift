import Foundation
import GRDB
import Runbooks
import Runner

/// A full-text index over one library at one commit (SQLite FTS5), made anew when that changes.
///
/// It holds nothing that isn't in the library: the file may be deleted at any time. A file that
/// can't be used is set aside, and the index is made in memory.
package struct SearchIndex: Sendable {
    /// The format of the tables; another one is made anew.
    private static let format = "handrail-search 1"
    /// The most hits of one answer.
    package static let mostHits = 50

    private let queue: DatabaseQueue

    /// Opens the index of a library, and fills it unless it is the one of this version.
    ///
    /// - Parameters:
    ///   - path: The file; nil for memory, as for a folder that was read as it is.
    ///   - version: What the entries were made of, such as a commit.
    ///   - entries: Made only when they are needed.
    /// - Throws: `JournalError` (io) when SQLite can't search even in memory.
    package init(
        at path: String?, version: String, entries: () -> [SearchEntry]
    ) throws(JournalError) {
        if let path {
            do {
                queue = try Self.open(path, version, entries)
                return
            } catch {
                // A damaged or foreign file, or one that can't be written: memory does as well.
                Self.remove(path)
            }
        }
        do {
            queue = try Self.open(nil, version, entries)
        } catch {
            throw JournalError(.io, "The library can't be searched.", cause: error)
        }
    }

    /// The runbooks that have the words, or else some of them.
    ///
    /// - Throws: `JournalError` (io).
    package func find(_ text: String) throws(JournalError) -> SearchAnswer {
        let words = SearchWords.of(text)
        guard !words.isEmpty else { return SearchAnswer(hits: [], isPartial: false, meant: [:]) }
        do {
            return try queue.read { db in
                let all = try Self.hits(words, "AND", in: db)
                let hits = all.isEmpty ? try Self.hits(words, "OR", in: db) : all
                return SearchAnswer(
                    hits: hits, isPartial: all.isEmpty && words.count > 1,
                    meant: all.isEmpty ? try Self.meant(words, in: db) : [:])
            }
        } catch {
            throw JournalError(.io, "The library can't be searched.", cause: error)
        }
    }

    private static func open(
        _ path: String?, _ version: String, _ entries: () -> [SearchEntry]
    ) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "handrail.search"
        let queue =
            try path.map { try DatabaseQueue(path: $0, configuration: configuration) }
            ?? DatabaseQueue(configuration: configuration)
        let mark = "\(format) \(version)"
        let known = try queue.read { db in
            try db.tableExists("version")
                ? String.fetchOne(db, sql: "SELECT mark FROM version") : nil
        }
        guard known != mark else { return queue }
        let rows = entries()
        try queue.write { try fill($0, mark, rows) }
        if let path, chmod(path, 0o600) != 0 {
            throw FileError(call: "chmod", path: path, number: errno)
        }
        return queue
    }

    private static func fill(_ db: Database, _ mark: String, _ entries: [SearchEntry]) throws {
        try db.execute(
            sql: """
                DROP TABLE IF EXISTS words;
                DROP TABLE IF EXISTS entries;
                DROP TABLE IF EXISTS version;
                CREATE TABLE version (mark TEXT NOT NULL);
                CREATE VIRTUAL TABLE entries USING fts5(
                    id, title, symptoms, article, rest, tokenize = 'unicode61');
                CREATE VIRTUAL TABLE words USING fts5vocab(entries, row);
                """)
        for entry in entries {
            try db.execute(
                sql: "INSERT INTO entries (id, title, symptoms, article, rest) "
                    + "VALUES (?, ?, ?, ?, ?)",
                arguments: [entry.id, entry.title, entry.symptoms, entry.article, entry.rest])
        }
        try db.execute(sql: "INSERT INTO version (mark) VALUES (?)", arguments: [mark])
    }

    private static func hits(
        _ words: [String], _ joined: String, in db: Database
    ) throws -> [SearchHit] {
        func ids(_ columns: String) throws -> Set<String> {
            try String.fetchSet(
                db, sql: "SELECT id FROM entries WHERE entries MATCH ?",
                arguments: [SearchWords.expression(words, joined: joined, in: columns)])
        }
        let (symptoms, titles) = (try ids("symptoms"), try ids("id title"))
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT id, bm25(entries, 4.0, 6.0, 10.0, 1.0, 1.0) AS score,
                    snippet(entries, -1, '', '', '…', 16) AS excerpt
                FROM entries WHERE entries MATCH ? ORDER BY score, id
                """, arguments: [SearchWords.expression(words, joined: joined)])
        let hits = rows.enumerated().map { index, row -> (Int, SearchHit) in
            let id: String = row["id"]
            let place: SearchHit.Place =
                symptoms.contains(id) ? .symptom : titles.contains(id) ? .title : .article
            return (
                index,
                SearchHit(id: id, place: place, score: row["score"], excerpt: row["excerpt"])
            )
        }
        return hits.sorted { ($0.1.place, $0.0) < ($1.1.place, $1.0) }.map(\.1)
            .prefix(mostHits).map(\.self)
    }

    /// For each word that no entry has: the nearest one that some entry has.
    private static func meant(_ words: [String], in db: Database) throws -> [String: String] {
        let known = try String.fetchAll(db, sql: "SELECT term FROM words ORDER BY term")
        var meant: [String: String] = [:]
        for word in words where !known.contains(where: { $0.hasPrefix(word) }) {
            meant[word] = nearestName(to: word, among: known.filter { $0.count > 2 })
        }
        return meant
    }

    private static func remove(_ path: String) {
        for ending in ["", "-journal", "-wal", "-shm"] {
            // What isn't there needs no removing; what can't be removed is found again next time.
            _ = unlink(path + ending)
        }
    }
}

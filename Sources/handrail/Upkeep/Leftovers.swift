import Audit
import Foundation
import Runbooks
import Runner

/// What killed commands left: drafts of folders and files that never got their names.
struct Leftovers: Sendable {
    /// One of them.
    struct Found: Sendable, Hashable {
        let path: String
        let bytes: Int
    }

    /// Younger ones may be somebody's at work.
    private static let age: Int64 = 86_400_000

    let home: String
    /// Another folder to look in: where the person is.
    let folder: String

    /// All that are older than a day, by their paths.
    func found(now: Timestamp) -> [Found] {
        let places: [(String, (String) -> Bool)] = [
            (PathText.folder(of: home), Self.isUnplacedHome(of: home)),
            (home, Self.isDraft), (folder, Self.isDraft),
        ]
        var seen: Set<String> = []
        return places.flatMap { place, isLeft -> [Found] in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
            return names.sorted().compactMap { name in
                let path = place == "/" ? "/" + name : place + "/" + name
                guard isLeft(path), seen.insert(path).inserted, Self.isOld(path, now) else {
                    return nil
                }
                return Found(path: path, bytes: Self.size(path))
            }
        }
    }

    /// Homes that a killed restore was making: they were never in place.
    private static func isUnplacedHome(of home: String) -> (String) -> Bool {
        { path in
            guard path.hasPrefix(home + ".new-") else { return false }
            return Hexadecimal.isDigits(path.dropFirst(home.utf8.count + 5), 16)
        }
    }

    /// Folders that a killed `audit export` was writing, and files of a killed `backup`.
    private static func isDraft(_ path: String) -> Bool {
        if HomeBackup.isLeftover(name: (path as NSString).lastPathComponent) { return true }
        guard let mark = path.range(of: ".new-", options: .backwards),
            UUID(uuidString: String(path[mark.upperBound...])) != nil
        else { return false }
        let ours: Set<String> = [
            "trail.bundle", "allowed_signers", "events.ndjson", "events.txt", "evidence",
            "VERIFY.md", ".git", "trail.bundle.lock",
        ]
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        return names.map { Set($0).isSubset(of: ours) } ?? false
    }

    private static func isOld(_ path: String, _ now: Timestamp) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_uid == geteuid() else { return false }
        return now.milliseconds - Int64(status.st_mtim.tv_sec) * 1000 > age
    }

    private static func size(_ path: String) -> Int {
        let below = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return ([path] + below.map { path + "/" + $0 }).reduce(0) { sum, path in
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return sum }
            return sum + Int(status.st_size)
        }
    }
}

import Foundation
import Runbooks
import Runner

/// A home that can't be used.
package struct HomeError: Error, Sendable {
    /// What is wrong with it; callers switch on it.
    package enum Code: String, Sendable { case notOwned, wrongMode, notAFolder, readOnly, full, io }

    /// What kind of failure it is.
    package let code: Code
    /// What is wrong, on what, in one sentence.
    package let message: String
    /// What the operator can do next.
    package let hint: String?
    /// The lower error.
    package let cause: (any Error)?

    init(_ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}

/// The folder with all that an account's Handrail knows (docs/journal.md, "The home").
package struct Home: Sendable, Hashable {
    /// The folder, as it was named.
    package let path: String

    /// `journal.db`.
    package var journalPath: String { path + "/journal.db" }
    /// Where contents are kept by digest.
    package var outputPath: String { path + "/output" }
    /// Where contents are until they are whole, and what attempts under way write.
    var newOutputPath: String { outputPath + "/new" }
    /// Where packs are written unless another place is named.
    package var escalationsPath: String { path + "/escalations" }

    /// A home's folder, whatever is there; nothing is looked at or made.
    package init(path: String) { self.path = path }

    /// Opens a home, and makes what is missing of it with mode 0700.
    ///
    /// Blocks for a few file operations.
    /// - Throws: `HomeError` with the reason why it can't be used.
    package static func open(at path: String) throws(HomeError) -> Home {
        var clean = path
        while clean.count > 1, clean.hasSuffix("/") { clean.removeLast() }
        let home = Home(path: clean)
        do {
            try makeFolders(clean)
            try home.check(clean)
            guard access(clean, W_OK | X_OK) == 0 else {
                throw FileError(call: "access", path: clean, number: errno)
            }
            for folder in [home.outputPath, home.newOutputPath] {
                try makeFolder(folder)
                try home.check(folder)
            }
        } catch let error as FileError {
            throw HomeError(error)
        } catch let error as HomeError {
            throw error
        } catch {
            throw HomeError(.io, "The home \(clean) can't be used.", cause: error)
        }
        return home
    }

    /// Makes an empty journal file with mode 0600, or checks the one that is there.
    ///
    /// WHY NOT opened when it is there: closing any descriptor of a file drops the locks that
    /// SQLite holds on it in this process (sqlite.org/howtocorrupt.html, 2.2).
    ///
    /// `isAnew`: whether a missing one is made in a home that was in use, too.
    func prepareJournalFile(isAnew: Bool = false) throws {
        var status = stat()
        if lstat(journalPath, &status) != 0 {
            guard errno == ENOENT else {
                throw FileError(call: "lstat", path: journalPath, number: errno)
            }
            if !isAnew { try refuseIfUsed("is gone") }
            let created = try FileDescriptor(
                journalPath, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            _ = consume created
            return
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            throw JournalError(
                .io, "The journal \(journalPath) is no plain file of yours.",
                hint: "Look who put it there, and move it away.")
        }
        if status.st_size == 0 { try refuseIfUsed("is empty") }
        if status.st_mode & 0o077 != 0, chmod(journalPath, 0o600) != 0 {
            throw FileError(call: "chmod", path: journalPath, number: errno)
        }
    }

    /// Whether runs are kept there, or were: also when their journal is gone, which opening refuses.
    ///
    /// What can't be looked at counts as used: opening it says why, where "nothing" would be a guess.
    package static func isUsed(at path: String) -> Bool {
        let home = Home(path: path)
        var status = stat()
        guard lstat(home.journalPath, &status) != 0 else { return true }
        return errno != ENOENT || home.traces != nil
    }

    /// What says that runs were kept here; nil when nothing does.
    private var traces: String? {
        var status = stat()
        let log = journalPath + "-wal"
        if lstat(log, &status) == 0, status.st_size > 0 { return "\(log) holds events" }
        if access(trailPath, F_OK) == 0 { return "\(trailPath) is the record of its runs" }
        guard access(outputPath, F_OK) == 0 else { return nil }
        do {
            let contents = try FileManager.default.contentsOfDirectory(atPath: outputPath)
            return contents.contains { $0 != "new" } ? "\(outputPath) holds outputs of runs" : nil
        } catch {
            return "\(outputPath) can't be listed: \(error.localizedDescription)"
        }
    }

    /// Refuses to start a new journal where one was in use: it would say that nothing ever ran.
    private func refuseIfUsed(_ how: String) throws(JournalError) {
        guard let traces else { return }
        throw JournalError(
            .corrupt,
            "The journal \(journalPath) \(how), and this home was in use: "
                + "\(traces).",
            hint: "Make it anew from the trail with 'handrail restore --from-trail', or restore "
                + "the last backup. To begin without any run so far, move \(path) away.")
    }

    private func check(_ folder: String) throws {
        var status = stat()
        guard stat(folder, &status) == 0 else {
            throw FileError(call: "stat", path: folder, number: errno)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw HomeError(
                .notAFolder, "\(folder) is no folder.",
                hint: "Name another home with --home, or move it away.")
        }
        guard status.st_uid == geteuid() else {
            throw HomeError(
                .notOwned, "\(folder) belongs to uid \(status.st_uid), not to you (\(geteuid())).",
                hint: "Name a home of your own with --home, or run as its owner.")
        }
        guard status.st_mode & 0o022 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw HomeError(
                .wrongMode, "Other accounts may write to \(folder) (mode 0\(mode)).",
                hint: "Check what is in it, then 'chmod 0700 \(folder)'.")
        }
    }

    private static func makeFolders(_ path: String) throws {
        let parent = PathText.folder(of: path)
        if !parent.isEmpty, access(parent, F_OK) != 0 { try makeFolders(parent) }
        try makeFolder(path)
    }

    private static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o700) != 0 else { return }
        let number = errno
        var status = stat()
        if number == EEXIST || stat(path, &status) == 0 { return }
        throw FileError(call: "mkdir", path: path, number: number)
    }
}

extension HomeError {
    fileprivate init(_ error: FileError) {
        let what = "\(error.path) can't be used as a home: \(error.reason)"
        switch error.number {
        case ENOSPC, EDQUOT:
            self.init(.full, what + ".", hint: "Free space on its file system.", cause: error)
        case EROFS:
            self.init(
                .readOnly, what + ".", hint: "Name a home that can be written with --home.",
                cause: error)
        case ENOTDIR:
            self.init(
                .notAFolder, what + ".", hint: "Name another home with --home.", cause: error)
        case EACCES, EPERM:
            self.init(
                .wrongMode, what + ".",
                hint: "Give yourself the right to write there, or name another with --home.",
                cause: error)
        default:
            self.init(.io, what + ".", cause: error)
        }
    }
}

import Foundation
import Runner
import Synchronization

/// A spool in one file without a name: what is in it is gone with its last owner, also after a kill.
///
/// The file is opened when the first page is taken, and cut to nothing whenever all pages are given
/// back.
package final class FileOutputSpool: OutputSpool {
    // A class, because the file ends with its last owner.
    private struct State {
        var file: Int32?
        /// How many pages the file has, and those of them that nobody uses.
        var pages = 0
        var free: [Int] = []
    }

    private let folder: String
    private let isNamedAtFirst: Bool
    private let state = Mutex(State())

    /// A spool whose file lies in a folder.
    ///
    /// `isNamedAtFirst`: whether the file gets a name that is removed before anything is written, as
    /// on file systems that have no files without one.
    package init(in folder: String, isNamedAtFirst: Bool = false) {
        self.folder = folder
        self.isNamedAtFirst = isNamedAtFirst
    }

    /// A spool in a home, beside the store that takes what is kept; where there is no home yet, in
    /// another folder.
    package convenience init(inHome path: String, else other: String) {
        let folder = Home(path: path).newOutputPath
        self.init(in: access(folder, W_OK | X_OK) == 0 ? folder : other)
    }

    deinit {
        if let file = state.withLock({ $0.file }) { close(file) }
    }

    /// The number of a page that nobody else uses.
    ///
    /// - Throws: `full` without space for the file itself, `io` when it can't be made.
    package func takePage() throws(JournalError) -> Int {
        let taken: Result<Int, FileError> = state.withLock { state in
            do throws(FileError) {
                if state.file == nil { state.file = try open() }
            } catch {
                return .failure(error)
            }
            if let page = state.free.popLast() { return .success(page) }
            state.pages += 1
            return .success(state.pages - 1)
        }
        do throws(FileError) {
            return try taken.get()
        } catch {
            throw JournalError(spool: error, folder)
        }
    }

    /// Writes within a page.
    ///
    /// - Throws: `full` without space, `io`.
    package func write(
        _ bytes: ArraySlice<UInt8>, to page: Int, at offset: Int
    ) throws(JournalError) {
        let file = try opened()
        var done = 0
        while done < bytes.count {
            let place = off_t(page * SpoolLimit.pageBytes + offset + done)
            let rest = bytes.dropFirst(done)
            do throws(FileError) {
                done += try FileDescriptor.checked("pwrite", folder) {
                    rest.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, place) }
                }
            } catch {
                throw JournalError(spool: error, folder)
            }
        }
    }

    /// What was written to a place of a page.
    ///
    /// - Throws: `io`, also when less stands there.
    package func read(_ range: Range<Int>, of page: Int) throws(JournalError) -> [UInt8] {
        let file = try opened()
        let start = page * SpoolLimit.pageBytes + range.lowerBound
        var problem: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            while filled < range.count, problem == nil {
                let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled..<range.count])
                let count = pread(file, rest.baseAddress, rest.count, off_t(start + filled))
                if count > 0 {
                    filled += count
                } else if count == 0 || errno != EINTR {
                    problem = count == 0 ? 0 : errno
                }
            }
        }
        guard let problem else { return bytes }
        guard problem != 0 else {
            throw JournalError(.io, "What a step wrote is gone from its file in \(folder).")
        }
        throw JournalError(spool: FileError(call: "pread", path: folder, number: problem), folder)
    }

    /// Takes back pages that nobody uses any more.
    package func giveBack(_ pages: [Int]) {
        state.withLock { state in
            state.free += pages
            guard state.free.count == state.pages, let file = state.file else { return }
            // A file that can't be cut keeps its size, and its pages are used again.
            guard ftruncate(file, 0) == 0 else { return }
            state.free = []
            state.pages = 0
        }
    }

    private func opened() throws(JournalError) -> Int32 {
        guard let file = state.withLock({ $0.file }) else {
            throw JournalError(.io, "No page of the spool in \(folder) was taken.")
        }
        return file
    }

    private func open() throws(FileError) -> Int32 {
        if isNamedAtFirst { return try openNamed() }
        do throws(FileError) {
            return try FileDescriptor.checked("open", folder) {
                Glibc.open(folder, Self.withoutName | O_RDWR | O_CLOEXEC, 0o600)
            }
        } catch {
            // What a file system says that has no files without a name (open(2), O_TMPFILE).
            guard [EOPNOTSUPP, EISDIR, EINVAL].contains(error.number) else { throw error }
            return try openNamed()
        }
    }

    /// `O_TMPFILE`, which Swift doesn't import (asm-generic/fcntl.h: `__O_TMPFILE`).
    private static let withoutName: Int32 = 0o20000000 | O_DIRECTORY

    private func openNamed() throws(FileError) -> Int32 {
        let path = "\(folder)/spool-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let file = try FileDescriptor.checked("open", path) {
            Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard unlink(path) == 0 else {
            let number = errno
            close(file)
            throw FileError(call: "unlink", path: path, number: number)
        }
        return file
    }
}

extension JournalError {
    /// Why a spool can't keep what a step writes.
    fileprivate init(spool error: FileError, _ folder: String) {
        guard error.isFull else {
            self.init(
                .io, "\(error.call) in \(folder) failed: \(error.reason).", cause: error)
            return
        }
        self.init(
            .full, "No space is left in \(folder).",
            hint: "Free space on its file system ('df -h').", cause: error)
    }
}

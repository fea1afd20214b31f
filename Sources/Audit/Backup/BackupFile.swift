import Foundation
import Runbooks
import Runner

/// A backup's file, to be read and believed only as far as it proves itself.
///
///     let taken = try await BackupFile(path: path).extract(to: folder)
package struct BackupFile: Sendable {
    /// What came out of a backup.
    package struct Extracted: Sendable, Hashable {
        /// What the backup says of itself.
        package let manifest: BackupManifest
        /// The SHA-256 of its file, in hex.
        package let sha256: String
        /// The length of its file.
        package let bytes: Int
    }

    /// Where it is.
    package let path: String

    package init(path: String) { self.path = path }

    /// Writes what is in it into a folder that isn't there yet; each file is compared with the
    /// backup's own list, which must name all of them and no other.
    ///
    /// Blocks a thread of its own. What was written is on the disk when this returns; after an
    /// error nothing is left of the folder.
    /// - Throws: `JournalError`: `corrupt` for a backup that isn't whole, `newerFormat`, `notFound`,
    ///   `full`, `io`.
    package func extract(to folder: String) async throws(JournalError) -> Extracted {
        let result = await BlockingQueue(label: "handrail.restore").run {
            () -> Result<Extracted, JournalError> in
            do {
                return .success(try extractBlocking(to: folder))
            } catch let error as FileError where error.path == path && error.number == ENOENT {
                return .failure(
                    JournalError(
                        .notFound, "There is no backup \(path).", hint: "Look at its name.",
                        cause: error))
            } catch {
                return .failure(JournalError(backup: error, path: folder))
            }
        }
        return try result.get()
    }

    private func extractBlocking(to folder: String) throws -> Extracted {
        let reader = try TarReader(path)
        guard mkdir(folder, 0o700) == 0 else {
            throw FileError(call: "mkdir", path: folder, number: errno)
        }
        do {
            var found: [String: String] = [:]
            var (sums, manifest, digest): ([UInt8]?, [UInt8]?, [UInt8]?)
            while let header = try reader.next() {
                guard digest == nil else { throw damaged("something follows its manifest") }
                switch header.name {
                case BackupManifest.sumsName where sums == nil:
                    sums = try text(header, in: reader, upTo: BackupManifest.largestSums)
                case BackupManifest.name where sums != nil && manifest == nil:
                    manifest = try text(header, in: reader, upTo: BackupManifest.largest)
                case BackupManifest.digestName where manifest != nil:
                    digest = try text(header, in: reader, upTo: 256)
                default:
                    guard sums == nil, BackupManifest.isKnown(header.name),
                        found[header.name] == nil
                    else {
                        throw damaged("\(printableExcerpt(header.name)) doesn't belong there")
                    }
                    found[header.name] = try write(header, from: reader, into: folder)
                }
            }
            guard let sums, let manifest, let digest else {
                throw damaged("its manifest is missing")
            }
            let line = "\(TrailLine.digest(of: manifest))  \(BackupManifest.name)\n"
            guard digest == Array(line.utf8) else { throw damaged("its manifest was changed") }
            let read = try Self.manifest(manifest, path)
            guard TrailLine.digest(of: sums) == read.sums else {
                throw damaged("its list of digests isn't the one that its manifest names")
            }
            try compare(found, with: String(decoding: sums, as: UTF8.self))
            try compare(read, with: found)
            try NewName.synchronizeFileSystem(of: folder)
            var status = stat()
            guard stat(path, &status) == 0 else {
                throw FileError(call: "stat", path: path, number: errno)
            }
            return Extracted(
                manifest: read, sha256: reader.wholeDigest(), bytes: Int(status.st_size))
        } catch {
            // What can't be removed is a folder that nothing ever reads.
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    private static func manifest(_ bytes: [UInt8], _ path: String) throws -> BackupManifest {
        /// What says by which version the rest is to be read.
        struct Format: Decodable { let format: Int }
        do {
            let format = try JSONDecoder().decode(Format.self, from: Data(bytes)).format
            guard format <= BackupManifest.newest else {
                throw JournalError(
                    .newerFormat, "The backup \(path) was taken by a newer Handrail.",
                    hint: "Use that version or a later one.")
            }
            return try JSONDecoder().decode(BackupManifest.self, from: Data(bytes))
        } catch is DecodingError {
            throw TarReader.damaged(path, "its manifest can't be read")
        }
    }

    private func text(
        _ header: TarHeader, in reader: TarReader, upTo limit: Int
    ) throws -> [UInt8] {
        guard header.size <= limit else { throw damaged("\(header.name) is too large") }
        var text: [UInt8] = []
        _ = try reader.content(of: header) { text += $0 }
        return text
    }

    private func write(
        _ header: TarHeader, from reader: TarReader, into folder: String
    ) throws -> String {
        let place = folder + "/" + header.name
        try makeFolders(PathText.folder(of: place), below: folder)
        let file = try FileDescriptor(
            place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        return try reader.content(of: header) { try file.write($0) }
    }

    private func makeFolders(_ path: String, below folder: String) throws {
        guard path.count > folder.count, access(path, F_OK) != 0 else { return }
        try makeFolders(PathText.folder(of: path), below: folder)
        guard mkdir(path, 0o700) == 0 else {
            throw FileError(call: "mkdir", path: path, number: errno)
        }
    }

    private func compare(_ found: [String: String], with sums: String) throws {
        var left = found
        for line in sums.split(separator: "\n") {
            let digest = String(line.prefix(64))
            let name = String(line.dropFirst(66))
            guard let own = left.removeValue(forKey: name) else {
                throw damaged("\(printableExcerpt(name)) is missing")
            }
            guard own == digest, line.dropFirst(64).hasPrefix("  ") else {
                throw damaged("\(printableExcerpt(name)) was changed")
            }
        }
        if let name = left.keys.sorted().first {
            throw damaged("\(printableExcerpt(name)) is in none of its lists")
        }
    }

    private func compare(_ manifest: BackupManifest, with found: [String: String]) throws {
        guard found["journal.db"] != nil else { throw damaged("its journal is missing") }
        let head = manifest.trail.map { "trail.git/" + TrailLayout.branches + $0.controller }
        guard head.map({ found[$0] != nil }) ?? !found.keys.contains(where: isTrail) else {
            throw damaged("its trail isn't the one that its manifest names")
        }
        guard manifest.hasKeys || !found.keys.contains(where: { $0.hasPrefix("keys/") }) else {
            throw damaged("it has keys, and its manifest says that it has none")
        }
    }

    private func isTrail(_ name: String) -> Bool { name.hasPrefix("trail.git/") }

    private func damaged(_ why: String) -> JournalError { TarReader.damaged(path, why) }
}

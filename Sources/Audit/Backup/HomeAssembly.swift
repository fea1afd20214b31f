import Foundation
import Runbooks
import Runner

/// Puts the parts of a home together in a new folder: a trail, and what else another home has.
///
/// Contents and objects never change once they have their names, so they are linked where that
/// works, which takes next to no space; everything else is copied.
package struct HomeAssembly: Sendable {
    /// The home that is being made.
    package let home: Home

    package init(_ home: Home) { self.home = home }

    /// Makes the folder, with a trail; blocks a thread of its own.
    ///
    /// - Parameters:
    ///   - trail: the folder of a trail's repository: a home's own, or a copy of one.
    ///   - other: the home whose outputs, keys and settings are taken; nil for none.
    /// - Throws: `JournalError`; nothing is left of the folder then.
    package func make(trail: String, rest other: Home?) async throws(JournalError) {
        try await blocking {
            guard mkdir(home.path, 0o700) == 0 else {
                throw FileError(call: "mkdir", path: home.path, number: errno)
            }
            do {
                try take(trail: trail)
                if let other { try take(rest: other) }
                try NewName.synchronizeFileSystem(of: home.path)
            } catch {
                // What can't be removed is a folder that nothing ever reads.
                try? FileManager.default.removeItem(atPath: home.path)
                throw error
            }
        }
    }

    /// Puts another trail in the place of the one that is there; blocks a thread of its own.
    package func replaceTrail(with trail: String) async throws(JournalError) {
        try await blocking {
            try FileManager.default.removeItem(atPath: home.trailPath)
            try take(trail: trail)
            try NewName.synchronizeFileSystem(of: home.path)
        }
    }

    private func blocking(
        _ body: @escaping @Sendable () throws -> Void
    ) async throws(JournalError) {
        let path = home.path
        let result = await BlockingQueue(label: "handrail.assembly").run {
            () -> Result<Void, JournalError> in
            do {
                return .success(try body())
            } catch {
                return .failure(JournalError(backup: error, path: path))
            }
        }
        try result.get()
    }

    private func take(trail: String) throws {
        let reader = try TrailReader(path: trail)
        guard let tip = reader.tip else { throw JournalError.noTrail(trail, ": it has no commit") }
        try makeFolder("trail.git")
        for name in ["HEAD", "config"] {
            try copy(trail + "/" + name, to: "trail.git/" + name)
        }
        for folder in try Self.names(trail + "/objects") {
            let names = try Self.names(trail + "/objects/" + folder).filter {
                folder == "pack" ? BackupManifest.isPack($0) : BackupManifest.isLoose(folder, $0)
            }
            if !names.isEmpty || folder == "pack" { try makeFolder("trail.git/objects/" + folder) }
            for name in names {
                try link(
                    "\(trail)/objects/\(folder)/\(name)", "trail.git/objects/\(folder)/\(name)")
            }
        }
        try makeFolder("trail.git/refs/heads/trail")
        try write(Array((tip + "\n").utf8), to: "trail.git/" + reader.branch)
    }

    private func take(rest other: Home) throws {
        for folder in ["keys", "push", "trust", "trust/people", "trust/calendars"] {
            let names = try Self.names(other.path + "/" + folder)
                .filter { BackupManifest.isKnown(folder + "/" + $0) }
            if !names.isEmpty { try makeFolder(folder) }
            for name in names {
                try copy("\(other.path)/\(folder)/\(name)", to: folder + "/" + name)
            }
        }
        let settings = other.path + "/trail.yaml"
        if access(settings, F_OK) == 0 { try copy(settings, to: "trail.yaml") }
        for folder in try Self.names(other.outputPath) where Hexadecimal.isDigits(folder, 2) {
            try makeFolder("output/" + folder)
            for name in try Self.names(other.outputPath + "/" + folder)
            where BackupManifest.isKnown("output/\(folder)/\(name)") {
                try link("\(other.outputPath)/\(folder)/\(name)", "output/\(folder)/\(name)")
            }
        }
    }

    private func link(_ path: String, _ name: String) throws {
        if Glibc.link(path, home.path + "/" + name) != 0 { try copy(path, to: name) }
    }

    private func copy(_ path: String, to name: String) throws {
        let source = try FileDescriptor(path, O_RDONLY | O_NOFOLLOW)
        let new = try FileDescriptor(
            home.path + "/" + name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        var chunk = [UInt8](repeating: 0, count: TarWriter.piece)
        while true {
            let count = try FileDescriptor.checked("read", path) {
                chunk.withUnsafeMutableBytes {
                    Glibc.read(source.number, $0.baseAddress, TarWriter.piece)
                }
            }
            guard count > 0 else { return }
            try new.write(Array(chunk[..<count]))
        }
    }

    private func write(_ bytes: [UInt8], to name: String) throws {
        try FileDescriptor(
            home.path + "/" + name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600
        ).write(bytes)
    }

    private func makeFolder(_ name: String) throws {
        var path = home.path
        for part in name.split(separator: "/") {
            path += "/" + part
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw FileError(call: "mkdir", path: path, number: errno)
            }
        }
    }

    private static func names(_ folder: String) throws -> [String] {
        guard access(folder, F_OK) == 0 else { return [] }
        return try FileDescriptor(folder, O_RDONLY | O_DIRECTORY).names().compactMap {
            String(validating: $0, as: UTF8.self)
        }
    }
}

import Foundation
import Runbooks
import Runner

/// The folder of a pack: made beside its place, and renamed when all is in it.
struct PackFolder: Sendable {
    /// Where it will be.
    let path: String
    private let draft: String

    /// Makes the folder that is filled, readable by its owner alone.
    ///
    /// - Throws: `Failure` (invalidInput) when something is there already, or it can't be made.
    init(at path: String, _ world: World) throws {
        var clean = world.path(path)
        while clean.count > 1, clean.hasSuffix("/") { clean.removeLast() }
        self.path = clean
        let mark = world.randomBytes(4).map { String($0, radix: 16) }.joined()
        draft = clean + ".new-" + mark
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: clean, isDirectory: &isFolder) {
            let names = isFolder.boolValue ? try Self.names(in: clean) : ["itself"]
            guard names.isEmpty else {
                throw Failure(
                    .invalidInput, code: "file",
                    "\(printableExcerpt(clean)) is there already: nothing was escalated.",
                    hint: "name a folder with --out that isn't there yet")
            }
        }
        try make(draft)
    }

    private static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw refusal(folder, error)
        }
    }

    private func make(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw Self.refusal(folder, error)
        }
    }

    /// Writes a file, and the folders on the way to it.
    ///
    /// - Throws: `Failure` (invalidInput).
    func add(_ bytes: [UInt8], as name: String, what: String) throws -> PackDocument.Kept {
        let file = draft + "/" + name
        try make(PathText.folder(of: file))
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        else { throw Self.refusal(file, CocoaError(.fileWriteUnknown)) }
        return PackDocument.Kept(
            path: name, sha256: .sha256(of: bytes), sizeBytes: bytes.count, what: what)
    }

    /// Gives the folder its name.
    ///
    /// - Throws: `Failure` (invalidInput).
    func finish() throws {
        guard rename(draft, path) == 0 else {
            throw Self.refusal(path, NSError(domain: NSPOSIXErrorDomain, code: Int(errno)))
        }
    }

    /// Removes what was written.
    func discard() {
        do {
            try FileManager.default.removeItem(atPath: draft)
        } catch {
            // What is left has a name of its own, and nothing was recorded of it.
        }
    }

    private static func refusal(_ path: String, _ error: any Error) -> Failure {
        Failure(
            .invalidInput, code: "file",
            "The pack can't be written to \(printableExcerpt(path)): \(InputFile.reason(error)).",
            hint: "name a folder with --out that you may make, and where there is room")
    }

    /// A part of a file's name: letters, digits, dot, dash and underscore; never empty or hidden.
    static func name(_ text: String) -> String {
        let plain = text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: "_"): byte
            default: UInt8(ascii: "-")
            }
        }
        let kept = String(decoding: plain, as: UTF8.self)
            .split(separator: "-").joined(separator: "-")
        let visible = kept.drop { $0 == "." || $0 == "-" }.suffix(60)
        return visible.isEmpty ? "unnamed" : String(visible)
    }
}

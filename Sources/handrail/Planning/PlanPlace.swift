import Foundation
import Runbooks
import Runner

/// Where a document is written, such as that of `plan -o`; looked at before anything is done.
struct PlanPlace: Sendable {
    private let path: String
    /// The option that named it.
    private let option: String
    /// Whether something is there that takes bytes and must stay what it is, such as `/dev/null`.
    private let isDevice: Bool

    /// - Throws: `Failure` (invalidInput) where no file can be written.
    init(_ path: String, option: String = "-o") throws {
        self.path = path
        self.option = option
        var status = stat()
        let isThere = stat(path, &status) == 0
        let kind = status.st_mode & S_IFMT
        isDevice = isThere && kind != S_IFREG && kind != S_IFDIR
        if isThere, kind == S_IFDIR { throw refusal("it is a folder") }
        let folder = PathText.folder(of: path)
        let written = isDevice ? path : folder.isEmpty ? "." : folder
        guard access(written, isDevice ? W_OK : W_OK | X_OK) == 0 else {
            let reason = String(cString: strerror(errno))
            throw refusal(isDevice ? reason : "\(printableExcerpt(written)): \(reason)")
        }
    }

    /// Writes the whole document, or leaves what was there.
    ///
    /// - Throws: `Failure` (invalidInput).
    func write(_ document: PlanDocument) throws {
        try write(try CanonicalJSON.bytes(of: document))
    }

    /// Writes a whole text, or leaves what was there.
    ///
    /// - Throws: `Failure` (invalidInput).
    func write(text: String) throws { try write(Array(text.utf8)) }

    private func write(_ bytes: [UInt8]) throws {
        do {
            // Whole or not at all, by a file that takes the other's name: so never over a device.
            try Data(bytes)
                .write(to: URL(fileURLWithPath: path), options: isDevice ? [] : .atomic)
        } catch {
            throw refusal(InputFile.reason(error))
        }
    }

    private func refusal(_ reason: String) -> Failure {
        Failure(
            .invalidInput, code: "file",
            "Nothing can be written to \(printableExcerpt(path)): \(reason).",
            hint: "check the path after \(option)")
    }
}

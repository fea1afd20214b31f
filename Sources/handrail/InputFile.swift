import Foundation
import Runbooks

/// Files and standard input that the command line names.
struct InputFile: Sendable {
    /// The most bytes that are read of one.
    static let largest = 8 << 20

    /// The path, or `-` for standard input.
    let path: String
    /// The most bytes that are taken; of a larger one no more than one byte beyond is read.
    var limit = Self.largest

    /// All of its bytes.
    ///
    /// - Throws: `Failure` (invalidInput) when it can't be read, or is larger than its limit.
    func bytes(_ world: World) async throws -> [UInt8] {
        if path == "-" {
            guard let bytes = try await world.terminal.readAll(limit) else {
                throw tooLarge
            }
            return bytes
        }
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: world.path(path)))
            defer { handle.closeFile() }
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            guard data.count <= limit else { throw tooLarge }
            return Array(data)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                .invalidInput, code: "file",
                "The file \(printableExcerpt(path)) can't be read: \(Self.reason(error)).",
                hint: "check the path")
        }
    }

    private var tooLarge: Failure {
        Failure(
            .invalidInput, code: "file",
            "\(path == "-" ? "Standard input" : printableExcerpt(path)) has more than "
                + "\(limit >= 1 << 20 ? "\(limit >> 20) MiB" : "\(limit >> 10) KiB").",
            hint: "nothing of it was taken; give the part that matters")
    }

    private static let cocoaReasons: [Int: Int32] = [
        NSFileNoSuchFileError: ENOENT, NSFileReadNoSuchFileError: ENOENT,
        NSFileWriteNoPermissionError: EACCES, NSFileWriteOutOfSpaceError: ENOSPC,
    ]

    static func reason(_ error: any Error) -> String {
        let error = error as NSError
        if error.domain == NSCocoaErrorDomain,
            let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError
        {
            return reason(cause)
        }
        if error.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(error.code)))
        }
        // What Foundation says of these is a sentence about an operation, and not of the file.
        guard error.domain == NSCocoaErrorDomain, let number = cocoaReasons[error.code] else {
            return error.localizedDescription
        }
        return String(cString: strerror(number))
    }
}

import Foundation
import Runner

/// A folder of the caller's alone that lives as long as a call.
struct BriefFolder {
    let path: String

    /// Makes one, with mode 0700.
    ///
    /// - Throws: `TrustError` (`io`).
    init(in place: String) throws(TrustError) {
        var template = Array("\(place)/handrail-sign-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, mkdtemp(start) != nil else { return nil }
            return String(cString: start)
        }
        guard let made else {
            throw TrustError(
                .io, "No folder can be made in \(place): \(String(cString: strerror(errno))).",
                hint: "Signing needs a place for small files.")
        }
        path = made
    }

    /// Writes a small file, and returns its path.
    ///
    /// - Throws: `TrustError` (`io`).
    func write(_ bytes: [UInt8], as name: String) throws(TrustError) -> String {
        let file = "\(path)/\(name)"
        do throws(FileError) {
            try FileDescriptor(file, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600).write(bytes)
        } catch {
            throw TrustError(
                .io, "\(file) can't be written: \(error.reason).",
                hint: "Signing needs a place for small files.", cause: error)
        }
        return file
    }

    /// Removes it with what is in it.
    func remove() {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            // What is left is the caller's own, and holds nothing secret.
        }
    }
}

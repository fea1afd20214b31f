import Foundation
import Runbooks
import Runner

/// Where a home keeps requests to break the glass while they wait for the second person.
///
/// Nothing in it counts by being there: what is signed is checked by whoever takes it, and recorded
/// in journal and trail then. Each of two processes of one account writes one file of a request.
package struct GlassFolder: Sendable {
    /// The most bytes of a file.
    private static let limit = 128 << 10
    /// The most requests that are looked at.
    private static let greatestCount = 50

    /// The folder, which may not be there.
    package let path: String

    package init(of home: Home) { path = home.path + "/break-glass" }

    /// Keeps a request until it is withdrawn.
    ///
    /// - Throws: `JournalError` (io).
    package func put(_ request: GlassRequest) throws(JournalError) {
        try write(request, as: "\(request.run).request")
    }

    /// The requests that wait, by their runs.
    package func requests() throws(JournalError) -> [GlassRequest] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return []
        } catch {
            throw Self.failure("can't be listed", path, error)
        }
        // What a killed process left never stands before what somebody waits for now.
        let found = names.filter { $0.hasSuffix(".request") }.sorted()
            .compactMap { read(GlassRequest.self, $0) }
        return Array(found.sorted { $0.expires > $1.expires }.prefix(Self.greatestCount))
    }

    /// The request of a run; nil without one.
    package func request(of run: RunID) -> GlassRequest? {
        read(GlassRequest.self, "\(run).request")
    }

    /// Keeps what the second person signed, for the process that asked.
    ///
    /// - Throws: `JournalError` (io).
    package func answer(
        _ signed: SignedStatement, to request: GlassRequest
    ) throws(JournalError) {
        try write(signed, as: "\(request.run).signed")
    }

    /// Takes what was signed for a run, if it is there: it is gone then.
    package func takeAnswer(to run: RunID) throws(JournalError) -> SignedStatement? {
        let name = "\(run).signed"
        guard let signed = read(SignedStatement.self, name) else { return nil }
        try remove(name)
        return signed
    }

    /// Takes a request back, with what was signed for it.
    package func withdraw(_ run: RunID) throws(JournalError) {
        for end in ["request", "signed"] { try remove("\(run).\(end)") }
    }

    private func write(_ value: some Encodable, as name: String) throws(JournalError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try Data(try CanonicalJSON.bytes(of: value)).write(
                to: URL(fileURLWithPath: path + "/" + name), options: .atomic)
        } catch {
            throw Self.failure("can't be written", path + "/" + name, error)
        }
    }

    /// What isn't there, or is none of ours, is nothing.
    private func read<Value: Decodable>(_ type: Value.Type, _ name: String) -> Value? {
        let file = path + "/" + name
        guard let data = FileManager.default.contents(atPath: file), data.count <= Self.limit
        else { return nil }
        return try? JSONDecoder().decode(type, from: data)
    }

    private func remove(_ name: String) throws(JournalError) {
        do {
            try FileManager.default.removeItem(atPath: path + "/" + name)
        } catch CocoaError.fileNoSuchFile, CocoaError.fileReadNoSuchFile {
            return
        } catch {
            throw Self.failure("can't be removed", path + "/" + name, error)
        }
    }

    private static func failure(
        _ what: String, _ path: String, _ error: any Error
    ) -> JournalError {
        JournalError(
            .io, "\(path) \(what).", hint: "Look whether the home is writable, and has room.",
            cause: error)
    }
}

import Audit
import Foundation
import Runner

/// What this home knows of one remote of its trail (docs/trail.md, "Replicate").
struct PushState: Sendable, Codable, Hashable {
    /// The address.
    var remote: String
    /// The last commit that it took; nil for none yet.
    var commit: String?
    /// How many events it has.
    var events = 0
    /// When that was.
    var at: Timestamp?
    /// Why the last push failed; nil after one that went well.
    var failure: String?
    /// The commit that it has and the trail hasn't; nil while they agree.
    var foreign: String?

    /// What is known; nil before the first push.
    ///
    /// - Throws: `Failure` (invalidInput) for a file that is none of these.
    static func read(_ place: PushPlace) throws -> PushState? {
        guard FileManager.default.fileExists(atPath: place.state) else { return nil }
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: place.state))
            let state = try JSONDecoder().decode(PushState.self, from: data)
            if state.remote == place.address.text { return state }
        } catch {
            // Told below, as a state of another remote is.
        }
        throw Failure(
            .invalidInput, code: "trail.state",
            "\(place.state) says nothing that can be used about the trail's remote "
                + "\(SafeText.line(place.address.text)).",
            hint: "move it away, then run 'handrail audit push'")
    }

    /// Takes the place of what was known, whole or not at all.
    func write(_ place: PushPlace) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: URL(fileURLWithPath: place.state), options: .atomic)
    }
}

/// Where a home keeps what belongs to one remote: each has its own, so that a push to another
/// says nothing about the one whose state opens and closes gates.
struct PushPlace: Sendable, Hashable {
    let home: Home
    let address: TrailAddress

    private var folder: String { home.path + "/push" }
    private var name: String {
        "\(folder)/\(Digest.sha256(of: Array(address.text.utf8)).rawValue.prefix(16))"
    }
    /// What is known of the remote.
    var state: String { name + ".json" }
    /// The repository that git is run in; there during a push.
    var repository: String { name + ".git" }

    /// Runs a body while no other process of this home pushes there; nil when one does for too
    /// long.
    ///
    /// - Throws: `JournalError` (io, full), and what the body throws.
    func whileLocked<Value: Sendable>(
        _ world: World, limit: Duration, _ body: () async throws -> Value
    ) async throws -> Value? {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(
                .internalError, code: "trail.state",
                "\(folder) can't be made: \(InputFile.reason(error)).",
                hint: "look at the home's owner, its mode and its space (df -h)")
        }
        let end = world.now().adding(limit)
        var held = try HomeLock(taking: name + ".lock")
        while held == nil, world.now() < end {
            try await world.sleep(.milliseconds(50))
            held = try HomeLock(taking: name + ".lock")
        }
        guard let lock = held else { return nil }
        defer { lock.release() }
        return try await body()
    }
}

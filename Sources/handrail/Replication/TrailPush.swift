import Audit
import Foundation
import Runbooks
import Runner

/// Pushes a trail with stock git, fast-forward only (docs/trail.md, "Replicate").
///
/// Git is run in a repository of its own that borrows the trail's objects: no configuration, hook
/// or attribute of the trail's repository, of the person or of the machine is read.
struct TrailPush: Sendable {
    /// How long one push may take.
    static let limit = Duration.seconds(120)

    let session: Session
    let home: Home
    let address: TrailAddress

    /// What became of a push.
    enum Outcome: Sendable, Hashable {
        /// The remote has all; `wasLost` when it no longer had what it once took.
        case pushed(PushState, wasLost: Bool)
        /// The remote had all already.
        case current(PushState)
        /// It can't be reached, or it refused.
        case failed(String)
        /// It has a commit that isn't in this trail.
        case diverged(String)
    }

    /// Pushes once, and notes what is known then.
    ///
    /// - Throws: `JournalError` where the trail can't be read, `Failure`.
    func push() async throws -> Outcome {
        try await place.whileLocked(session.world, limit: Self.limit) { try await pushLocked() }
            ?? .failed("another process of this home has been pushing there for too long")
    }

    private var place: PushPlace { PushPlace(home: home, address: address) }

    private func pushLocked() async throws -> Outcome {
        let reader = try TrailReader(path: home.trailPath)
        guard let tip = reader.tip, let last = try reader.commits().first else {
            return .failed("the trail has no commit yet")
        }
        var state = try PushState.read(place) ?? PushState(remote: address.text)
        let known = state
        let result = try await git(
            reader, tip: tip,
            [
                "push", "--porcelain", "--no-verify", address.text,
                "\(reader.branch):\(reader.branch)",
            ])
        // Nothing is known of the remote then.
        if Task.isCancelled, !result.isSuccess { return .failed("it was cut short") }
        var outcome: Outcome
        switch result {
        case .exited(0, let output, _):
            (state.commit, state.events) = (tip, last.events.upperBound)
            (state.at, state.failure, state.foreign) = (session.world.now(), nil, nil)
            outcome =
                Self.flag(output) == "="
                ? .current(state) : .pushed(state, wasLost: lost(known, output, reader))
        case .exited(_, let output, let error):
            state.failure = Self.reason(output, error)
            outcome = .failed(state.failure ?? "")
            if Self.flag(output) == "!", output.contains("[rejected]") {
                if let foreign = try await foreignCommit(reader) {
                    state.foreign = foreign
                    outcome = .diverged(foreign)
                } else {
                    // Something else than this home moves the branch there.
                    state.failure = "its branch changed meanwhile"
                    outcome = .failed(state.failure ?? "")
                }
            }
        case .notStarted(let why):
            state.failure = "git can't be run: \(why)"
            outcome = .failed(state.failure ?? "")
        case .timedOut:
            state.failure =
                "git gave no answer within \(TimeText.length(Self.limit.inMilliseconds))"
            outcome = .failed(state.failure ?? "")
        }
        try state.write(place)
        return outcome
    }

    /// The remote's commit when it isn't one of this trail.
    private func foreignCommit(_ reader: TrailReader) async throws -> String? {
        guard let tip = try await address.tip(of: reader.branch, session.world) else { return nil }
        // Opened anew: more may be sealed by now.
        let commits = try TrailReader(path: home.trailPath).commits()
        return commits.contains { $0.id == tip } ? nil : tip
    }

    /// Whether the remote had less than it once took.
    private func lost(_ known: PushState, _ output: String, _ reader: TrailReader) -> Bool {
        guard let commit = known.commit else { return false }
        if Self.flag(output) == "*" { return true }
        guard let line = Self.line(output),
            let old = line.split(separator: "\t").last?.split(separator: ".").first
        else { return false }
        guard !commit.hasPrefix(old), let commits = try? reader.commits() else { return false }
        let place = commits.firstIndex { $0.id.hasPrefix(old) }
        let before = commits.firstIndex { $0.id == commit }
        return (place ?? 0) > (before ?? 0)
    }

    // --- git ------------------------------------------------------------------------------------

    /// The line of the porcelain form that is about the branch.
    private static func line(_ output: String) -> Substring? {
        output.split(separator: "\n").first { $0.contains("\trefs/heads/") }
    }

    private static func flag(_ output: String) -> Character? { line(output)?.first }

    static func reason(_ output: String, _ error: String) -> String {
        let refused = line(output).flatMap { $0.split(separator: "\t").last }
        let told = error.split(whereSeparator: \.isNewline).first { !$0.hasPrefix("To ") }
        if error.contains("dubious ownership") {
            return "the repository there belongs to another account than the one that pushes"
        }
        let text = [refused, told].compactMap { $0 }.joined(separator: "; ")
        let whole = SafeText.line(String((text.isEmpty ? "git said nothing" : text).prefix(300)))
        return whole.hasSuffix(".") ? String(whole.dropLast()) : whole
    }

    private func git(
        _ reader: TrailReader, tip: String?, _ arguments: [String]
    ) async throws -> Program.Ending {
        try await BorrowedTrail.with(reader, tip: tip, at: place.repository, session) { folder in
            await Program(
                name: "git", arguments: ["--git-dir", folder] + arguments, limit: Self.limit,
                environment: BorrowedTrail.environment(session.world)
            ).run(session.world)
        }
    }
}

extension TrailAddress {
    /// The commit that a branch names there; nil where there is none.
    ///
    /// - Throws: `Failure` (internalError) where it can't be reached.
    func tip(of branch: String, _ world: World) async throws -> String? {
        let result = await Program(
            name: "git", arguments: ["--git-dir", "/nonexistent", "ls-remote", text, branch],
            limit: TrailPush.limit, environment: BorrowedTrail.environment(world)
        ).run(world)
        guard case .exited(0, let output, _) = result else {
            var why = "git can't be run"
            if case .exited(_, let output, let error) = result {
                why = TrailPush.reason(output, error)
            }
            throw Failure(
                .internalError, code: "trail.remote",
                "The trail's remote \(text) can't be read: \(why).",
                hint: "try it by hand: git ls-remote \(text)")
        }
        // git gives every name that ends like this one; only the branch itself counts.
        let line = output.split(separator: "\n").first { $0.hasSuffix("\t" + branch) }
        return line.map { String($0.prefix { $0 != "\t" }) }
    }
}

/// A repository for stock git with nothing in it but the trail's branch and a way to its objects.
enum BorrowedTrail {
    /// Runs a body with the folder, which is nobody else's; it is gone afterwards.
    static func with<Value: Sendable>(
        _ reader: TrailReader, tip: String?, at folder: String, _ session: Session,
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        let files = FileManager.default
        // What a process left that was killed.
        if files.fileExists(atPath: folder) { try files.removeItem(atPath: folder) }
        defer {
            do { try files.removeItem(atPath: folder) } catch {
                session.console.note("\(folder) can't be removed: \(InputFile.reason(error))")
            }
        }
        let branches = "\(folder)/\(reader.branch)"
        for path in [
            PathText.folder(of: branches), folder + "/objects/info",
            folder + "/objects/pack",
        ] {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let objects = URL(fileURLWithPath: reader.path + "/objects").path
        var texts = [
            "HEAD": "ref: \(reader.branch)\n", "objects/info/alternates": objects + "\n",
            "config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
        ]
        if let tip { texts[reader.branch] = tip + "\n" }
        for (name, text) in texts {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        }
        return try await body(folder)
    }

    /// All that git and ssh need of the world, and no configuration of anybody.
    static func environment(_ world: World) -> [String: String] {
        var environment = [
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "ssh:file",
            "GIT_NO_REPLACE_OBJECTS": "1",
        ]
        for name in ["PATH", "HOME", "SSH_AUTH_SOCK"] {
            environment[name] = world.environment[name]
        }
        var ssh = "ssh -o BatchMode=yes -o ConnectTimeout=10"
        if let file = world.environment["HANDRAIL_SSH_CONFIG"], !file.isEmpty {
            ssh += " -F '" + file.replacing("'", with: "'\\''") + "'"
        }
        environment["GIT_SSH_COMMAND"] = ssh
        return environment
    }
}

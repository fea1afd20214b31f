import ArgumentParser
import Audit
import Foundation
import Runbooks
import Runner

/// `handrail restore`: a home out of a backup.
struct RestoreCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Makes a home out of a backup, or of its trail, verified before it is in place.",
        discussion: """
            All or nothing: what can't be verified changes nothing. A home that is in use is kept \
            beside it. Runs that were open wait for a person afterwards: what they did after the \
            backup isn't known, so nothing of them that changes anything is started again.

            Example: handrail restore /mnt/safe/handrail-ctl1-20261126-030000.tar
            Example: handrail restore --from-trail
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("The backup's file.", valueName: "file"), completion: .file())
    var file: String?

    @Flag(help: "Make a journal that is lost anew, from the trail and what else the home has.")
    var fromTrail = false

    @Option(
        help: ArgumentHelp(
            "The trail to take: a newer one than the backup's, or a copy where the home's own is "
                + "lost, too (git clone --bare).", valueName: "folder"), completion: .directory)
    var trail: String?

    @Flag(help: "Put the home that is in use aside; it is kept beside its place.")
    var replace = false

    @Flag(help: "Don't ask before a home is put aside.")
    var yes = false

    @Flag(help: "Restore also where a newer trail is known: what only that one tells is lost here.")
    var loseNewer = false

    @Option(
        help: ArgumentHelp(
            "The keys that may sign first, as ssh-keygen -Y reads them; the home's or the "
                + "backup's own unless given.", valueName: "file"), completion: .file())
    var signers: String?

    @Option(
        help: ArgumentHelp(
            "What somebody kept of the trail: 'SIZE:HASH', as backup and runs print it. May be "
                + "repeated.", valueName: "size:hash"))
    var anchor: [String] = []

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Refuses what can't be combined.
    func validate() throws {
        guard (file != nil) != fromTrail else {
            throw ValidationError("Give a backup's file, or --from-trail.")
        }
    }

    private func source(_ session: Session) -> HomeRestore.Source {
        let trail = trail.map(session.world.path)
        return file.map { .backup(BackupFile(path: session.world.path($0)), trail: trail) }
            ?? .trail(trail)
    }

    /// Restores, and says what waits for people.
    func perform(_ session: Session) async throws -> ExitCode {
        var restore = HomeRestore(session: session)
        (restore.replaces, restore.losesNewer) = (replace, loseNewer)
        if let signers { restore.signers = try await TrailKeys.signers(in: signers, session) }
        restore.anchors = try anchor.map(TrailKeys.anchor)
        let result = try await restore.restore(source(session)) { made in
            guard replace, !yes else { return }
            try await confirm(made, session)
        }
        if session.console.isJSON {
            session.console.json(RestoreDocument(result))
        } else {
            session.console.lines(RestoreView(result: result).lines(ShownTime(session.world)))
        }
        return result.isSealed && result.openRuns.isEmpty ? .success : .waiting
    }

    private func confirm(_ made: HomeRestore.Result, _ session: Session) async throws {
        let console = session.console
        guard console.isInteractive else {
            throw Failure(
                .usage, code: "confirmation",
                "Nobody can confirm that \(session.homePath) is put aside.",
                hint: "give --yes; the home is kept beside its place")
        }
        console.errors([
            "\(session.homePath) is put aside, and what is known up to "
                + ShownTime(session.world).both(made.taken) + " takes its place:",
            "  " + CountText.of(made.runs, "run") + ", \(made.openRuns.count) of them open",
        ])
        let answer = try await console.ask(
            "Type how many runs that are (\(made.runs)) to restore:")
        guard answer == "\(made.runs)" else {
            throw Failure(
                .aborted, code: "declined", "It was not confirmed.", hint: "nothing was changed")
        }
    }
}

/// Keys and anchors as people give them.
enum TrailKeys {
    /// The keys of a file of allowed signers.
    ///
    /// - Throws: `Failure` (invalidInput).
    static func signers(in file: String, _ session: Session) async throws -> [TrailPublicKey] {
        let bytes = try await InputFile(path: file).bytes(session.world)
        guard let keys = TrailVerifier.signers(in: String(decoding: bytes, as: UTF8.self)),
            !keys.isEmpty
        else {
            throw Failure(
                .invalidInput, code: "audit.signers",
                "\(printableExcerpt(file)) is no file of allowed signers.",
                hint: "its lines are: NAME namespaces=\"git\" ssh-ed25519 BASE64")
        }
        return keys
    }

    /// What somebody kept of a trail.
    ///
    /// - Throws: `Failure` (usage).
    static func anchor(_ text: String) throws -> TrailAnchor {
        guard let anchor = TrailAnchor(text: text) else {
            throw Failure(
                .usage, code: "usage", "--anchor \(printableExcerpt(text)) is not 'SIZE:HASH'.",
                hint: "a number of events, a colon, and 64 hexadecimal digits")
        }
        return anchor
    }
}

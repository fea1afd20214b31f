import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail audit rotate-key`: the next key signs from now on.
struct AuditRotateKeyCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key",
        abstract: "Makes a new key, has the old one sign it into the trail, and signs with it.",
        discussion: """
            The old key is removed: what it has signed stays good, and nothing new is. Who \
            verifies keeps the first key; later ones are in the trail.
            """)

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Records, seals, and puts the new key in the old one's place.
    func perform(_ session: Session) async throws -> ExitCode {
        let home = try await session.homeWithTrail(begun: true)
        let rotation = try TrailRotation(home: home.home, comment: session.world.hostName())
        // With what another rotation recorded and didn't come to seal.
        try await home.trail.seal()
        let next = try rotation.prepare()
        let isKnown = try rotation.isIntroduced(next)
        if !isKnown {
            var event = TrailEvent(
                kind: .keyAdded, at: session.world.now(),
                actor: session.actor, via: .cli)
            event.details = ["key": .string(next.line)]
            try await home.journal.record([event])
            try await home.trail.seal()
        }
        try rotation.finish()
        let console = session.console
        if console.isJSON {
            console.json(KeyDocument(key: next.line, fingerprint: next.fingerprint))
        } else {
            console.lines([
                "The trail is signed by \(next.fingerprint) from now on.",
                "The old key signed it in, and is gone. Who verifies keeps the first key.",
            ])
        }
        return .success
    }

    /// The form of `audit rotate-key --json` (docs/json.md).
    struct KeyDocument: Encodable, Sendable {
        let format = 1
        let key: String
        let fingerprint: String

        private enum CodingKeys: String, CodingKey { case format, key, fingerprint }
    }
}

import Runbooks
import Runner

@testable import handrail

extension GoldenScene {
    /// Trust with somebody who has a key, a role with bounds, and a day of leaving.
    static func trust() throws -> (TrustBook, Person) {
        let key = try SigningKey(
            line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoL"
                + "DA0ODxAREhMUFRYXGBkaGxwdHh8g ann@office")
        let person = Person(
            id: try name("ann"), name: "Ann Lee", accounts: ["ann"], git: ["ann@example.invalid"],
            roles: [
                RoleGrant(
                    .lead, environments: ["lab"], runbooks: [try name("web.*")],
                    targets: [try name("web*")])
            ],
            keys: [PersonKey(key, from: start, until: start.adding(.seconds(86_400 * 365)))],
            retired: start.adding(.seconds(86_400 * 300)))
        let pin = PinnedKey(
            names: "web1", marker: "@revoked", kind: "ssh-ed25519", fingerprint: key.fingerprint)
        let floor = EnvironmentFloor(
            name: "lab", targets: [try name("web*")], needsSignedActs: true, quorum: 2,
            needsKnownAuthors: true,
            after: EnvironmentBefore(environment: "pre-release", targets: 2),
            changeTypes: ["driver"], windows: ["calendars/weekend.ics"],
            freezes: ["calendars/year-end.ics"])
        let book = TrustBook(
            people: [person], floors: [floor], pins: [pin], digest: .sha256(of: [2]))
        return (book, person)
    }
}

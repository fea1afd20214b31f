import Runbooks
import Runner
import Testing

/// People and keys for tests of trust; the fingerprints are those that `ssh-keygen -l` shows.
enum TrustSamples {
    /// A public key's line, and its fingerprint.
    struct Sample: Sendable {
        let line: String
        let fingerprint: String
    }

    static let at = Timestamp(milliseconds: 1_795_000_000_000)
    static let day: Duration = .seconds(86_400)

    static let anna = Sample(
        line:
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILp56V8eTG1LVDdej7RJN3ctqKFRtOj3x3"
            + "AgeW2BYyQk",
        fingerprint: "SHA256:0YOo4vEWU5/bL/IOsq0wDTBHTv08SkoCyiuyvfQQenI")
    static let berta = Sample(
        line:
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOS6wDVhOc/YFTAbHhwp350IgplGwjVSjc"
            + "Tbs7WGCJvq",
        fingerprint: "SHA256:YBAYWxfI0Qqsw6vLcHTEt5bp1gcDedaJeKBYXo8qn0g")
    static let carl = Sample(
        line:
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+7+0Up41WMqhTWpaeKXH+kW4KFpK7OpW"
            + "CtGJK3Eny5",
        fingerprint: "SHA256:TJ0kgkbQX1tiAVXZ4K9lSPmxUhsOQS731AvkiH+d8XA")
    static let ecdsa256 = Sample(
        line:
            "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAA"
            + "BBBB60a9IBOAZ+gSffkkJDin8vnOC5xjxOoh32X9XNWHtvIX8SWup+5wttv2SD96d2u9HL"
            + "GlgyARIqM3RImyRX9yo=",
        fingerprint: "SHA256:0HUhIN+A7SfUwzWGtGIR/Qw6NCzqoZ2mpzqEOCmr56I")
    static let ecdsa384 = Sample(
        line:
            "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAA"
            + "BhBMn7zE9UnI4FoRIKRiJJDpcxXheO8Nck43T2sgyTuGgjvxV0TujGjvZSQkPPGysHhbD2"
            + "Gx6DRSHVG2CFnLhIMt4TQUdmDf9sTVsyrL/3AcXbrFgsDkWzJ/SI3HWP9DExsQ==",
        fingerprint: "SHA256:mmQkrym7m09uIufCKvW3QbagxlA5OqhLq4Vl2qsmnxE")
    static let ecdsa521 = Sample(
        line:
            "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAA"
            + "CFBAG40FnT+t4hG9SqMYN6Jwp40tyHAuqskYj86ghc+JNoSYkozlvoVjYx03xKrfHRVUQv"
            + "VCABAhXMYBaTUH2ahtizrwFOg2CiIXSvXcb+kR7vp1jHV6LA5jxLUPvyydmudeb78Zz8Wm"
            + "6VsjcXZxGkeed2DS915XPa5leCns693wbjbtQghg==",
        fingerprint: "SHA256:mz79z5Ct29xYQBU9U/zPGgyL0zTCF3A718K2Rr/KtBU")
    static let rsa2048 = Sample(
        line:
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC197hIPDpDJUjKp4XYPFq6fcgcZi+cx1"
            + "A6NkwceQGN6LSYSoGyHnmMxYbXl1T5yovNjq+sA8p3uwqH3HBTe69yiWeTaoCC9gNI3GTt"
            + "4AQau3RqZi0CQJDU3cOVXtcgsX2MsEDRg5qZ5djVM/9CdXRQ9eZLGWbvf8B1Xwut6augbQ"
            + "cpuaIIvFmXAowX1StqxxznVh/7LT75QBXyo7jvf/dd9wby/5UtD5nRfLZJIFXXya22yY3Y"
            + "+dercPNCvaGUskLySqWHP3U92VRMxFVUQzkgf8XyuiNTEWads0sJEq0i93iX74QyxwKm9s"
            + "aKse6qJ1xtNrdg8X+o7WTIKxl+4D/d",
        fingerprint: "SHA256:ht1jwA8ewuOkdd4xKkOF90AUL9j8fwU2ri2JvwfJ2WE")
    static let rsa1024 = Sample(
        line:
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC56KwvXSFI349mqOUbzRaPBKq4ntdxHo"
            + "BgCwXaDvRAUP4wFHQeiBaVgMFCi22IM3LEv02shJ9hZUnBBIukBUfT28IZ45qrx9yzIiZe"
            + "ZOiFRGBmzY0eh+QKK5qlqqkwH+rPYGYYaoAR3Dj+/q45jMCF0UQ2ZAjFVPxm+Fv2i/sG9Q"
            + "==",
        fingerprint: "SHA256:j6zIpr3Eq3YgPyLjMliw52cMrXwzgXK4eO9Z4sd/4fs")

    /// The key of a sample.
    static func key(_ sample: Sample) throws -> SigningKey { try SigningKey(line: sample.line) }

    /// A person's key of a sample.
    static func personKey(
        _ sample: Sample, from: Timestamp? = nil, until: Timestamp? = nil
    ) throws -> PersonKey {
        PersonKey(try key(sample), from: from, until: until)
    }

    /// A person with roles.
    static func person(
        _ id: String, _ roles: [RoleGrant] = [], accounts: [String] = [], keys: [PersonKey] = [],
        retired: Timestamp? = nil
    ) throws -> Person {
        Person(
            id: try #require(PersonID(rawValue: id)), name: id.uppercased(), accounts: accounts,
            roles: roles, keys: keys, retired: retired)
    }

    /// A grant with bounds.
    static func grant(
        _ role: Role, in environments: [String] = [], runbooks: [String] = [],
        targets: [String] = []
    ) throws -> RoleGrant {
        RoleGrant(
            role, environments: environments,
            runbooks: try runbooks.map { try #require(NameGlob(rawValue: $0)) },
            targets: try targets.map { try #require(NameGlob(rawValue: $0)) })
    }

    /// What an act is about.
    static func subject(
        _ environment: String? = nil, _ runbook: String? = nil, _ targets: [String] = []
    ) throws -> ActSubject {
        ActSubject(
            environment: environment,
            runbook: try runbook.map { try #require(RunbookID(rawValue: $0)) },
            targets: try targets.map { try #require(TargetName(rawValue: $0)) })
    }

    /// A book of some people.
    static func book(_ people: [Person], floors: [EnvironmentFloor]? = nil) -> TrustBook {
        TrustBook(people: people, floors: floors, digest: .sha256(of: []))
    }
}

import ArgumentParser
import Runbooks
import Runner

/// The options for what a person may be, and what they sign with.
struct GrantOptions: ParsableArguments, Sendable {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The name that people read.", valueName: "text"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "An account whose processes are theirs. May be repeated.",
            valueName: "account"))
    var account: [String] = []

    @Option(
        help: ArgumentHelp(
            "The e-mail by which commits name them as author. May be repeated.",
            valueName: "e-mail"))
    var git: [String] = []

    @Option(
        help: ArgumentHelp(
            "What they may be: "
                + Role.allCases.map(\.rawValue).joined(separator: ", ") + ". May be repeated.",
            valueName: "role"))
    var role: [String] = []

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp(
            "An environment that these roles are bound to. May be repeated.",
            valueName: "environment"))
    var environments: [String] = []

    @Option(
        help: ArgumentHelp(
            "An id, area or pattern of runbooks that these roles are bound to. May be repeated.",
            valueName: "pattern"))
    var runbooks: [String] = []

    @Option(
        help: ArgumentHelp(
            "A pattern of targets' names that these roles are bound to. May be repeated.",
            valueName: "pattern"))
    var targets: [String] = []

    @Option(
        help: ArgumentHelp(
            "A key that they sign with: a .pub file, or its line. May be repeated.",
            valueName: "key"))
    var key: [String] = []

    @Option(help: ArgumentHelp("From when these keys count.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("From when these keys count no more.", valueName: "time"))
    var until: String?

    /// The e-mails of git.
    ///
    /// - Throws: `Failure` for what is none.
    func gitAddresses() throws -> [String] {
        if let bad = git.first(where: { !Person.isGitAddress($0) }) {
            throw Failure(
                .usage, code: "usage", "--git \(printableExcerpt(bad)) is no e-mail.",
                hint: "as 'git log --format=%ae' shows it, such as ann@example.com")
        }
        return git
    }

    /// The roles, each with the bounds.
    ///
    /// - Throws: `Failure` for words and patterns that are none.
    func grants() throws -> [RoleGrant] {
        let bounds = (try Self.globs(runbooks, "--runbooks"), try Self.globs(targets, "--targets"))
        return try role.map { text in
            guard let role = Role(rawValue: text) else {
                let near = nearestName(to: text, among: Role.allCases.map(\.rawValue))
                throw Failure(
                    .usage, code: "usage", "\(printableExcerpt(text)) is no role.",
                    hint: near.map { "did you mean \($0)?" }
                        ?? "roles are \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return RoleGrant(
                role, environments: environments, runbooks: bounds.0, targets: bounds.1)
        }
    }

    /// The keys, each with its range.
    ///
    /// - Throws: `Failure`.
    func keys(_ world: World) async throws -> [PersonKey] {
        let (from, until) = (
            try TrustEditing.time(from, "--from"), try TrustEditing.time(until, "--until")
        )
        var keys: [PersonKey] = []
        for text in key {
            keys.append(
                PersonKey(try await TrustEditing.key(text, world), from: from, until: until))
        }
        return keys
    }

    private static func globs(_ texts: [String], _ option: String) throws -> [NameGlob] {
        try texts.map { text in
            guard let glob = NameGlob(rawValue: text) else {
                throw Failure(
                    .usage, code: "usage", "\(option) \(printableExcerpt(text)) is no pattern.",
                    hint: "it is \(NameGlob.grammar)")
            }
            return glob
        }
    }
}

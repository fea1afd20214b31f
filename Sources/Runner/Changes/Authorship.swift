import Runbooks

/// Who wrote a version, as the commits of its library say (docs/changes.md, "Who wrote it").
///
/// What git says is a claim of whoever made the commit; trust says which person an e-mail is.
package struct Authorship: Sendable, Codable, Hashable {
    /// How many identities a record names; with more of them nobody approves the version, since the
    /// one who is left out may be anybody.
    package static let namedIdentities = 1000
    /// The longest identity, in bytes of UTF-8.
    package static let longestIdentity = 254

    /// E-mails in lower case: those that trust knew first, and authors and committers before
    /// co-authors.
    package let identities: [String]
    /// How many more there are.
    package let others: Int
    /// The commit of the version, in full.
    package let commit: String
    /// The commit of the version before, after which they wrote; nil for all there is.
    package let since: String?
    /// Why there may be more of them; nil where these are all.
    package let missing: String?

    package init(
        _ found: Set<String>, coAuthors: Set<String> = [], commit: String, since: String? = nil,
        missing: String? = nil, isKnown: (String) -> Bool = { _ in false }
    ) {
        let sorted = found.subtracting(coAuthors).sorted() + coAuthors.sorted()
        let known = sorted.filter(isKnown)
        let ordered = known + sorted.filter { !isKnown($0) }
        identities = Array(ordered.prefix(Self.namedIdentities))
        let more = max(ordered.count - Self.namedIdentities, 0)
        others = more
        (self.commit, self.since) = (commit, since)
        self.missing =
            missing ?? (more > 0 ? "its commits name \(ordered.count) people" : nil)
    }

    /// An identity as it is compared: the e-mail, else the name, in lower case.
    package static func identity(email: String, name: String) -> String {
        let text = email.isEmpty ? (name.isEmpty ? "nobody named" : name) : email
        return String(decoding: text.lowercased().utf8.prefix(longestIdentity), as: UTF8.self)
    }
}

/// Who wrote something, as trust knows them now.
package struct KnownAuthors: Sendable, Hashable {
    /// Ids of people, sorted.
    package let people: [String]
    /// Identities that are nobody's in trust.
    package let unknown: [String]
    /// How many more are nobody's.
    package let others: Int
    /// Why gate 7 is closed whoever approved it; nil where it isn't.
    package let problem: String?
    private let hasTrust: Bool

    /// As trust says it; nothing is known of people without a book.
    ///
    /// `mustBeKnown` closes gate 7 where somebody is nobody's.
    package init(_ written: Authorship, by book: TrustBook?, mustBeKnown: Bool = false) {
        var (people, unknown): (Set<String>, [String]) = ([], [])
        let known = book?.peopleByGit ?? [:]
        for identity in written.identities {
            let found = known[identity] ?? []
            if found.isEmpty { unknown.append(identity) }
            people.formUnion(found.map(\.id.rawValue))
        }
        self.people = people.sorted()
        (self.unknown, others, hasTrust) = (unknown, written.others, book != nil)
        let strangers = unknown.count + written.others
        if let missing = written.missing {
            problem = "who wrote it can't be said: \(missing)"
        } else if written.others > 0 {
            problem = "who wrote it can't be said: \(written.others) more did than are recorded"
        } else if mustBeKnown, strangers > 0 {
            problem =
                "\(Self.list(unknown, others)) wrote it, and trust demands to know every author: "
                + "'handrail trust add PERSON --git E-MAIL' says who that is"
        } else {
            problem = nil
        }
    }

    private init(problem: String) {
        (people, unknown, others, hasTrust) = ([], [], 0, true)
        self.problem = problem
    }

    /// What there is where nobody asked, and trust demands to know every author: gate 7 is closed.
    package static let notAsked = KnownAuthors(
        problem:
            "nobody asked who wrote it when that was recorded, and trust demands to know every "
            + "author: cancel the change, and open and submit another one")

    /// Who wrote it, as gates say it.
    package var words: String {
        let strangers = unknown.isEmpty && others == 0 ? nil : Self.list(unknown, others)
        let known = people.isEmpty ? nil : people.joined(separator: ", ")
        switch (known, strangers) {
        case (nil, nil):
            return problem == nil
                ? "written by nobody that a commit names" : "written by whom nobody knows"
        case (let known?, nil): return "written by \(known)"
        case (nil, let strangers?):
            return "written by \(strangers)" + (hasTrust ? ", whom trust doesn't know" : "")
        case (let known?, let strangers?):
            return "written by \(known), and by \(strangers), whom trust doesn't know"
        }
    }

    private static func list(_ names: [String], _ others: Int) -> String {
        let shown = names.prefix(5).map { printableExcerpt($0) }.joined(separator: ", ")
        let more = names.count - min(names.count, 5) + others
        return more == 0 ? shown : shown.isEmpty ? "\(more) more" : "\(shown) and \(more) more"
    }
}

extension TrustBook {
    /// The people to whom each identity of git belongs, retired ones too: what they wrote is theirs.
    package var peopleByGit: [String: [Person]] {
        var found: [String: [Person]] = [:]
        for person in people {
            for identity in Set(person.git.map { $0.lowercased() }) {
                found[identity, default: []].append(person)
            }
        }
        return found
    }
}

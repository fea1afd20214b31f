/// How `ssh` looks up a target's host keys, as `ssh -G` tells it.
struct ServerKeyRules: Sendable, Hashable {
    /// The name after the configuration's `HostName`.
    private(set) var hostName = ""
    /// The name to use instead in known_hosts; nil without `HostKeyAlias`.
    private(set) var alias: String?
    /// The files of known_hosts, the person's before the machine's.
    private(set) var files: [String] = []
    /// Options that switch off other ways to accept a key than those files.
    private(set) var switches: [String] = []
    /// Whether names are looked up, so that each target's is its own.
    private(set) var isCanonicalizing = false

    /// Reads the output of `ssh -G`.
    init(_ output: String, home: String) {
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard let keyword = words.first, words.count > 1 else { continue }
            switch keyword {
            case "hostname": hostName = words[1].lowercased()
            case "hostkeyalias": alias = words[1].lowercased()
            case "userknownhostsfile", "globalknownhostsfile":
                files += words.dropFirst().filter { $0 != "none" && $0 != "/dev/null" }.map {
                    $0.hasPrefix("~/") ? home + $0.dropFirst(1) : $0
                }
            // Older programs have neither, and refuse what they don't know.
            case "knownhostscommand": switches.append("KnownHostsCommand=none")
            case "gssapikeyexchange": switches.append("GSSAPIKeyExchange=no")
            case "canonicalizehostname": isCanonicalizing = !["false", "no"].contains(words[1])
            default: break
            }
        }
    }

    /// The rules for another target on which the configuration has nothing of its own to say, but
    /// perhaps its `HostName`.
    func forAddress(_ address: String, hostName: String?) -> ServerKeyRules {
        var rules = self
        rules.hostName = hostName ?? address.lowercased()
        return rules
    }

    /// The names that are looked up; a later one counts when nothing is known under those before.
    func names(port: Int) -> [String] {
        if let alias { return [alias] }
        return port == 22 ? [hostName] : ["[\(hostName)]:\(port)", hostName]
    }
}

/// What the configuration of `ssh` says about host keys for some targets only.
///
/// With it one `ssh -G` serves all targets of which nothing special is said.
struct ServerKeySections: Sendable {
    /// What can change which keys are looked up where (ssh_config(5)).
    private static let keywords: Set<String> = [
        "hostkeyalias", "userknownhostsfile", "globalknownhostsfile",
        "knownhostscommand", "canonicalizehostname", "include",
    ]

    private var patterns: [[String]] = []
    /// Each `HostName` of sections without patterns, by the target's address.
    private var hostNames: [String: Set<String>] = [:]
    private var isForAll = false

    /// Reads the texts of all files of a configuration, included ones too.
    init(_ files: [String]) {
        for file in files { read(file) }
    }

    /// Whether a target has to be asked for by itself.
    func mayDiffer(for address: String) -> Bool {
        isForAll || patterns.contains { NamePatterns.match(address.lowercased(), $0) }
            || (hostNames[address.lowercased()]?.count ?? 0) > 1
    }

    /// The one `HostName` for a target; nil without one.
    func hostName(for address: String) -> String? { hostNames[address.lowercased()]?.first }

    private mutating func read(_ file: String) {
        var section: [String]? = []
        for line in file.split(whereSeparator: \.isNewline) {
            let words = line.split { " \t=\"".contains($0) }.map { $0.lowercased() }
            guard let keyword = words.first, !keyword.hasPrefix("#") else { continue }
            switch keyword {
            case "host": section = Array(words.dropFirst())
            case "match": section = nil
            case "hostname":
                readHostName(words, section)
            case _ where Self.keywords.contains(keyword):
                // INVARIANT: when in doubt a target is asked for.
                guard let current = section else {
                    isForAll = true
                    continue
                }
                // What is said of all was said of the one that was asked for, too; but not `%h`.
                if !current.isEmpty, current != ["*"] {
                    patterns.append(current)
                } else if line.contains("%") {
                    isForAll = true
                }
            default: break
            }
        }
    }

    /// A plain name of plain targets is understood here; anything else makes them special.
    private mutating func readHostName(_ words: [String], _ section: [String]?) {
        guard let section else {
            isForAll = true
            return
        }
        let isPlain = words.count == 2 && !words[1].contains("%")
        guard isPlain, !section.contains(where: { $0.contains { "*?!".contains($0) } }) else {
            if !section.isEmpty { patterns.append(section) }
            return
        }
        for name in section { hostNames[name, default: []].insert(words[1]) }
    }
}

extension Inventory {
    /// The greatest number of targets.
    static let greatestCount = 20_000

    /// Reads all inventory files of a library.
    package static func read(_ tree: LibraryTree) -> Checked<Inventory> {
        let (configuration, paths) = Configuration.read(tree)
        return read(tree, paths: paths, environments: configuration.value?.environments)
    }

    /// Reads the files named, or all of `inventory/`; without environments, any is accepted.
    static func read(
        _ tree: LibraryTree, paths: [String]?, environments: [EnvironmentRule]?
    ) -> Checked<Inventory> {
        let usual = tree.entries.keys.filter {
            $0.hasPrefix("inventory/") && $0.hasSuffix(".yaml")
                && $0.split(separator: "/").count == 2
        }
        var draft = InventoryDraft(environments: environments?.map(\.name))
        var diagnostics: [Diagnostic] = []
        var documents: [DocumentReading] = []
        for path in (paths ?? usual).sorted() {
            guard let entry = tree.entries[path] else { continue }
            guard entry.kind == .file || entry.kind == .executable else {
                diagnostics.append(
                    .error(
                        "unsafe-file", "'\(Excerpt.line(path))' is a \(entry.kind.rawValue).",
                        at: SourcePosition(file: path, line: 1, column: 1),
                        hint: "Put the file itself there."))
                continue
            }
            let loaded = YamlLoader.load(entry.bytes, file: path)
            var document = DocumentReading(loaded)
            if let root = loaded.root {
                draft.read(root, file: documents.count, &document)
            }
            documents.append(document)
        }
        let targets = draft.resolve(&documents)
        for document in documents { diagnostics += document.sorted() }
        diagnostics.sort(by: DocumentReading.comesBefore)
        let isUsable = !diagnostics.contains { $0.severity == .error }
        return Checked(
            value: isUsable ? Inventory(targets: targets) : nil, diagnostics: diagnostics)
    }
}

/// What is known of an inventory while its files are read.
struct InventoryDraft {
    /// Where something stands.
    struct Place {
        let file: Int
        let mark: YamlMark
    }

    /// A group as its file says it.
    struct GroupDraft {
        let name: String
        let place: Place
        var members: [(name: String, mark: YamlMark)]
        var select: Expression?
        var labels: [String: [String]]
    }

    /// The names of the environments, where they are known.
    let environments: [String]?
    var targets: [(target: Target, place: Place)] = []
    var groups: [GroupDraft] = []
    private var names: [String: Place] = [:]

    init(environments: [String]?) { self.environments = environments }

    /// Reads one file.
    mutating func read(_ root: YamlNode, file: Int, _ document: inout DocumentReading) {
        guard let fields = document.fields(root, .inventory) else { return }
        document.formatVersion(fields["handrail"])
        if let node = fields["targets"], let pairs = document.mapping(node, "targets") {
            for pair in pairs { target(pair, file, &document) }
        }
        if targets.count > Inventory.greatestCount {
            document.error(
                "too-large", "There are more than \(Inventory.greatestCount) targets.",
                at: root.start)
        }
        if let node = fields["groups"], let pairs = document.mapping(node, "groups") {
            for pair in pairs { group(pair, file, &document) }
        }
    }

    /// Notes a name of a target, an alias or a group; false where it was given before.
    private mutating func claim(
        _ name: String, _ mark: YamlMark, _ file: Int, _ document: inout DocumentReading
    ) -> Bool {
        guard let other = names[name] else {
            names[name] = Place(file: file, mark: mark)
            return true
        }
        let whereItIs =
            other.file == file ? "on line \(other.mark.line)" : "in another inventory file"
        document.error(
            "duplicate-id", "'\(Excerpt.line(name))' is a name already, \(whereItIs).", at: mark,
            excerpt: name, hint: "Names of targets, aliases and groups are unique.")
        return false
    }

    private mutating func target(
        _ pair: YamlNode.Pair, _ file: Int, _ document: inout DocumentReading
    ) {
        let name = document.name(pair.key, "a target", at: pair.keyMark, as: TargetName.self)
        let isNew = claim(pair.key, pair.keyMark, file, &document)
        let empty = YamlNode(content: .mapping([]), start: pair.keyMark, end: pair.keyMark)
        let node = pair.value.isEmpty ? empty : pair.value
        guard let fields = document.fields(node, .target), let name else { return }
        let address = address(fields, &document) ?? name.rawValue
        let port = document.integer(fields, "port", "the port")
        let user = document.account(fields["user"], "the user")
        let environment = environment(fields, pair.keyMark, &document)
        let aliases = aliases(fields, file, &document)
        let labels = Self.labels(fields, &document)
        let spool = spool(fields, &document)
        guard isNew else { return }
        targets.append(
            (
                Target(
                    name: name, address: address, port: port ?? 22, user: user,
                    environment: environment ?? "", labels: labels, aliases: aliases,
                    spool: spool),
                Place(file: file, mark: pair.keyMark)
            ))
    }

    private func address(_ fields: Fields, _ document: inout DocumentReading) -> String? {
        guard let node = fields["address"],
            let text = document.line(fields, "address", "the address")
        else {
            return nil
        }
        if TargetAddress.isAddress(text) { return text }
        document.error(
            "bad-value", "'\(Excerpt.line(text))' is neither a host name nor an IP address.",
            at: node.start, excerpt: text, hint: "The port and the account are keys of their own.")
        return nil
    }

    private func spool(_ fields: Fields, _ document: inout DocumentReading) -> String? {
        guard let node = fields["spool"], let text = document.line(fields, "spool", "the spool")
        else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let isPath =
            text.hasPrefix("/") && parts.allSatisfy { !["", ".", ".."].contains($0) }
            && text.utf8.allSatisfy(NameGrammar.isOfPlainPath)
        if isPath { return text }
        document.error(
            "bad-value", "'\(Excerpt.line(text))' can't be the place of a spool.", at: node.start,
            excerpt: text,
            hint: "An absolute path of letters, digits and . _ - without `..`, such as "
                + "/srv/handrail.")
        return nil
    }

    private func environment(
        _ fields: Fields, _ mark: YamlMark, _ document: inout DocumentReading
    ) -> String? {
        guard let node = fields["environment"] else {
            if !fields.has("environment"), let environments, environments.count != 1 {
                document.error(
                    "missing-key", "The target doesn't say its environment.", at: mark,
                    hint: "Add `environment:` with one of: "
                        + "\(environments.joined(separator: ", ")).")
            }
            return environments?.first
        }
        guard let name = document.line(node, "the environment") else { return nil }
        if let environments, !environments.contains(name) {
            document.error(
                "unknown-environment",
                "handrail.yaml has no environment "
                    + "'\(Excerpt.line(name))'.",
                at: node.start, excerpt: name,
                hint: nearestName(to: name, among: environments).map { "Did you mean '\($0)'?" }
                    ?? "It has: \(environments.joined(separator: ", ")).")
        }
        return name
    }

    private mutating func aliases(
        _ fields: Fields, _ file: Int, _ document: inout DocumentReading
    ) -> [String] {
        var found: [String] = []
        for element in document.elements(fields, "aliases", "aliases") ?? [] {
            let text = document.line(element, "an alias")
            guard let text else { continue }
            guard TargetAddress.isAlias(text) else {
                document.error(
                    "bad-name", "'\(Excerpt.line(text))' can't be an alias.", at: element.start,
                    excerpt: text,
                    hint: "Letters, digits and . - _ : / [ ] %, starting with none of - and /.")
                continue
            }
            if claim(text, element.start, file, &document) { found.append(text) }
        }
        return found
    }

    private static func labels(
        _ fields: Fields, _ document: inout DocumentReading
    ) -> [String: [String]] {
        guard let pairs = document.entries(fields, "labels", "labels") else { return [:] }
        var labels: [String: [String]] = [:]
        for pair in pairs {
            document.refuseEmpty(pair)
            let name = document.labelName(pair.key, "a label", at: pair.keyMark)
            guard let name, !pair.value.isEmpty,
                let values = document.lines(
                    pair.value, "the label '\(name)'", limit: DocumentPart.labelValues, orOne: true)
            else { continue }
            labels[name] = values
        }
        return labels
    }

    private mutating func group(
        _ pair: YamlNode.Pair, _ file: Int, _ document: inout DocumentReading
    ) {
        document.refuseEmpty(pair)
        let name = document.labelName(pair.key, "a group", at: pair.keyMark)
        guard !pair.value.isEmpty, let fields = document.fields(pair.value, .group) else { return }
        if !fields.has("members"), !fields.has("select") {
            document.error(
                "missing-key", "A group has 'members', 'select', or both.", at: fields.mark)
        }
        var members: [(name: String, mark: YamlMark)] = []
        for element in document.elements(fields, "members", "members") ?? [] {
            if let text = document.line(element, "a member") {
                members.append((text, element.start))
            }
        }
        let select = document.expression(fields["select"], "select")
        for name in select?.names ?? [] where name.parts.count > 1 && name.parts[0] != "target" {
            document.error(
                "dangling-reference", "'\(name)' means nothing in a selector.",
                at: fields.mark(of: "select"), excerpt: name.description,
                hint: "A selector knows labels only, by their bare names.")
        }
        let labels = Self.labels(fields, &document)
        guard let name, claim(name, pair.keyMark, file, &document) else { return }
        groups.append(
            GroupDraft(
                name: name, place: Place(file: file, mark: pair.keyMark), members: members,
                select: select, labels: labels))
    }
}

/// What can stand as a target's address.
enum TargetAddress {
    /// Whether the text can be what alerts call a target, such as `mbx01:9100`.
    static func isAlias(_ text: String) -> Bool {
        guard let first = text.first, first != "-", first != "/", text.utf8.count <= 253 else {
            return false
        }
        return text.utf8.allSatisfy {
            NameGrammar.isWordByte($0) || (0x41...0x5A).contains($0)
                || ".-_:/[]%".utf8.contains($0)
        }
    }

    /// Whether the text is a host name, an IPv4 or an IPv6 address; never with a leading dash.
    static func isAddress(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        if text.contains(":") { return isIPv6(text) }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            NameGrammar.isTarget(String(part)) && part.utf8.count <= 63 && !part.hasSuffix("-")
        }
    }

    private static func isIPv6(_ text: String) -> Bool {
        let halves = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        if halves.count == 2, !NameGrammar.isTarget(String(halves[1])) { return false }
        let groups = halves[0].split(separator: ":", omittingEmptySubsequences: false)
        let isCompressed = halves[0].contains("::")
        guard isCompressed ? (3...9).contains(groups.count) : groups.count == 8,
            !halves[0].contains(":::")
        else { return false }
        return groups.allSatisfy { $0.utf8.count <= 4 && $0.allSatisfy(\.isHexDigit) }
            && groups.contains { !$0.isEmpty } || halves[0] == "::"
    }
}

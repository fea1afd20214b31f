extension RunbookReading {
    /// The request that an `http` describes.
    mutating func http(_ node: YamlNode) -> HTTPAction? {
        guard let fields = document.fields(node, .http) else { return nil }
        let url = value(fields["url"], "the URL", site: .address)
        if case .text(let text)? = url, let node = fields["url"],
            let problem = HTTPAddress.problem(ofBase: text)
        {
            document.error(
                "bad-value", "This is no URL to ask: \(problem).", at: node.start, excerpt: text,
                hint: "Write https://SERVER, with :PORT and /PATH where needed.")
        }
        let method = document.word(
            fields["method"], "the method", as: HTTPAction.Method.self)
        guard let url else { return nil }
        var action = HTTPAction(method: method ?? .get, url: url)
        action.path = (document.elements(fields, "path", "path") ?? []).compactMap {
            value($0, "an element of path", site: .address)
        }
        action.query = arguments(fields, "query", site: .address)
        action.headers = headers(fields)
        action.login = login(fields)
        action.body = body(fields)
        action.expect = statuses(fields)
        action.contains = value(fields["contains"], "contains", site: .typedAction)
        action.take = sources(fields)
        if let node = fields["ca_file"], let path = document.line(node, "ca_file") {
            draft.files.append(.init(path: path, kind: .content, mark: node.start))
            action.authorities = path
        }
        refuseUnusable(action, fields)
        return action
    }

    /// What a method has no use for.
    private mutating func refuseUnusable(_ action: HTTPAction, _ fields: Fields) {
        if action.method.isSafe {
            for key in ["body", "json"] where fields.has(key) {
                document.error(
                    "misplaced-key", "A \(action.method.rawValue) has no body.",
                    at: fields.mark(of: key),
                    hint: "Say another `method`, or give the values in `query`.")
            }
        }
        if action.method == .head {
            for key in ["contains", "take"] where fields.has(key) {
                document.error(
                    "misplaced-key", "The answer to a HEAD has no body to look at.",
                    at: fields.mark(of: key), hint: "Use `method: GET`.")
            }
        }
        if action.url.isPlainHTTP, action.login != nil {
            document.error(
                "secret-exposed", "Over http:// everybody on the way can read who asks.",
                at: fields.mark(of: fields.has("bearer") ? "bearer" : "basic"),
                hint: "Use https://.")
        }
    }

    private mutating func pairs(
        _ fields: Fields, _ key: String
    ) -> [(name: String, pair: YamlNode.Pair)] {
        var found: [(name: String, pair: YamlNode.Pair)] = []
        for pair in document.entries(fields, key, "names in '\(key)'") ?? [] {
            document.refuseEmpty(pair)
            guard Self.isHTTPName(pair.key) else {
                document.error(
                    "bad-name", "'\(Excerpt.line(pair.key))' can't be a name in '\(key)'.",
                    at: pair.keyMark, excerpt: pair.key,
                    hint: "A name is \(NamePattern.httpName.words).")
                continue
            }
            if !pair.value.isEmpty { found.append((pair.key, pair)) }
        }
        return found
    }

    private static func isHTTPName(_ text: String) -> Bool {
        let isWord = { (byte: UInt8) in
            ValueGrammar.isDigit(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
        }
        return text.utf8.first.map(isWord) == true && text.utf8.count <= 128
            && text.utf8.allSatisfy { isWord($0) || ".-".utf8.contains($0) }
    }

    private mutating func arguments(
        _ fields: Fields, _ key: String, site: RunbookDraft.Mention.Site
    ) -> [String: Argument] {
        var values: [String: Argument] = [:]
        for (name, pair) in pairs(fields, key) {
            values[name] = value(pair.value, "'\(name)'", site: site)
        }
        return values
    }

    private mutating func headers(_ fields: Fields) -> [String: Argument] {
        var values: [String: Argument] = [:]
        for (name, pair) in pairs(fields, "headers") {
            if let problem = HTTPAction.problem(ofHeader: name) {
                document.error(
                    "bad-value", "This header can't be given: \(problem).", at: pair.keyMark,
                    excerpt: name)
                continue
            }
            if let other = values.keys.first(where: { $0.lowercased() == name.lowercased() }) {
                document.error(
                    "duplicate-key", "The header '\(name)' is given as '\(other)', too.",
                    at: pair.keyMark, excerpt: name, hint: "Keep one of them.")
            }
            let value = value(pair.value, "'\(name)'", site: .message)
            if case .text(let text)? = value,
                let problem = HTTPAction.problem(ofHeaderValue: text)
            {
                document.error("bad-value", "\(problem).", at: pair.value.start, excerpt: text)
            }
            values[name] = value
        }
        return values
    }

    private mutating func login(_ fields: Fields) -> HTTPAction.Login? {
        if let token = value(fields["bearer"], "bearer", site: .message) {
            return .bearer(token)
        }
        guard let node = fields["basic"], let fields = document.fields(node, .basic) else {
            return nil
        }
        let user = value(fields["user"], "the user", site: .message)
        let password = value(fields["password"], "the password", site: .message)
        guard let user, let password else { return nil }
        if case .text(let text) = user, text.contains(":") {
            document.error(
                "bad-value", "A user's name with ':' can't be told from the password.",
                at: fields.mark(of: "user"), excerpt: text)
        }
        return .basic(user: user, password: password)
    }

    private mutating func body(_ fields: Fields) -> HTTPAction.Body? {
        if let text = value(fields["body"], "the body", site: .message) { return .text(text) }
        guard fields.has("json") else { return nil }
        return .json(members(fields, "json"))
    }

    private mutating func members(
        _ fields: Fields, _ key: String
    ) -> [String: HTTPAction.Member] {
        var members: [String: HTTPAction.Member] = [:]
        for (name, pair) in pairs(fields, key) { members[name] = member(pair.value, name) }
        return members
    }

    /// A value of JSON; `name` is that of the member that it belongs to.
    private mutating func member(_ node: YamlNode, _ name: String) -> HTTPAction.Member? {
        switch node.content {
        case .list:
            let elements = document.elements(
                node, "'\(name)'", limit: DocumentPart.mostMembers)
            return .list((elements ?? []).compactMap { member($0, name) })
        case .mapping:
            guard let fields = document.fields(node, .member) else { return nil }
            if fields.has("object") { return .object(members(fields, "object")) }
            for kind in [HTTPAction.Member.Kind.number, .boolean] {
                guard let value = value(fields[kind.rawValue], "'\(name)'", site: .message)
                else { continue }
                if case .text(let text) = value, !kind.canBe(text) {
                    document.error(
                        "bad-value", "'\(Excerpt.line(text))' is no \(kind.rawValue) of JSON.",
                        at: fields.mark(of: kind.rawValue), excerpt: text)
                }
                return .scalar(kind, value)
            }
            return nil
        default:
            return value(node, "'\(name)'", site: .message).map { .scalar(.string, $0) }
        }
    }

    private mutating func statuses(_ fields: Fields) -> [Int] {
        let range = 100...599
        return (document.elements(fields, "expect", "expect") ?? []).compactMap { node in
            guard let text = document.scalar(node, "an element of expect") else { return nil }
            guard text.utf8.count == 3, let status = Int(text), range.contains(status) else {
                document.error(
                    "bad-value", "'\(Excerpt.line(text))' is no status of an answer.",
                    at: node.start, excerpt: text, hint: "Write a number such as 200 or 404.")
                return nil
            }
            return status
        }
    }

    private mutating func sources(_ fields: Fields) -> [String: HTTPAction.Source] {
        var sources: [String: HTTPAction.Source] = [:]
        for pair in document.entries(fields, "take", "outputs in 'take'") ?? [] {
            document.refuseEmpty(pair)
            let name = document.name(
                pair.key, "a key of take", at: pair.keyMark, as: ParameterName.self)
            guard let name, !pair.value.isEmpty, let text = document.line(pair.value, "a place")
            else { continue }
            guard let source = HTTPAction.Source(text) else {
                document.error(
                    "bad-value", "'\(Excerpt.line(text))' is no place in an answer.",
                    at: pair.value.start, excerpt: text,
                    hint: "Write `status`, or a JSON pointer such as /data/0/state.")
                continue
            }
            sources[name.rawValue] = source
        }
        return sources
    }
}

extension Argument {
    /// Whether it is a URL that is asked without TLS, of another machine.
    var isPlainHTTP: Bool {
        guard case .text(let text) = self, text.hasPrefix("http://"),
            let address = try? HTTPAddress(base: text)
        else { return false }
        return !address.isLoopback
    }
}

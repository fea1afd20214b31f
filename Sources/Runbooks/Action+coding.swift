/// The one key of a JSON object that stands for a case with a value: `{"run": …}`.
private struct CaseKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Encoder {
    /// Writes `{"name": value}`.
    fileprivate func encodeCase(_ name: String, _ value: some Encodable) throws {
        var container = container(keyedBy: CaseKey.self)
        try container.encode(value, forKey: CaseKey(name))
    }
}

/// A JSON object with one key, being read.
private struct CaseReader {
    let container: KeyedDecodingContainer<CaseKey>
    let name: String

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: CaseKey.self)
        guard container.allKeys.count == 1, let key = container.allKeys.first else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "one key was expected"))
        }
        name = key.stringValue
    }

    func value<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try container.decode(type, forKey: CaseKey(name))
    }

    /// The value as a name, its parts between dots.
    func reference() throws -> Expression.Name {
        let name: String = try value()
        return Expression.Name(parts: name.split(separator: ".").map(String.init))
    }

    func unknown() -> DecodingError {
        .dataCorrupted(
            .init(
                codingPath: container.codingPath,
                debugDescription: "'\(name)' is no case that this version knows"))
    }
}

extension Argument: Codable {
    /// Reads `{"text": …}` or `{"ref": …}`.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "text": self = .text(try reader.value())
        case "ref": self = .reference(try reader.reference())
        default: throw reader.unknown()
        }
    }

    /// Writes `{"text": …}` or `{"ref": …}`.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let text): try encoder.encodeCase("text", text)
        case .reference(let name): try encoder.encodeCase("ref", name.description)
        }
    }
}

extension ItemList: Codable {
    /// Reads `{"texts": […]}` or `{"ref": …}`.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "texts": self = .texts(try reader.value())
        case "ref": self = .reference(try reader.reference())
        default: throw reader.unknown()
        }
    }

    /// Writes `{"texts": […]}` or `{"ref": …}`.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .texts(let texts): try encoder.encodeCase("texts", texts)
        case .reference(let name): try encoder.encodeCase("ref", name.description)
        }
    }
}

extension ScriptCall.Program: Codable {
    /// Reads `{"file": …}` or `{"inline": …}`.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "file": self = .file(try reader.value())
        case "inline": self = .inline(try reader.value())
        default: throw reader.unknown()
        }
    }

    /// Writes `{"file": …}` or `{"inline": …}`.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .file(let path): try encoder.encodeCase("file", path)
        case .inline(let text): try encoder.encodeCase("inline", text)
        }
    }
}

extension FileAction.Content: Codable {
    private struct Template: Codable {
        let source: String
        let values: [String: Argument]
    }

    /// Reads `{"file": …}`, `{"template": {…}}` or `{"absent": true}`.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "file": self = .file(try reader.value())
        case "template":
            let template: Template = try reader.value()
            self = .template(template.source, values: template.values)
        case "absent": self = .absent
        default: throw reader.unknown()
        }
    }

    /// Writes `{"file": …}`, `{"template": {…}}` or `{"absent": true}`.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .file(let path): try encoder.encodeCase("file", path)
        case .template(let source, let values):
            try encoder.encodeCase("template", Template(source: source, values: values))
        case .absent: try encoder.encodeCase("absent", true)
        }
    }
}

extension PackageAction.Version: Codable {
    /// Reads `{"exactly": …}`, or `present`, `absent` or `previous` with `true`.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "present": self = .present
        case "absent": self = .absent
        case "previous": self = .previous
        case "exactly": self = .exactly(try reader.value())
        default: throw reader.unknown()
        }
    }

    /// Writes `{"exactly": …}`, or `present`, `absent` or `previous` with `true`.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .present: try encoder.encodeCase("present", true)
        case .absent: try encoder.encodeCase("absent", true)
        case .previous: try encoder.encodeCase("previous", true)
        case .exactly(let version): try encoder.encodeCase("exactly", version)
        }
    }
}

extension HTTPAction.Login: Codable {
    private struct Basic: Codable {
        let user, password: Argument
    }

    /// Reads `{"bearer": …}` or `{"basic": {…}}`.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "bearer": self = .bearer(try reader.value())
        case "basic":
            let basic: Basic = try reader.value()
            self = .basic(user: basic.user, password: basic.password)
        default: throw reader.unknown()
        }
    }

    /// Writes `{"bearer": …}` or `{"basic": {…}}`.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .bearer(let token): try encoder.encodeCase("bearer", token)
        case .basic(let user, let password):
            try encoder.encodeCase("basic", Basic(user: user, password: password))
        }
    }
}

extension HTTPAction.Member: Codable {
    /// Reads `{"string": …}`, `{"number": …}`, `{"boolean": …}`, `{"object": {…}}` or `{"list": […]}`.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "object": self = .object(try reader.value())
        case "list": self = .list(try reader.value())
        case let name:
            guard let kind = Kind(rawValue: name) else { throw reader.unknown() }
            self = .scalar(kind, try reader.value())
        }
    }

    /// Writes what `init(from:)` reads.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .scalar(let kind, let value): try encoder.encodeCase(kind.rawValue, value)
        case .object(let members): try encoder.encodeCase("object", members)
        case .list(let elements): try encoder.encodeCase("list", elements)
        }
    }
}

extension HTTPAction.Body: Codable {
    /// Reads `{"text": …}` or `{"json": {…}}`.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "text": self = .text(try reader.value())
        case "json": self = .json(try reader.value())
        default: throw reader.unknown()
        }
    }

    /// Writes `{"text": …}` or `{"json": {…}}`.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let text): try encoder.encodeCase("text", text)
        case .json(let members): try encoder.encodeCase("json", members)
        }
    }
}

extension HTTPAction.Source: Codable {
    /// Reads it as it is written in a document.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let source = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "it is no place in an answer")
        }
        self = source
    }

    /// Writes it as it is written in a document.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension Action: Codable {
    /// Reads an object whose one key is the step kind's keyword.
    package init(from decoder: any Decoder) throws {
        let reader = try CaseReader(decoder)
        switch reader.name {
        case "run": self = .run(try reader.value())
        case "file": self = .file(try reader.value())
        case "service": self = .service(try reader.value())
        case "package": self = .package(try reader.value())
        case "reboot": self = .reboot(try reader.value())
        case "wait": self = .wait(try reader.value())
        case "assert": self = .assert(try reader.value())
        case "collect": self = .collect(try reader.value())
        case "http": self = .http(try reader.value())
        case "manual": self = .manual(try reader.value())
        case "ask": self = .ask(try reader.value())
        case "stop": self = .stop(try reader.value())
        default: throw reader.unknown()
        }
    }

    /// Writes an object whose one key is the step kind's keyword.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .run(let call): try encoder.encodeCase(keyword, call)
        case .file(let file): try encoder.encodeCase(keyword, file)
        case .service(let service): try encoder.encodeCase(keyword, service)
        case .package(let package): try encoder.encodeCase(keyword, package)
        case .reboot(let reboot): try encoder.encodeCase(keyword, reboot)
        case .wait(let wait): try encoder.encodeCase(keyword, wait)
        case .assert(let assertion): try encoder.encodeCase(keyword, assertion)
        case .collect(let collect): try encoder.encodeCase(keyword, collect)
        case .http(let request): try encoder.encodeCase(keyword, request)
        case .manual(let request), .ask(let request): try encoder.encodeCase(keyword, request)
        case .stop(let stop): try encoder.encodeCase(keyword, stop)
        }
    }
}

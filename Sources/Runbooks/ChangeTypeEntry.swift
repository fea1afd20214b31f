/// The entry of a change type in a configuration's text, for whoever asks when it was written.
package enum ChangeTypeEntry {
    /// What the entry says, keys in their order and without comments and layout; nil where there is
    /// none, or the text can't be read.
    package static func text(of type: String, in bytes: [UInt8]) -> String? {
        let root = YamlLoader.load(bytes, file: "handrail.yaml").root
        guard let types = root?.member("change_types"), let entry = types.member(type) else {
            return nil
        }
        return entry.plainText
    }
}

extension YamlNode {
    fileprivate func member(_ name: String) -> YamlNode? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.key == name }?.value
    }

    fileprivate var plainText: String {
        switch content {
        case .scalar(let text, _): text.debugDescription
        case .list(let elements): "[\(elements.map(\.plainText).joined(separator: ","))]"
        case .mapping(let pairs):
            "{\(pairs.map { "\($0.key.debugDescription):\($0.value.plainText)" }.joined(separator: ","))}"
        case .unreadable: "?"
        }
    }
}

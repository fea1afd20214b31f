/// A number of targets, or a share of how many there are (docs/rollout.md).
package enum Amount: Sendable, Hashable {
    case count(Int)
    /// Hundredths, 1 to 100.
    case percent(Int)

    /// How many that is of so many, a share rounded up: one at least of any.
    package func roundedUp(of size: Int) -> Int {
        switch self {
        case .count(let count): count
        case .percent(let percent): (size * percent + 99) / 100
        }
    }

    /// How many that is of so many, a share rounded down.
    package func roundedDown(of size: Int) -> Int {
        switch self {
        case .count(let count): count
        case .percent(let percent): size * percent / 100
        }
    }

    /// As it is written: `6`, `20%`.
    package var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .percent(let percent): "\(percent)%"
        }
    }

    /// Reads a share such as `20%`; nil where the text is none.
    package static func share(_ text: String) -> Amount? {
        guard text.hasSuffix("%"), let percent = Int(text.dropLast()), (1...100).contains(percent),
            !text.hasPrefix("+"), !text.hasPrefix("0")
        else { return nil }
        return .percent(percent)
    }
}

extension Amount: Codable {
    /// Reads a number, or text such as `20%`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let count = try? container.decode(Int.self) {
            self = .count(count)
            return
        }
        let text = try container.decode(String.self)
        guard let share = Self.share(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no share")
        }
        self = share
    }

    /// Writes a number, or text such as `20%`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .count(let count): try container.encode(count)
        case .percent: try container.encode(text)
        }
    }
}

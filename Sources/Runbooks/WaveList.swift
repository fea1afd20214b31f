/// One doing of a wave's `before_wave` or `after_wave`, which a run goes through as it goes through a
/// target: `before_wave:2` is that of its second wave.
///
/// Its name is the target's name in events, attempts and records. No inventory can have such a name.
package struct WaveList: Sendable, Hashable {
    /// Which of the two lists it is.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case before = "before_wave"
        case after = "after_wave"
    }

    /// Which of the two lists it is.
    package let kind: Kind
    /// Which wave of the plan it belongs to, from 0.
    package let wave: Int
    /// How often the wave has been entered with it, from 1: whoever resumes a run that stopped
    /// within a wave enters that once more.
    package let round: Int

    package init(_ kind: Kind, wave: Int, round: Int) {
        (self.kind, self.wave, self.round) = (kind, wave, round)
    }

    /// The list that a recorded name means; nil for a target's name.
    package init?(_ name: TargetName) { self.init(text: name.rawValue) }

    /// Such as `before_wave:2`, or `before_wave:2:3` for the third time; waves are counted from 1.
    package var name: TargetName { TargetName(self) }

    init?(text: String) {
        // Most names are a target's, and have no colon.
        guard text.utf8.contains(UInt8(ascii: ":")) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), let kind = Kind(rawValue: parts[0]),
            let wave = Self.number(parts[1]),
            let round = parts.count == 3 ? Self.number(parts[2]) : 1,
            parts.count == 2 || round > 1
        else { return nil }
        self.init(kind, wave: wave - 1, round: round)
    }

    /// A number from 1 as it is written: without a sign, and without zeros before it.
    static func number(_ text: String) -> Int? {
        guard let number = Int(text), (1...1_000_000).contains(number), String(number) == text
        else {
            return nil
        }
        return number
    }

    var text: String {
        "\(kind.rawValue):\(wave + 1)" + (round > 1 ? ":\(round)" : "")
    }
}

/// What the steps of a wave's lists are given of it: `$wave_name` and `$wave_targets`.
package enum WaveValue: String, Sendable, CaseIterable {
    /// What the wave is called.
    case name = "wave_name"
    /// The targets of the wave that the run starts, a line each.
    case targets = "wave_targets"
}

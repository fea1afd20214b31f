/// A step that is done once for a run, or for each of its waves: the targets that come to it share
/// how it ended.
///
/// A run goes through it as through a target, under a name that no inventory can have:
/// `once:migrate`, or `once:migrate:2` for that of the second wave.
package struct SharedStep: Sendable, Hashable {
    /// The step.
    package let step: StepID
    /// The wave that it is done for, from 0; nil for the whole run.
    package let wave: Int?

    package init(_ step: StepID, wave: Int?) { (self.step, self.wave) = (step, wave) }

    /// The name under which the run goes through it.
    package var name: TargetName { TargetName(self) }

    init?(text: String) {
        guard text.hasPrefix(Self.start) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), let step = StepID(rawValue: parts[1]) else {
            return nil
        }
        guard parts.count == 3 else {
            self.init(step, wave: nil)
            return
        }
        guard let wave = WaveList.number(parts[2]) else { return nil }
        self.init(step, wave: wave - 1)
    }

    var text: String { Self.start + step.rawValue + (wave.map { ":\($0 + 1)" } ?? "") }

    private static let start = "once:"
}

extension TargetName {
    /// Whether it is a target's, and not what a run calls something that is done once.
    package var isTarget: Bool { !rawValue.utf8.contains(UInt8(ascii: ":")) }

    /// The shared step that it names; nil for a target, and for a wave's list.
    package var sharedStep: SharedStep? { SharedStep(text: rawValue) }
}

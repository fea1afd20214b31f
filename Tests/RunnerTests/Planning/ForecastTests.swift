import Runbooks
import Runner
import Testing

struct ForecastTests {
    private func forecast(
        _ labels: [ForecastLabel], symptom: Forecast.SymptomState = .present, note: String? = nil
    ) throws -> Forecast {
        let target = try #require(TargetName(rawValue: "web1"))
        return Forecast(targets: [
            Forecast.OfTarget(
                target: target, symptom: symptom,
                entries: try labels.enumerated().map {
                    Forecast.Entry(step: try .named("s\($0)"), label: $1, note: note)
                })
        ])
    }

    @Test func notesAreNoDifference() throws {
        let comparison = try Forecast.compare(
            forecast([.satisfied]), forecast([.satisfied], note: "x"))
        #expect(comparison.isEqual)
    }

    @Test(arguments: [
        (ForecastLabel.satisfied, ForecastLabel.wouldChange, ForecastComparison.Kind.moved),
        (.wouldChange, .satisfied, .moved), (.satisfied, .failed, .broken),
        (.wouldChange, .unreachable, .broken), (.depends, .failed, .broken),
        (.satisfied, .depends, .other), (.failed, .satisfied, .other),
        (.skipped, .wouldChange, .other), (.wouldRun, .skipped, .other),
    ])
    func aDifferenceHasItsKind(
        old: ForecastLabel, new: ForecastLabel, kind: ForecastComparison.Kind
    ) throws {
        let comparison = try Forecast.compare(
            forecast([.read, old]), forecast([.read, new]))
        #expect(comparison.differences.map(\.kind) == [kind])
        #expect(
            comparison.differences.first?.lines == ["s1: \(old.rawValue) → \(new.rawValue)"])
        switch comparison.unattended {
        case .goesOn(let without):
            #expect(kind != .other)
            #expect(without.map(\.target.rawValue) == (kind == .broken ? ["web1"] : []))
            #expect(without.map(\.outcome) == (kind == .broken ? [new.outcomeWhenBroken] : []))
        case .needsPerson(let targets):
            #expect(kind == .other)
            #expect(targets.map(\.rawValue) == ["web1"])
        }
    }

    @Test(arguments: [
        (ForecastLabel.satisfied, ForecastLabel.depends, ForecastComparison.Kind.moved),
        (.depends, .satisfied, .moved), (.satisfied, .failed, .broken),
        (.skipped, .wouldChange, .other),
    ])
    func whatOnlyDependsOnAStepThatMovedHasMovedWithIt(
        old: ForecastLabel, new: ForecastLabel, kind: ForecastComparison.Kind
    ) throws {
        let comparison = try Forecast.compare(
            forecast([.satisfied, old]), forecast([.wouldChange, new]))
        #expect(comparison.differences.map(\.kind) == [kind])
    }

    @Test func aSymptomThatIsGoneIsADifference() throws {
        let comparison = try Forecast.compare(
            forecast([.satisfied]), forecast([.satisfied], symptom: .absent))
        #expect(comparison.differences.map(\.lines) == [["symptom: present → absent"]])
        #expect(comparison.differences.map(\.kind) == [.other])
    }

    @Test func theDigestFollowsEveryPrediction() throws {
        let one = try forecast([.satisfied]).digest
        #expect(try forecast([.satisfied]).digest == one)
        #expect(try forecast([.wouldChange]).digest != one)
        #expect(try forecast([.satisfied], symptom: .absent).digest != one)
    }
}

extension ForecastLabel {
    /// As what a target counts that isn't started because of this label.
    fileprivate var outcomeWhenBroken: Outcome { self == .unreachable ? .unreachable : .failed }
}

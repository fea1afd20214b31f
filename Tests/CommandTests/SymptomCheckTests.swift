import Runbooks
import Runner
import Testing

@testable import handrail

/// What a symptom that isn't there means, by the runbook's `not_present`.
struct SymptomCheckTests {
    @Test(arguments: [
        (
            Symptom.NotPresent.ask, Forecast.SymptomState.absent, true, false,
            SymptomCheck.Answer.ask
        ),
        (.refuse, .absent, true, false, .refuse("The symptom was not found on web1.")),
        (.refuse, .absent, true, true, .goOn), (.ask, .absent, true, true, .goOn),
        (.refuse, .absent, false, false, .goOn), (.refuse, .present, true, false, .goOn),
        (.ask, .cantLook, true, false, .ask), (.ask, .cantLook, true, true, .goOn),
        (.ask, .cantLook, false, false, .goOn),
        (
            .refuse, .cantLook, true, false,
            .refuse("The symptom can't be looked for on web1.")
        ),
    ])
    func aWrongTargetIsNoticedBeforeAnythingStarts(
        rule: Symptom.NotPresent, found: Forecast.SymptomState, mayChange: Bool, isDespite: Bool,
        answer: SymptomCheck.Answer
    ) throws {
        var plan = try PastRun(targets: ["web1"]).record.plan
        plan.symptom = PlannedSymptom(
            present: ScriptCall(program: .inline("true")), notPresent: rule,
            goneForMilliseconds: 0)
        let step = try #require(plan.steps.last?.id)
        let forecast = Forecast(targets: [
            Forecast.OfTarget(
                target: plan.targets[0].name, symptom: found,
                entries: [
                    Forecast.Entry(step: step, label: .wouldRun, mayChange: mayChange)
                ])
        ])
        #expect(SymptomCheck.answer(plan.symptom, forecast, isDespite: isDespite) == answer)
    }

    @Test func ofATargetThatCantBeReachedNothingIsSaid() throws {
        var plan = try PastRun(targets: ["web1"]).record.plan
        plan.symptom = PlannedSymptom(
            present: ScriptCall(program: .inline("true")), notPresent: .refuse,
            goneForMilliseconds: 0)
        let forecast = Forecast(targets: [
            Forecast.OfTarget(
                target: plan.targets[0].name, symptom: .cantLook,
                entries: [
                    Forecast.Entry(
                        step: plan.steps[0].id, label: .unreachable, mayChange: true)
                ])
        ])
        #expect(SymptomCheck.answer(plan.symptom, forecast, isDespite: false) == .goOn)
    }
}

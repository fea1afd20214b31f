import Runbooks

extension PlanFile {
    /// The forecast beside the plan: what whoever decided about it was shown.
    ///
    /// Only what is compared is read (`Forecast.compare`): nil in a file without one, or when
    /// nobody had looked at the targets.
    ///
    /// Throws `badFile` when it is no forecast, or not of this plan.
    package func forecast(of plan: Plan) throws(PlanError) -> Forecast? {
        guard let value = forecastValue else { return nil }
        guard case .object(let members) = value, case .array(let targets) = members["targets"],
            targets.count == plan.targets.count
        else { throw Self.bad("its forecast is not one of its plan") }
        var read: [Forecast.OfTarget] = []
        for (target, planned) in zip(targets, plan.targets) {
            guard case .object(let members) = target,
                members["target"] == .string(planned.name.rawValue)
            else { throw Self.bad("its forecast names other targets than its plan") }
            read.append(try Self.predictions(members, of: planned, plan))
        }
        return Forecast(targets: read)
    }

    private static func predictions(
        _ members: [String: JSONValue], of planned: PlannedTarget, _ plan: Plan
    ) throws(PlanError) -> Forecast.OfTarget {
        let target = planned.name
        guard case .string(let word) = members["symptom"],
            let symptom = Forecast.SymptomState(rawValue: word),
            case .array(let values) = members["entries"]
        else { throw bad("its forecast of \(target) is none") }
        let steps = plan.sequence(of: planned).map {
            (step: Optional($0.id), verify: Int?.none, choices: $0.factChoices)
        }
        let checks = plan.verify.indices.map {
            (step: StepID?.none, verify: Optional($0), choices: [String]())
        }
        let parts = steps + checks
        guard values.count == parts.count else {
            throw bad("its forecast of \(target) has other steps than its plan")
        }
        var entries: [Forecast.Entry] = []
        for (value, part) in zip(values, parts) {
            guard case .object(let entry) = value, case .string(let word) = entry["label"],
                let label = ForecastLabel(rawValue: word),
                entry["step"] == part.step.map({ .string($0.rawValue) }),
                entry["verify"] == part.verify.map({ .integer(Int64($0)) })
            else { throw bad("its forecast of \(target) has other steps than its plan") }
            var read = Forecast.Entry(step: part.step, verify: part.verify, label: label)
            if let fact = entry["fact"] {
                guard case .string(let choice) = fact, part.choices.contains(choice) else {
                    throw bad("its forecast of \(target) has a fact that its plan hasn't")
                }
                read.fact = choice
            }
            entries.append(read)
        }
        return Forecast.OfTarget(target: target, symptom: symptom, entries: entries)
    }
}

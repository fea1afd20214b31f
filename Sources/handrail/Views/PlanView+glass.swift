import Runner

/// What breaking the glass would do, as a plan shows it.
extension PlanView {
    /// The gates that it would replace, and those that bind all the same; nil where nobody asked.
    var glass: [String]? {
        guard let forecast = GlassForecast(subject) else { return nil }
        let replaced = forecast.replaced.flatMap { list("Replaced", safe($0.text), .alarm) }
        let bound = forecast.binding.flatMap {
            list("Binds", safe($0.text), $0.stops ? .bad : .plain)
        }
        return replaced + bound
    }
}

/// Which gates breaking the glass would replace, and which it leaves in the way.
struct GlassForecast: Sendable {
    /// Closed, and not asked any more once the glass is broken: as they are without that.
    let replaced: [GateReport.Line]
    /// Asked all the same: as they are once it is broken.
    let binding: [GateReport.Line]

    /// Nil where nobody asked.
    init?(_ subject: PlanSubject) {
        guard let without = subject.withoutGlass else { return nil }
        let bound = subject.gates.passage.gates
        replaced = without.refusals.filter { !bound.contains($0.gate) }
        binding = subject.gates.lines.filter { bound.contains($0.gate) }
    }
}

import ArgumentParser

/// What leading a run on needs, when nobody leads it any more.
struct LeadingOptions: ParsableArguments, Sendable {
    @OptionGroup var parameters: ParameterOptions
    @OptionGroup var reach: ReachOptions
}

extension LeadingOptions {
    /// Nothing is given again but how targets are reached.
    static func reaching(_ reach: ReachOptions) -> LeadingOptions {
        // WHY NOT parse: what completes asynchronously can't be parsed by itself (ArgumentParser).
        var parameters = ParameterOptions()
        (parameters.set, parameters.params) = ([], nil)
        var options = LeadingOptions()
        (options.parameters, options.reach) = (parameters, reach)
        return options
    }
}

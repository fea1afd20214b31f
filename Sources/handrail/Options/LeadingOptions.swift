import ArgumentParser

/// What leading a run on needs, when nobody leads it any more.
struct LeadingOptions: ParsableArguments, Sendable {
    @OptionGroup var parameters: ParameterOptions
    @OptionGroup var reach: ReachOptions
}

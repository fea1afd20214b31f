/// What is known of a runbook while its document is read, as far as it could be read.
///
/// Rules look at the draft, so that one broken part doesn't hide the problems of the others.
struct RunbookDraft {
    /// A parameter with its place; its name is known even when the rest is broken.
    struct ParameterDraft {
        let name: ParameterName
        let mark: YamlMark
        let kind: Parameter.Kind?
        let choices: [String]
        let parameter: Parameter?
    }

    /// A value that differs between targets, with its place.
    struct ValueDraft {
        let name: ParameterName
        let mark: YamlMark
        /// Nil where no element of it could be read.
        var rule: ValueRule?
    }

    /// A fact with its place; its choices are empty where they could not be read.
    struct FactDraft {
        let name: ParameterName
        let mark: YamlMark
        var choices: [String] = []
    }

    /// A step with its places.
    struct StepDraft {
        var id: StepID?
        let mark: YamlMark
        /// The wave's list that it is in; nil for one of the sequence.
        var list: WaveList.Kind?
        var keyword: String?
        var outputs: [(declaration: OutputDeclaration, mark: YamlMark)] = []
        /// Outputs whose declaration is broken; references to them are left alone.
        var brokenOutputs: Set<String> = []
        /// The ids of an `ask`'s choices.
        var choices: [String] = []
        var action: Action?
        /// The effect as declared, and its place.
        var effect: Effect?
        var effectMark: YamlMark
        var retryMark: YamlMark
        /// Keys that only a step which writes may have, with their places.
        var writingKeys: [(key: String, mark: YamlMark)] = []
        /// What its `for_each` goes through, and the place; nil without one, or when it is broken.
        var items: (list: ItemList, mark: YamlMark)?
        var releaseAfter: (id: StepID, mark: YamlMark)?
        var step: Step?
    }

    /// A use of a name, with the place and the way it is used.
    struct Mention {
        /// How a value would travel.
        enum Site {
            case argument, environment, standardInput, typedAction, template, expression, items
            /// Where an `http` request goes; it is shown and recorded.
            case address
            /// What an `http` request says; it leaves the controller over TLS only.
            case message
        }

        let name: Expression.Name
        let site: Site
        let mark: YamlMark
        /// Steps before this index have ended when the value is needed.
        let moment: Int
        /// Whether it stands in a step with `for_each`, where `$item` has a meaning.
        var hasItem = false
        /// The index of the step it stands in, where that has a `for_each`.
        var step: Int?
        /// The wave's list that it stands in; nil elsewhere.
        var list: WaveList.Kind?
        /// For what the step that it stands in is done once; nil for each target.
        var scope: Step.Scope?

        /// Whether it stands in `values`, which the plan must be able to pick.
        var isInValue = false

        /// What it stands in, where no target has answered for its facts; nil elsewhere.
        var early: String?

        /// What it stands in, where that is about no one target; nil elsewhere.
        var place: String? { list?.rawValue ?? scope.map { "per: \($0.rawValue)" } }

        /// The reference as it was written; nil in an expression, where the whole is shown.
        var written: String? { site == .expression ? nil : "$\(name)" }
    }

    /// A comparison of a name with words, in an expression.
    struct Comparison {
        let name: Expression.Name
        let values: [String]
        let mark: YamlMark
    }

    /// A file that the document names.
    struct FileMention {
        /// Which folder it must be in.
        enum Kind { case script, content, library, exceptions }

        let path: String
        let kind: Kind
        let mark: YamlMark
    }

    /// A template with the values it is given.
    struct TemplateUse {
        let path: String
        let names: [(name: String, mark: YamlMark)]
        let mark: YamlMark
    }

    /// An argument of text that holds something like a reference.
    struct TextArgument {
        let text: String
        let mark: YamlMark
    }

    var parameters: [ParameterDraft] = []
    var values: [ValueDraft] = []
    var facts: [FactDraft] = []
    var steps: [StepDraft] = []
    var mentions: [Mention] = []
    var comparisons: [Comparison] = []
    var files: [FileMention] = []
    var templates: [TemplateUse] = []
    var textArguments: [TextArgument] = []
    /// Parameters that others exclude or require.
    var parameterMentions: [(name: ParameterName, mark: YamlMark)] = []
    var uses: [String] = []
    /// The runbook's own key, for problems of the whole document.
    var start = YamlMark(line: 1, column: 1)
}

import ArgumentParser

/// The options that every command has.
struct GlobalOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Where runs are kept; else $HANDRAIL_HOME, else ~/.local/share/handrail.",
            valueName: "folder"))
    var home: String?

    @Option(
        help: ArgumentHelp(
            "The library of runbooks; else $HANDRAIL_LIBRARY, else the nearest handrail.yaml "
                + "upwards.", valueName: "folder"))
    var library: String?

    @Flag(help: "Read the library's folder as it is now, not a commit (for authors).")
    var workingTree = false

    @Flag(help: "Write one JSON document to standard output, and all else to standard error.")
    var json = false

    @Option(help: "Colours: auto, always or never. NO_COLOR is kept to.")
    var color = ColorChoice.auto
}

/// When colours are used.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case auto, always, never
}

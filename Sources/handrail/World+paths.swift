import Runbooks

/// Paths that people give.
extension World {
    /// The folder that `~` stands for: `$HOME`, else the account's own.
    var homeFolder: String {
        environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? account().homeFolder
    }

    /// A path from the command line or the environment: `~` is understood in all of them alike,
    /// also where the shell left it as it is (`--out=~/pack`).
    func path(_ given: String) -> String { PathText.given(given, home: homeFolder) }
}

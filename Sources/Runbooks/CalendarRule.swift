/// A calendar of the house as `handrail.yaml` names it: windows, or freezes, in an iCalendar file.
///
/// What the file says is read elsewhere (docs/calendars.md); this is where it is, and what it binds.
package struct CalendarRule: Sendable, Hashable {
    /// What the file's events are.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// Changes may run in them.
        case windows
        /// Nothing runs in them but what is excepted.
        case freeze
    }

    /// Whom a freeze binds.
    package enum Bound: String, Sendable, Codable, CaseIterable { case changes, resolutions }

    /// The key under `calendars`.
    package let name: String
    /// The file's path in the library.
    package let file: String
    /// What its events are.
    package let kind: Kind
    /// Change types that a freeze doesn't bind; empty for windows.
    package let except: [String]
    /// Whether a freeze binds resolutions too.
    package let bindsResolutions: Bool
    /// The zone of days and of times that name none: the file's own, or the library's.
    package let timezone: String
    /// Where it stands, for findings about the file as a whole.
    package let position: SourcePosition

    package init(
        name: String, file: String, kind: Kind, except: [String] = [],
        bindsResolutions: Bool = false, timezone: String, position: SourcePosition
    ) {
        self.name = name
        self.file = file
        self.kind = kind
        self.except = except
        self.bindsResolutions = bindsResolutions
        self.timezone = timezone
        self.position = position
    }
}

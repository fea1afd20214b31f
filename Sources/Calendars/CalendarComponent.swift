import Runbooks

/// A part of a calendar between its BEGIN and its END.
struct CalendarComponent: Sendable {
    /// In capitals, such as `VEVENT`.
    let name: String
    /// Where its BEGIN stands.
    let position: SourcePosition
    var properties: [ContentLine] = []
    var components: [CalendarComponent] = []

    /// The properties of a name, in order.
    func all(_ name: String) -> [ContentLine] { properties.filter { $0.name == name } }

    /// The first property of a name.
    func first(_ name: String) -> ContentLine? { properties.first { $0.name == name } }

    /// The components of a name, in order.
    func components(_ name: String) -> [CalendarComponent] {
        components.filter { $0.name == name }
    }

    /// Puts lines together as their BEGINs and ENDs nest.
    static func nest(
        _ lines: [ContentLine]
    ) throws(ContentLines.Problem) -> [CalendarComponent] {
        var done: [CalendarComponent] = []
        var open: [CalendarComponent] = []
        for line in lines {
            switch line.name {
            case "BEGIN":
                guard open.count < CalendarLimits.depth else {
                    throw problem("Components nest too deep here.", line, nil)
                }
                open.append(
                    CalendarComponent(name: line.value.uppercased(), position: line.position))
            case "END":
                guard let last = open.popLast() else {
                    throw problem("Nothing was begun that could end here.", line, nil)
                }
                guard last.name == line.value.uppercased() else {
                    throw problem(
                        "\(printableExcerpt(line.value)) ends here, and "
                            + "\(printableExcerpt(last.name)) of line \(last.position.line) is open.",
                        line, "Each BEGIN has its END.")
                }
                if open.isEmpty {
                    done.append(last)
                } else {
                    open[open.count - 1].components.append(last)
                }
            default:
                guard !open.isEmpty else {
                    throw problem(
                        "A calendar begins with BEGIN:VCALENDAR.", line,
                        "Is it an iCalendar file (.ics)?")
                }
                open[open.count - 1].properties.append(line)
            }
        }
        guard let last = open.last else { return done }
        throw ContentLines.Problem(
            code: "bad-nesting",
            message: "\(printableExcerpt(last.name)) begins here, and never ends: the file is cut.",
            line: last.position.line, hint: "Export the calendar again.")
    }

    private static func problem(
        _ message: String, _ line: ContentLine, _ hint: String?
    ) -> ContentLines.Problem {
        ContentLines.Problem(
            code: "bad-nesting", message: message, line: line.position.line, hint: hint)
    }
}

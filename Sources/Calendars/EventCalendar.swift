import Runbooks
import Runner

/// A calendar as its file says it, with every rule checked.
///
/// Reading is `EventCalendar.read`; it expands for any horizon within `CalendarLimits.years`, and
/// the same file, zones and horizon always give the same answer.
package struct EventCalendar: Sendable {
    /// The file's path, as findings name it.
    package let file: String
    let events: [CalendarEvent]

    /// How many events it has; changed occurrences count too, and cancelled events don't.
    package var eventCount: Int { events.count }

    /// Its occurrences that lie within a horizon or reach into it, by start; whole, not cut.
    ///
    /// No value where it would be over `CalendarLimits.occurrences` or `CalendarLimits.work`.
    package func spans(in horizon: Interval) -> Checked<[CalendarSpan]> {
        let from = floorSecond(horizon.start)
        let to = floorSecond(horizon.end) + 1
        var work = CalendarLimits.work
        var spans: [CalendarSpan] = []
        for event in events {
            do throws(Recurrence.TooMuch) {
                let found = try event.intervals(from: from, to: to, work: &work)
                for (start, end) in found {
                    let interval = Interval(
                        Timestamp(milliseconds: start * 1000), Timestamp(milliseconds: end * 1000))
                    if let interval, interval.intersection(horizon) != nil {
                        spans.append(CalendarSpan(interval, title: event.title))
                    }
                }
            } catch {
                return tooMany(event.position, "takes too much work to expand")
            }
            guard spans.count <= CalendarLimits.occurrences else {
                return tooMany(
                    event.position,
                    "makes more than \(CalendarLimits.occurrences) occurrences with those before")
            }
        }
        spans.sort {
            ($0.interval.start, $0.interval.end, $0.title)
                < ($1.interval.start, $1.interval.end, $1.title)
        }
        return Checked(value: spans, diagnostics: [])
    }

    private func tooMany(_ position: SourcePosition, _ what: String) -> Checked<[CalendarSpan]> {
        let problem = Diagnostic.error(
            "too-many", "The event \(what).", at: position,
            hint: "Give its rule a larger INTERVAL, an UNTIL, or fewer BY… parts.")
        return Checked(value: nil, diagnostics: [problem])
    }
}

/// The second since 1970 that an instant lies in.
func floorSecond(_ instant: Timestamp) -> Int64 {
    let (second, rest) = instant.milliseconds.quotientAndRemainder(dividingBy: 1000)
    return rest < 0 ? second - 1 : second
}

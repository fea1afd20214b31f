import Runbooks

/// What an environment of trust demands of time, as calendars among those of the house.
///
/// Trust's windows become one freeze of all other time: so whatever a library's windows say, nothing
/// runs outside them, and gate 6 says so in its own words.
package enum FloorCalendar {
    /// The calendars to add, for trust's own as they were read, over one horizon.
    package static func calendars(_ own: ChangeCalendar) -> [NamedCalendar] {
        let freezes = own.calendars.filter { $0.kind == .freeze }.map {
            NamedCalendar(name: "trust: \($0.name)", kind: .freeze, spans: $0.spans)
        }
        let windows = own.calendars.filter { $0.kind == .windows }
        guard !windows.isEmpty else { return freezes }
        let open = IntervalSet(windows.flatMap(\.spans).map(\.interval))
        let closed = IntervalSet([own.horizon]).subtracting(open).intervals
        let names = windows.map(\.name).joined(separator: ", ")
        return freezes + [
            NamedCalendar(
                name: "trust: outside \(names)", kind: .freeze,
                // As those of its type: an emergency needs none.
                except: [ChangeType.emergency],
                spans: closed.map { CalendarSpan($0, title: "") })
        ]
    }
}

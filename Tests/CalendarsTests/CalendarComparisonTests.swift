import Foundation
import Runner
import Testing

@testable import Calendars

/// Calendars and zones against another implementation's answers (scripts/test.d/calendars, which
/// makes them, says where they are).
struct CalendarComparisonTests {
    private static let folder = ProcessInfo.processInfo.environment["HANDRAIL_CALENDAR_CASES"]

    private func lines(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Each `NAME.ics` beside `NAME.expected`: the horizon, then each occurrence, in seconds.
    @Test(.enabled(if: folder != nil)) func occurrencesAreThoseOfTheOther() throws {
        let folder = try #require(Self.folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".ics") && $0 != "exported.ics" }.sorted()
        var (same, occurrences) = (0, 0)
        for name in names {
            let bytes = try #require(Samples.bytes("\(folder)/\(name)"))
            let expected = try lines("\(folder)/\(name.dropLast(4)).expected")
            let limits = try #require(expected.first).split(separator: " ").compactMap { Int64($0) }
            let horizon = try #require(
                Interval(
                    Timestamp(milliseconds: limits[0] * 1000),
                    Timestamp(milliseconds: limits[1] * 1000)))
            let read = EventCalendar.read(
                bytes, file: name, floating: Samples.zone("Europe/Berlin"), zones: Samples.zones)
            let found: [String]
            if let spans = read.value?.spans(in: horizon).value {
                found = spans.map {
                    "\($0.interval.start.milliseconds / 1000) \($0.interval.end.milliseconds / 1000)"
                }
            } else {
                found = read.diagnostics.filter { $0.severity == .error }.map {
                    "refused \($0.code): \($0.message) \($0.excerpt ?? "")"
                }
            }
            let wanted = Array(expected.dropFirst())
            let isSame = found == wanted
            if isSame { same += 1 }
            occurrences += found.count
            let missing = wanted.filter { !found.contains($0) }.prefix(3)
            let more = found.filter { !wanted.contains($0) }.prefix(3)
            #expect(isSame, "\(name): missing \(missing), more \(more)")
        }
        print("calendars alike: \(same) of \(names.count), \(occurrences) occurrences")
    }

    /// `zones.offsets` with `NAME SECOND OFFSET`, `zones.locals` with `NAME LOCAL SECOND`.
    @Test(.enabled(if: folder != nil)) func zonesAreThoseOfTheOther() throws {
        let folder = try #require(Self.folder)
        var (same, different, count) = (0, [String](), 0)
        for line in try lines("\(folder)/zones.offsets") {
            let words = line.split(separator: " ")
            let zone = try #require(Samples.zones.zone(named: String(words[0])), "\(line)")
            let second = try #require(Int64(words[1]))
            let found = zone.offset(at: Timestamp(milliseconds: second * 1000))
            count += 1
            if found == Int(words[2]) { same += 1 } else { different.append("\(line): \(found)") }
        }
        for line in try lines("\(folder)/zones.locals") {
            let words = line.split(separator: " ")
            let zone = try #require(Samples.zones.zone(named: String(words[0])), "\(line)")
            let local = LocalTime(seconds: try #require(Int64(words[1])))
            let found = zone.instant(of: local)
            count += 1
            if found == Int64(words[2]) { same += 1 } else { different.append("\(line): \(found)") }
        }
        print("zone answers alike: \(same) of \(count)")
        #expect(different.isEmpty, "\(different.count): \(different.prefix(20))")
    }

    /// Writes a schedule that the script reads with the other implementation.
    @Test(.enabled(if: folder != nil)) func theScheduleIsWrittenForTheOther() throws {
        let folder = try #require(Self.folder)
        let titles = [
            "Plain", "Comma, semicolon; backslash \\", "»Größe« 漢字 🙂",
            String(repeating: "long ", count: 60),
            "line\nend",
        ]
        let entries = (0..<200).compactMap { index -> ScheduleEntry? in
            let start = 1_795_000_000_000 + Int64(index) * 86_400_000
            return Interval(
                Timestamp(milliseconds: start),
                Timestamp(milliseconds: start + Int64(index + 1) * 60_000)
            ).map {
                ScheduleEntry(
                    uid: "CHG-\(index)@house", interval: $0, title: titles[index % titles.count],
                    description: index % 2 == 0 ? "" : titles[(index + 1) % titles.count],
                    categories: index % 3 == 0 ? ["a,b", "c"] : [], sequence: index,
                    changed: Timestamp(milliseconds: start - 1000))
            }
        }
        try ScheduleText(name: "Changes, all", entries: entries).text
            .write(toFile: "\(folder)/exported.ics", atomically: true, encoding: .utf8)
        let list = entries.map { entry in
            let words: [String] = [
                entry.uid, "\(entry.interval.start.milliseconds / 1000)",
                "\(entry.interval.end.milliseconds / 1000)", entry.title, entry.description,
            ]
            return words.map { Data($0.utf8).base64EncodedString() }.joined(separator: " ")
        }
        try list.joined(separator: "\n")
            .write(toFile: "\(folder)/exported.list", atomically: true, encoding: .utf8)
    }
}

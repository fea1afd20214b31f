import Runbooks
import Runner
import TestSupport
import Testing

struct ChangeCalendarTests {
    private let horizon = span(0, 1000)

    /// A span of hours from the epoch; the tests give the later end second.
    private static func span(_ start: Int64, _ end: Int64) -> Interval {
        guard let interval = Interval(hour(start), hour(end)) else {
            preconditionFailure("a span of the tests is empty")
        }
        return interval
    }

    private static func hour(_ number: Int64) -> Timestamp {
        Timestamp(milliseconds: number * 3_600_000)
    }

    private func calendar(
        _ name: String, _ kind: CalendarRule.Kind, except: Set<String> = [],
        bindsResolutions: Bool = false, _ spans: (Int64, Int64, String)...
    ) -> NamedCalendar {
        NamedCalendar(
            name: name, kind: kind, except: except, bindsResolutions: bindsResolutions,
            spans: spans.map { CalendarSpan(Self.span($0.0, $0.1), title: $0.2) })
    }

    private func place(
        _ calendar: String, _ title: String, _ start: Int64, _ end: Int64
    ) -> CalendarPlace {
        CalendarPlace(calendar: calendar, title: title, interval: Self.span(start, end))
    }

    private let driver = CalendarQuestion.change(type: "driver", windows: ["weekend"])

    @Test func windowsThatTouchAreOneForTheEndAndTheTransition() {
        let house = ChangeCalendar(
            [calendar("weekend", .windows, (20, 24, "Saturday"), (24, 30, "Sunday"))],
            horizon: horizon)
        let opening = house.opening(at: Self.hour(21), for: driver)
        #expect(
            opening
                == .open(
                    OpenPeriod(
                        interval: Self.span(20, 30),
                        windows: [place("weekend", "Saturday", 20, 24)], end: .windowEnds)))
        #expect(opening.nextTransition == Self.hour(30))
        #expect(
            opening.sentences { "\($0.milliseconds / 3_600_000) h" }
                == ["open (window weekend 'Saturday') until 30 h"])
    }

    @Test func theEndIsOutsideAndTheStartInside() {
        let house = ChangeCalendar(
            [calendar("weekend", .windows, (20, 24, ""))], horizon: horizon)
        func isOpen(_ milliseconds: Int64) -> Bool {
            if case .open = house.opening(
                at: Timestamp(milliseconds: milliseconds), for: driver)
            {
                return true
            }
            return false
        }
        #expect(!isOpen(20 * 3_600_000 - 1))
        #expect(isOpen(20 * 3_600_000))
        #expect(isOpen(24 * 3_600_000 - 1))
        #expect(!isOpen(24 * 3_600_000))
    }

    @Test func aFreezeCutsAWindowAndSaysSo() {
        let house = ChangeCalendar(
            [
                calendar("weekend", .windows, (20, 30, "Saturday")),
                calendar("quarter", .freeze, except: ["emergency"], (25, 40, "Quarter's end")),
            ], horizon: horizon)
        let freeze = place("quarter", "Quarter's end", 25, 40)
        #expect(
            house.opening(at: Self.hour(22), for: driver)
                == .open(
                    OpenPeriod(
                        interval: Self.span(20, 25),
                        windows: [place("weekend", "Saturday", 20, 30)],
                        end: .freezeBegins([freeze]))))
        #expect(
            house.opening(at: Self.hour(26), for: driver)
                == .closed([.frozen(freeze)], opens: nil))
        let emergency = CalendarQuestion.change(type: "emergency", windows: ["weekend"])
        #expect(house.opening(at: Self.hour(26), for: emergency).nextTransition == Self.hour(30))
    }

    @Test func everyReasonIsGivenAtOnce() {
        let house = ChangeCalendar(
            [
                calendar("weekend", .windows, (50, 60, "Next")),
                calendar("a", .freeze, (0, 45, "A")), calendar("b", .freeze, (10, 55, "B")),
            ], horizon: horizon)
        let opening = house.opening(at: Self.hour(11), for: driver)
        #expect(
            opening
                == .closed(
                    [
                        .frozen(place("a", "A", 0, 45)), .frozen(place("b", "B", 10, 55)),
                        .outsideWindows(["weekend"]),
                    ],
                    opens: OpenPeriod(
                        interval: Self.span(55, 60),
                        windows: [place("weekend", "Next", 50, 60)], end: .windowEnds)))
        #expect(
            opening.sentences { "\($0.milliseconds / 3_600_000) h" } == [
                "in the freeze a 'A' until 45 h", "in the freeze b 'B' until 55 h",
                "outside every window of weekend", "opens 55 h (window weekend 'Next')",
            ])
    }

    @Test func resolutionsNeedNoWindowAndObeyFreezesThatBindThem() {
        let house = ChangeCalendar(
            [
                calendar("a", .freeze, (10, 20, "A")),
                calendar("b", .freeze, bindsResolutions: true, (15, 18, "B")),
            ], horizon: horizon)
        #expect(house.opening(at: Self.hour(12), for: .resolution).nextTransition == Self.hour(15))
        #expect(
            house.opening(at: Self.hour(15), for: .resolution)
                == .closed(
                    [.frozen(place("b", "B", 15, 18))],
                    opens: OpenPeriod(
                        interval: Self.span(18, 1000), windows: [], end: .beyondHorizon)))
        #expect(house.opening(at: Self.hour(20), for: .resolution).nextTransition == nil)
    }

    @Test func withoutANamedCalendarNothingOpens() {
        let house = ChangeCalendar([calendar("weekend", .windows, (0, 9, ""))], horizon: horizon)
        let none = CalendarQuestion.change(type: "driver", windows: [])
        #expect(
            house.opening(at: Self.hour(1), for: none) == .closed([.outsideWindows([])], opens: nil)
        )
        let wrong = CalendarQuestion.change(type: "driver", windows: ["weekday"])
        #expect(
            house.opening(at: Self.hour(1), for: wrong)
                == .closed([.outsideWindows(["weekday"])], opens: nil))
    }

    @Test func outsideItsHorizonEverythingIsClosed() {
        let house = ChangeCalendar(
            [calendar("weekend", .windows, (0, 2000, ""))], horizon: horizon)
        for hour in [-1, 1000, 1500] as [Int64] {
            #expect(
                house.opening(at: Self.hour(hour), for: driver)
                    == .closed([.outsideHorizon(horizon)], opens: nil))
            #expect(
                house.opening(at: Self.hour(hour), for: .resolution)
                    == .closed([.outsideHorizon(horizon)], opens: nil))
        }
        #expect(house.opening(at: Self.hour(1), for: driver).nextTransition == nil)
    }

    /// Against the plainest model there is: each hour asked by itself.
    @Test func answersAreThoseOfEachHourByItself() {
        var numbers = SeededNumbers(seed: 42)
        for _ in 0..<400 {
            var calendars: [NamedCalendar] = []
            for index in 0..<4 {
                let spans = (0..<Int.random(in: 0...5, using: &numbers)).map { _ in
                    let start = Int64.random(in: -5..<95, using: &numbers)
                    let length = Int64.random(in: 1...20, using: &numbers)
                    return CalendarSpan(Self.span(start, start + length), title: "")
                }
                calendars.append(
                    NamedCalendar(
                        name: "c\(index)", kind: index < 2 ? .windows : .freeze,
                        except: index == 3 ? ["emergency"] : [], bindsResolutions: index == 2,
                        spans: spans))
            }
            let house = ChangeCalendar(calendars, horizon: Self.span(0, 90))
            let questions: [CalendarQuestion] = [
                .change(type: "normal", windows: ["c0", "c1"]),
                .change(type: "emergency", windows: ["c0"]), .resolution,
            ]
            for question in questions { check(house, question) }
        }
    }

    private func check(_ house: ChangeCalendar, _ question: CalendarQuestion) {
        func isOpen(_ hour: Int64) -> Bool {
            func holds(_ name: String) -> Bool {
                house.calendars.contains { calendar in
                    calendar.name == name
                        && calendar.spans.contains { $0.interval.contains(Self.hour(hour)) }
                }
            }
            switch question {
            case .resolution, .emergency: return !holds("c2")
            case .change("emergency", _): return holds("c0") && !holds("c2")
            case .change: return (holds("c0") || holds("c1")) && !holds("c2") && !holds("c3")
            }
        }
        for hour in 0..<90 as Range<Int64> {
            let opening = house.opening(at: Self.hour(hour), for: question)
            var wanted: Int64? = nil
            for next in (hour + 1)..<90 where isOpen(next) != isOpen(hour) {
                wanted = next
                break
            }
            #expect(opening.nextTransition == wanted.map(Self.hour))
            if case .open(let period) = opening {
                #expect(isOpen(hour))
                #expect(period.interval.contains(Self.hour(hour)))
            } else {
                #expect(!isOpen(hour))
            }
        }
    }
}

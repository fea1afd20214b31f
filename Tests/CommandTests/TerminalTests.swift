import Runbooks
import Runner
import Testing

@testable import handrail

struct TerminalTests {
    @Test func fitsATableIntoTheWidthByCuttingItsWidestColumn() {
        var table = Table("id", "title")
        table.add("a.b", "A title that is longer than there is room")
        table.add("c", Table.Cell("short", .bad))
        #expect(
            table.lines(width: 24, style: .plain) == [
                "id   title", "a.b  A title that is lo…", "c    short",
            ])
        #expect(table.lines(width: nil, style: .plain)[1].hasSuffix("room"))
    }

    @Test func paintsOnlyWithColours() {
        #expect(Style.plain.paint("x", .bad) == "x")
        #expect(Style(isColored: true).paint("x", .bad) == "\u{1b}[1;31mx\u{1b}[0m")
        #expect(Style(isColored: true).paint("", .bad).isEmpty)
    }

    @Test func wrapsWordsAndCutsThoseThatAreTooLong() {
        #expect(
            TextWidth.wrapped("one two three abcdefghijkl", width: 10, indent: 1) == [
                " one two", " three", " abcdefghi", " jkl",
            ])
    }

    @Test(arguments: [
        (Int64(0), 0, "1970-01-01T00:00:00Z"),
        (1_795_417_445_000, 3600, "2026-11-23T08:04:05+01:00"),
        (951_782_400_000, -19_800, "2000-02-28T18:30:00-05:30"), (-1000, 0, "1969-12-31T23:59:59Z"),
    ])
    func writesInstantsWithTheirZone(_ milliseconds: Int64, _ offset: Int, _ text: String) {
        #expect(TimeText.full(Timestamp(milliseconds: milliseconds), offset: offset) == text)
    }

    @Test(arguments: [
        ("2026-11-23T08:04:05+01:00", Int64(1_795_417_445_000)),
        ("2000-02-29T00:00:00-05:30", 951_802_200_000), ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00+00:00", 0),
    ])
    func readsInstantsWithTheirZone(_ text: String, _ milliseconds: Int64) {
        #expect(TimeText.instant(text) == Timestamp(milliseconds: milliseconds))
    }

    @Test(arguments: [
        "2026-11-23T08:04:05", "2026-11-23", "2026-02-30T08:04:05Z", "2026-11-23T24:04:05Z",
        "2026-11-23 08:04:05Z", "2026-11-23T08:04:05 01:00", "2026-13-01T08:04:05Z", "tomorrow",
        "2026-11-23T08:04:05+1:00", "",
    ])
    func readsNoInstantThatIsNone(_ text: String) {
        #expect(TimeText.instant(text) == nil)
    }

    @Test func showsADiagnosticWithPlaceExcerptCaretAndHint() {
        let diagnostic = Diagnostic.error(
            "unknown-key", "There is no key 'tittle' here.",
            at: SourcePosition(file: "runbooks/x/runbook.yaml", line: 3, column: 1),
            excerpt: "tittle: \u{1b}[31mred", hint: "did you mean 'title'?")
        #expect(
            FailureView.lines(diagnostic, style: .plain) == [
                "runbooks/x/runbook.yaml:3:1: error: There is no key 'tittle' here. [unknown-key]",
                "    tittle: \\x1b[31mred", "    ^^^^^^^^^^^^^^^^^^^",
                "  hint: did you mean 'title'?",
            ])
    }
}

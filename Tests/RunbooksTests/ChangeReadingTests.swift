import Runbooks
import Testing

/// Calendars and change types in `handrail.yaml`.
struct ChangeReadingTests {
    private static let head = "handrail: 1\nid: lab\nenvironments: { lab: { content: off } }\n"

    private func read(_ text: String) -> Checked<Library> {
        Library.read(
            TestTree.texts([
                "handrail.yaml": Self.head + text,
                "inventory/a.yaml": "handrail: 1\ntargets: { a: { address: 192.0.2.1 } }\n",
                "calendars/weekend.ics": "BEGIN:VCALENDAR\nEND:VCALENDAR\n",
            ]))
    }

    @Test func theyAreReadAsTheyAreWritten() {
        let checked = read(
            """
            timezone: Europe/Berlin
            calendars:
              weekend: { file: calendars/weekend.ics, kind: windows }
              quarter-end:
                file: calendars/weekend.ics
                kind: freeze
                except: [emergency, driver]
                binds: [changes, resolutions]
                timezone: America/New_York
            change_types:
              driver: { title: A driver, category: hardware, severity: major, windows: weekend, approvers: [approver, lead], quorum: 2, review_within: 3d }
              restart: { severity: automatic, windows: [weekend] }
              emergency: { approvers: [approver], quorum: 1, review_within: 24h }
            """)
        #expect(checked.diagnostics.map(\.brief) == [])
        let found = checked.value?.configuration
        #expect(found?.timezone == "Europe/Berlin")
        #expect(found?.calendars.map(\.name) == ["weekend", "quarter-end"])
        #expect(found?.calendars.map(\.kind) == [.windows, .freeze])
        #expect(found?.calendars.map(\.except) == [[], ["emergency", "driver"]])
        #expect(found?.calendars.map(\.bindsResolutions) == [false, true])
        #expect(found?.calendars.map(\.timezone) == ["Europe/Berlin", "America/New_York"])
        #expect(
            found?.changeTypes == [
                ChangeType(
                    name: "driver", title: "A driver", category: "hardware", severity: .major,
                    windows: ["weekend"], approvers: ["approver", "lead"], quorum: 2,
                    reviewWithinMilliseconds: 259_200_000),
                ChangeType(
                    name: "restart", severity: .automatic, windows: ["weekend"], quorum: 0),
                ChangeType(
                    name: "emergency", severity: .major, approvers: ["approver"],
                    reviewWithinMilliseconds: 86_400_000),
            ])
        #expect(read("").value?.configuration.calendars == [])
    }

    @Test(arguments: [
        ("calendars: { w: { file: calendars/weekend.ics, kind: windows } }", ["4:1 missing-key"]),
        ("timezone: Europe//Berlin", ["4:11 bad-name"]),
        ("timezone: ../etc", ["4:11 bad-name"]),
        ("timezone: UTC\ncalendars: { w: { kind: windows } }", ["5:17 missing-key"]),
        (
            "timezone: UTC\ncalendars: { w: { file: calendars/no.ics, kind: windows } }",
            ["5:25 missing-file"]
        ),
        (
            "timezone: UTC\ncalendars: { w: { file: ../weekend.ics, kind: windows } }",
            ["5:25 bad-path"]
        ),
        (
            "timezone: UTC\ncalendars: { w: { file: calendars/weekend.ics, kind: window } }",
            ["5:54 bad-value"]
        ),
        (
            "timezone: UTC\ncalendars: { w: { file: calendars/weekend.ics, kind: windows, "
                + "except: [emergency] } }",
            ["5:63 conflicting-keys"]
        ),
        (
            "timezone: UTC\ncalendars: { w: { file: calendars/weekend.ics, kind: freeze, "
                + "except: [driver] } }",
            ["5:71 dangling-reference"]
        ),
        (
            "timezone: UTC\ncalendars: { w: { file: calendars/weekend.ics, kind: freeze, "
                + "binds: [resolutions] } }",
            ["5:62 bad-value"]
        ),
        ("change_types: { driver: { title: x } }", ["4:25 missing-key"]),
        ("change_types: { driver: { severity: huge } }", ["4:37 bad-value"]),
        (
            "change_types: { driver: { severity: minor, windows: [weekend] } }",
            ["4:54 dangling-reference"]
        ),
        (
            "change_types: { driver: { severity: automatic, quorum: 2 } }",
            ["4:48 conflicting-keys"]
        ),
        ("change_types: { driver: { severity: minor, quorum: 0 } }", ["4:52 bad-value"]),
        (
            "change_types: { emergency: { severity: minor } }", ["4:30 conflicting-keys"]
        ),
        (
            "timezone: UTC\ncalendars: { f: { file: calendars/weekend.ics, kind: freeze } }\n"
                + "change_types: { driver: { severity: minor, windows: f } }",
            ["6:53 dangling-reference"]
        ),
    ])
    func eachMistakeIsNamedWhereItStands(text: String, expected: [String]) {
        #expect(read(text).diagnostics.map(\.brief) == expected)
    }

    /// The runbook's own change type is one of the house's, or the runbook is left out.
    @Test func aRunbooksChangeTypeIsAKnownOne() {
        func read(_ type: String, _ types: String) -> Checked<Library> {
            Library.read(
                TestTree.texts([
                    "handrail.yaml": Self.head + types,
                    "inventory/a.yaml":
                        "handrail: 1\ntargets: { a: { address: 192.0.2.1 } }\n",
                    "runbooks/a/README.md": "# A\n",
                    "runbooks/a/runbook.yaml": "handrail: 1\nid: a\ntitle: A\nkind: change\n"
                        + "owner: a\nchange: { type: \(type) }\n"
                        + "steps: [{ id: s, effect: once, run: \"true\" }]\n",
                ]))
        }
        let types = "change_types: { driver: { severity: minor }, emergency: { quorum: 1 } }\n"
        let known = read("driver", types)
        #expect(known.diagnostics.map(\.brief) == [])
        #expect(known.value?.runbooks.first?.changeType?.text == "driver")
        for (type, types, hint) in [
            ("drivr", types, "Did you mean 'driver'?"),
            ("emergency", types, "There are: driver."),
            ("driver", "", "handrail.yaml has none: add `change_types`."),
        ] {
            let unknown = read(type, types)
            #expect(unknown.diagnostics.map(\.brief) == ["6:17 dangling-reference"])
            #expect(unknown.diagnostics.first?.hint == hint)
            #expect(unknown.value?.runbooks == [])
        }
    }
}

import Audit
import Runbooks
import Runner
import Testing

/// The form of a line, and the reading of it.
struct TrailLineTests {
    private static func event(_ details: [String: JSONValue]) -> TrailEvent {
        var event = TrailEvent(
            kind: .personActed, at: Samples.time(113), actor: "anna", via: .cli)
        event.details = details
        return event
    }

    @Test func isCanonicalJSONWithAllItsFields() throws {
        var event = Self.event(["verb": .string("note"), "note": .string("a \"b\"\n")])
        event.run = try Samples.run("r-20261123-0714-k3f9")
        event.target = try Samples.target("mbx01")
        event.step = try Samples.step("clean")
        event.attempt = 2
        let line = TrailLine(
            event, sequence: 41, after: TrailLine.noLine, id: SampleTrail.id(255))
        #expect(
            line.text == """
                {"actor":"anna","at":"2026-11-18T11:06:40.113Z","attempt":2,\
                "data":{"note":"a \\"b\\"\\n","verb":"note"},\
                "id":"000000000000000000000000000000ff","kind":"person.acted",\
                "prev":"\(String(repeating: "0", count: 64))","run":"r-20261123-0714-k3f9",\
                "seq":41,"step":"clean","target":"mbx01","v":1,"via":"cli"}
                """)
        let record = try TrailRecord(line: Array(line.text.utf8))
        #expect(record.sequence == 41)
        #expect(record.at == event.at)
        #expect(record.attempt == 2)
        #expect(record.details == event.details)
        #expect(
            record.about == ["run": "r-20261123-0714-k3f9", "target": "mbx01", "step": "clean"])
    }

    @Test(arguments: ["x", "\u{1}", "ä", "\"", "\u{1F600}", "e\u{301}"])
    func whatDoesNotFitIsCut(filling: String) throws {
        let long = String(repeating: filling, count: 40_000)
        let many = JSONValue.array((0..<3000).map { .string("target-\($0)") })
        let details: [String: JSONValue] = [
            "a": .string(long), "b": .string("short"), "c": many, "d": .string(long),
        ]
        let line = TrailLine(
            Self.event(details), sequence: 1, after: TrailLine.noLine, id: SampleTrail.id(1))
        #expect(line.text.utf8.count + 1 <= TrailLine.longest)
        let record = try TrailRecord(line: Array(line.text.utf8))
        #expect(record.details["b"] == .string("short"))
        #expect(record.details["cut"] == .boolean(true))
        let bytes = CanonicalJSON.bytes(of: many)
        let isCut =
            record.details["c"]
            == .object([
                "sha256": .string(TrailLine.digest(of: bytes)),
                "bytes": .integer(Int64(bytes.count)),
            ])
        #expect(isCut || record.details["c"] == many)
    }

    @Test(arguments: [1, 2, 16, 400])
    func aLineAtTheLimitIsWholeAndOneOverIsCut(parts: Int) throws {
        for length in 0..<6 {
            let size = (TrailLine.longest - 300) / parts + length
            let details = Dictionary(
                uniqueKeysWithValues: (0..<parts).map {
                    ("k\($0)", JSONValue.string(String(repeating: "x", count: size)))
                })
            let line = TrailLine(
                Self.event(details), sequence: 1, after: TrailLine.noLine, id: SampleTrail.id(1))
            #expect(line.text.utf8.count + 1 <= TrailLine.longest, "\(parts) parts")
        }
    }

    @Test(arguments: [
        ("\"v\":1", "\"v\":2", "v"), ("\"seq\":1", "\"seq\":0", "seq"),
        ("\"via\":\"cli\"", "\"via\":\"web\"", "via"),
        ("2026-11-18T", "2026-02-30T", "at"), ("11:06:40.000Z", "11:06:60.000Z", "at"),
        ("person.acted", "Person acted", "kind"), ("\"actor\":\"anna\"", "\"actor\":\"\"", "actor"),
        ("\"via\":\"cli\"", "\"via\":\"cli\",\"w\":1", "w"),
        ("\"id\":\"0000", "\"id\":\"000g", "id"), ("\"prev\":\"0", "\"prev\":\"", "prev"),
        ("\"data\":{}", "\"data\":[]", "data"),
    ])
    func aWrongFieldIsNamed(old: String, new: String, field: String) throws {
        let event = TrailEvent(kind: .personActed, at: Samples.time(0), actor: "anna", via: .cli)
        let text = TrailLine(
            event, sequence: 1, after: TrailLine.noLine, id: SampleTrail.id(1)
        ).text.replacing(old, with: new)
        let error = #expect(throws: TrailRecord.Problem.self) {
            try TrailRecord(line: Array(text.utf8))
        }
        #expect(error == .field(field))
    }

    @Test(arguments: [" {}", "{\"a\":1 }", "[]", "{", "\u{FEFF}{}", "{\"b\":1,\"a\":2}"])
    func anotherFormIsRefused(text: String) {
        let error = #expect(throws: TrailRecord.Problem.self) {
            try TrailRecord(line: Array(text.utf8))
        }
        guard case .form? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_799_999, "2000-02-29T23:59:59.999Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
        (1_798_761_600_000, "2027-01-01T00:00:00.000Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func timeIsWrittenAndReadAtTheEdges(milliseconds: Int64, text: String) throws {
        let event = TrailEvent(
            kind: .flagged, at: Timestamp(milliseconds: milliseconds), actor: "a", via: .cli)
        let line = TrailLine(
            event, sequence: 1, after: TrailLine.noLine, id: SampleTrail.id(1))
        #expect(line.text.contains("\"at\":\"\(text)\""))
        #expect(try TrailRecord(line: Array(line.text.utf8)).at.milliseconds == milliseconds)
    }

    @Test func everyDayOfFourCenturiesIsItself() throws {
        for day in stride(from: Int64(-80_000), to: 80_000, by: 1) {
            let time = Timestamp(milliseconds: day * 86_400_000)
            try #require(Timestamp(trailText: time.trailText) == time, "\(time.trailText)")
        }
    }
}

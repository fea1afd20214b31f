import Runbooks
import Testing

@testable import handrail

/// What is taken for an alert, and what is refused with its reason.
struct AlertReadingTests {
    private static let webhook = """
        {"version":"4","status":"firing","groupLabels":{},"alerts":[
          {"status":"firing","labels":{"alertname":"DiskFull","instance":"mbx01:9100"},
           "annotations":{"summary":"full"},"startsAt":"2026-11-23T07:00:00Z",
           "endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prom/x","fingerprint":"a"},
          {"status":"resolved","labels":{"alertname":"DiskFull","instance":"mbx02:9100"}}]}
        """

    @Test func readsAlertmanagersWebhook() throws {
        let alerts = try AlertReading.read(Array(Self.webhook.utf8), from: "page.json")
        #expect(
            alerts == [
                Alert(
                    name: "DiskFull",
                    labels: ["alertname": "DiskFull", "instance": "mbx01:9100"],
                    annotations: ["summary": "full"], started: "2026-11-23T07:00:00Z",
                    source: "http://prom/x"),
                Alert(
                    name: "DiskFull", status: .resolved,
                    labels: ["alertname": "DiskFull", "instance": "mbx02:9100"]),
            ])
    }

    @Test(arguments: [
        "[{\"labels\":{\"alertname\":\"A\",\"x\":\"1\"},\"status\":{\"state\":\"active\"}}]",
        "{\"labels\":{\"alertname\":\"A\",\"x\":\"1\"},\"annotations\":null}",
        "alertname=A\nx=1\n", "\n\nalertname=\"A\"\r\nlabels.x='1'\r\n\n\n",
        "status=firing\nx=1\nalertname=A",
    ])
    func readsOneAlertInEveryForm(_ text: String) throws {
        let alerts = try AlertReading.read(Array(text.utf8), from: "-")
        #expect(alerts == [Alert(name: "A", labels: ["alertname": "A", "x": "1"])])
    }

    @Test func anEmptyLineEndsAnAlert() throws {
        let text = "alertname=A\nannotations.summary=a=b\n\nalertname=B\nstatus=resolved\n"
        let alerts = try AlertReading.read(Array(text.utf8), from: "-")
        #expect(alerts.map(\.name) == ["A", "B"])
        #expect(alerts.map(\.status) == [.firing, .resolved])
        #expect(alerts[0].annotations == ["summary": "a=b"])
    }

    @Test(arguments: [
        ("", "it is empty"), (" \n\t", "it is empty"),
        ("{", "it is no JSON: byte 1"), ("{\"alerts\":[]}", "its list of alerts is empty"),
        ("[]", "its list of alerts is empty"), ("{\"alerts\":7}", "'alerts' in it is no list"),
        ("{\"a\":1}", "it is no object with 'labels'"), ("[1]", "it is no object with 'labels'"),
        ("[{\"labels\":{}},{\"labels\":{}}]", "alert 1: it has no label alertname"),
        ("{\"labels\":[]}", "'labels' is no object"),
        ("{\"labels\":{\"alertname\":1}}", "'labels' has no text for 'alertname'"),
        ("{\"labels\":{\"alertname\":\"\"}}", "it has no label alertname"),
        ("{\"labels\":{\"alertname\":\"A\"},\"status\":\"maybe\"}", "its status is 'maybe'"),
        ("{\"labels\":{\"alertname\":\"A\"},\"status\":7}", "'status' is no text"),
        ("{\"labels\":{\"alertname\":\"A\",\"alertname\":\"B\"}}", "it is no JSON"),
        ("{\"labels\":{\"alertname\":\"A\",\"\":\"B\"}}", "is too long"),
        (String(repeating: "[", count: 100_000), "it nests too deep"),
        ("hello", "line 1 is neither JSON nor key=value: 'hello'"),
        ("=x", "line 1 is neither"), ("alertname=A\nalertname=B", "line 2 gives 'alertname' again"),
        ("x=1", "it has no label alertname"), ("\u{1B}[2J", "'\\x1b[2J'"),
        (
            "alertname=A\nx=" + String(repeating: "y", count: 8193),
            "'x' in its labels is too long"
        ),
        (
            "alertname=A\n" + (0..<100).map { "l\($0)=1" }.joined(separator: "\n"),
            "it has more than 100 labels"
        ),
        (
            (0..<501).map { "alertname=A\($0)" }.joined(separator: "\n\n"),
            "it has 501 alerts, and 500 are read"
        ),
        (String(repeating: " ", count: 1_048_577), "it has more than 1 MiB"),
    ])
    func refusesWhatIsNoAlertAndSaysWhy(_ text: String, _ reason: String) {
        let failure = #expect(throws: Failure.self) {
            try AlertReading.read(Array(text.utf8), from: "page.json")
        }
        #expect(failure?.exit == .invalidInput)
        #expect(failure?.code == "alert")
        #expect(failure?.message.contains(reason) == true, "\(failure?.message ?? "")")
        #expect(failure?.message.hasSuffix("Nothing was started.") == true)
    }

    @Test func refusesBytesThatAreNoText() {
        for bytes: [UInt8] in [[0xFF, 0xFE], Array("{\"labels\":{\"alertname\":\"".utf8) + [0xFF]] {
            let failure = #expect(throws: Failure.self) {
                try AlertReading.read(bytes, from: "-")
            }
            #expect(failure?.message.contains("it is not UTF-8") == true)
        }
    }

    @Test(arguments: [
        ("DiskFull", false), ("page.json", true), ("./page", true), ("-", true), ("@page", true),
        ("Disk_Full-2", false),
    ])
    func aFileHasASlashOrItsEndingOrAnAt(_ text: String, _ isFile: Bool) {
        #expect(GivenAlert.isFile(text) == isFile)
    }
}

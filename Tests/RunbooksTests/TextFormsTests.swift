import Runbooks
import TestSupport
import Testing

struct TextFormsTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("5s", .seconds(5)), ("2m", .seconds(120)),
        ("1h", .seconds(3600)), ("3d", .seconds(259_200)), ("1h30m", .seconds(5400)),
        ("0s", .zero), ("1d2h3m4s5ms", .milliseconds(93_784_005)), ("90m", .seconds(5400)),
        ("10000d", .seconds(864_000_000)),
    ])
    func readsLengthsOfTime(text: String, expected: Duration) {
        #expect(parseDuration(text) == expected)
    }

    @Test(arguments: [
        "", "5", "s", "-5s", "+5s", "5 s", " 5s", "1.5s", "5S", "5sec", "30m1h", "1h1h", "5s5",
        "1h 30m", "\u{0665}s", "99999999999999999999d", "10001d", "9223372036854775807ms1s",
    ])
    func refusesOtherTextAsLengthOfTime(text: String) {
        #expect(parseDuration(text) == nil)
    }

    @Test(arguments: [
        (0, "0s"), (1, "1ms"), (1500, "1s500ms"), (5_400_000, "1h30m"), (86_400_000, "1d"),
        (-1500, "-1s500ms"),
    ])
    func writesLengthsOfTime(milliseconds: Int, expected: String) {
        #expect(formatDuration(.milliseconds(milliseconds)) == expected)
    }

    @Test func readsBackEveryLengthOfTimeItWrites() {
        var random = SeededNumbers(seed: 1)
        for _ in 0..<2000 {
            let duration = Duration.milliseconds(Int.random(in: 0...864_000_000, using: &random))
            #expect(parseDuration(formatDuration(duration)) == duration)
        }
    }

    @Test(arguments: [
        ("10B", 10), ("0B", 0), ("20KiB", 20_480), ("20MiB", 20_971_520), ("1GiB", 1_073_741_824),
        ("1TiB", 1_099_511_627_776), ("5MB", 5_000_000), ("3kB", 3000), ("3KB", 3000),
        ("2GB", 2_000_000_000), ("1TB", 1_000_000_000_000),
    ])
    func readsSizes(text: String, expected: Int) {
        #expect(parseSize(text) == expected)
    }

    @Test(arguments: [
        "", "10", "B", "-1B", "1.5MiB", "10 B", "10b", "1MiB1KiB", "1mib", "9999999999TiB", "1PiB",
    ])
    func refusesOtherTextAsSize(text: String) {
        #expect(parseSize(text) == nil)
    }

    @Test(arguments: [
        (0, "0B"), (10, "10B"), (20_971_520, "20MiB"), (5_000_000, "5MB"), (1025, "1025B"),
        (1_099_511_627_776, "1TiB"),
    ])
    func writesSizes(bytes: Int, expected: String) {
        #expect(formatSize(bytes) == expected)
    }

    @Test func readsBackEverySizeItWrites() {
        var random = SeededNumbers(seed: 2)
        for shift in 0..<62 {
            let bytes = Int.random(in: 0...(1 << shift), using: &random)
            #expect(parseSize(formatSize(bytes)) == bytes)
            #expect(parseSize(formatSize(1 << shift)) == 1 << shift)
        }
    }
}

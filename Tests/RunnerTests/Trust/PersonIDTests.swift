import Runner
import Testing

struct PersonIDTests {
    @Test(arguments: ["anna", "a", "anna.berger", "x-1_2"])
    func takesWords(text: String) { #expect(PersonID(rawValue: text)?.rawValue == text) }

    @Test(arguments: ["", "Anna", "1a", "-a", ".a", "a/b", "a b", "ännä", "engine", "../a"])
    func refusesWhatIsNoFileOrMeansNobody(text: String) { #expect(PersonID(rawValue: text) == nil) }

    @Test func refusesLongOnes() {
        #expect(PersonID(rawValue: String(repeating: "a", count: 63)) != nil)
        #expect(PersonID(rawValue: String(repeating: "a", count: 64)) == nil)
    }
}

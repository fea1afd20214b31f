import Runbooks
import Testing

struct TemplateTests {
    @Test func fillsItsPlacesAndNothingElse() throws {
        let template = try Template("a={{ a }}\n{{b}} {{{{ c }} ${x} {% if %}\n")
        let a = try #require(ParameterName(rawValue: "a"))
        let b = try #require(ParameterName(rawValue: "b"))
        #expect(template.names == [a, b])
        #expect(
            template.filled(with: [a: "{{ b }}", b: "2"]) == "a={{ b }}\n2 {{ c }} ${x} {% if %}\n")
        #expect(template.filled(with: [a: "1"]) == nil)
    }

    @Test(arguments: [("x\n{{ a", 2), ("{{ A }}", 1), ("\n\n{{ a | upper }}", 3), ("{{}}", 1)])
    func saysTheLineOfWhatIsNoPlace(_ text: String, _ line: Int) {
        do throws(Template.Problem) {
            let template = try Template(text)
            Issue.record("read as \(template)")
        } catch {
            #expect(error.line == line)
        }
    }
}

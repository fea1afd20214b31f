import Testing

@testable import handrail

struct ArticleViewTests {
    private func shown(_ text: String, width: Int = 40) -> String {
        ArticleView(style: .plain, width: width).lines(of: text).joined(separator: "\n")
    }

    @Test func keepsHeadingsListsAndCodeReadable() {
        let article = """
            # A full disk

            Logs fill it. The runbook
            deletes what is `old`.

            1. Measures, and measures again until it is certain
               of what it sees.
            2. **Stops** if it is not logs.

            ## Try it

                df -h
                  du -s

            ```sh
            handrail run disk.full
            ```
            """
        #expect(
            shown(article) == """
                A full disk
                ===========

                Logs fill it. The runbook deletes what
                is old.

                1. Measures, and measures again until it
                   is certain of what it sees.
                2. Stops if it is not logs.

                Try it

                    df -h
                      du -s

                    handrail run disk.full
                """)
    }

    @Test func fitsTablesToTheWidth() {
        let table = """
            | sign | meaning |
            |---|---|
            | `D` | it waits in the kernel, and no restart helps |
            """
        #expect(
            shown(table, width: 36) == """
                sign  meaning
                ----  ------------------------------
                D     it waits in the kernel, and no
                      restart helps
                """)
    }

    @Test(arguments: [
        ("[the page](https://example.org)", "the page (https://example.org)"),
        ("a*b*c and 2 * 3", "a*b*c and 2 * 3"), ("`a  b`", "a  b"), ("> said", "│ said"),
        ("`unclosed", "`unclosed"), ("\u{1b}[31mred", "\\x1b[31mred"),
    ])
    func showsInlineMarks(_ text: String, _ expected: String) {
        #expect(shown(text) == expected)
    }

    @Test func paintsOnlyWhenAskedTo() {
        let painted = ArticleView(style: Style(isColored: true), width: 40).lines(of: "**now**")
        #expect(painted == ["\u{1b}[1mnow\u{1b}[0m"])
    }
}

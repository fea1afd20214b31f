import Runbooks
import Testing

struct SelectionTests {
    private static let inventory = Inventory(targets: [
        target("edge1", ["role": ["edge"], "site": ["eu"]], groups: ["pilot"]),
        target("hub07", ["role": ["hub"], "site": ["eu"]], aliases: ["hub07.example.org:9100"]),
        target("hub08", ["role": ["hub", "edge"], "site": ["us"]], groups: ["pilot"]),
        target("mbx01a", ["role": ["mailbox"], "site": ["eu"]]),
        target("mbx01b", ["role": ["mailbox"], "site": ["us"], "canary": ["true"]]),
        target("mbx02a", ["site": ["us"]], environment: "lab"),
    ])

    @Test(arguments: [
        (["hub07"], ["hub07"]), (["hub07,mbx01a"], ["hub07", "mbx01a"]),
        ([" mbx01a , hub07 "], ["hub07", "mbx01a"]), (["mbx*"], ["mbx01b", "mbx01a", "mbx02a"]),
        (["mbx0?a"], ["mbx01a", "mbx02a"]),
        (["*"], ["mbx01b", "edge1", "hub07", "hub08", "mbx01a", "mbx02a"]),
        (["pilot"], ["edge1", "hub08"]), (["pilot,hub07"], ["edge1", "hub07", "hub08"]),
        (["hub07.example.org:9100"], ["hub07"]), (["role = hub"], ["hub07", "hub08"]),
        (["role = edge"], ["edge1", "hub08"]), (["role != edge"], ["mbx01b", "hub07", "mbx01a"]),
        (["not role = edge"], ["mbx01b", "hub07", "mbx01a", "mbx02a"]),
        (["role in [hub, mailbox] and site = eu and not canary = true"], ["hub07", "mbx01a"]),
        (["role not in [hub]"], ["mbx01b", "edge1", "mbx01a"]),
        (["has role", "site = us"], ["mbx01b", "hub08"]),
        (["pilot", "hub*"], ["hub08"]), (["environment = lab"], ["mbx02a"]),
        (["group = pilot"], ["edge1", "hub08"]),
        (["name = hub07 or target.site = us"], ["mbx01b", "hub07", "hub08", "mbx02a"]),
    ])
    func limitsSelect(limits: [String], expected: [String]) throws {
        let selected = try Self.resolve(limits: limits.map(LimitTerm.pattern)).get()
        #expect(selected.targets.map(\.name.rawValue) == expected)
        #expect(selected.leftOut == [])
    }

    @Test(
        arguments: [
            (["hub9*"], .noMatch, "fits no target's name", nil),
            (["hub70"], .unknownTarget, "'hub70' is no target", "did you mean hub07?"),
            (["HUB07"], .unknownTarget, "'HUB07'", "did you mean hub07?"),
            (["mailbox"], .unknownTarget, "'mailbox'", "for the label write `role = mailbox`"),
            (["hub07,nothing"], .unknownTarget, "'nothing'", nil),
            (["role = hubb"], .noMatch, "fits no target", "did you mean `role = hub`?"),
            (["rle = hub"], .unknownLabel, "no target has the label `rle`", "did you mean `role`?"),
            (["facts.os = debian12"], .unknownLabel, "`facts.os` is a fact", "use a label"),
            (["not quarantine = true"], .unknownLabel, "`quarantine`", "known labels"),
            (
                ["role = hub", "mbx*"], .noMatch,
                "'mbx*' fits 3 targets, none of the 2 that --limit 'role = hub' left", "mean *and*"
            ),
            (["a & b"], .badTerm, "`&`", "`and`"), (["hub*|mbx*"], .badTerm, "`|`", "`or`"),
            (["!hub07"], .badTerm, "`!`", "--exclude"),
            (["role = hub && site = eu"], .badTerm, "`&`", "`and`"),
            (["hub07,"], .badTerm, "empty place", "one comma"),
            ([""], .badTerm, "empty place", nil),
            (["hub07,@file"], .badTerm, "'@file' is in a list", "of its own"),
            (["-"], .badTerm, "in a list", nil),
            (["role ="], .badTerm, "at byte 7", "value is"),
            (["hub07 hub08"], .badTerm, "at byte 7", "quotes"),
            (["\u{1B}[2J"], .badTerm, "\\x1b[2J", nil),
        ] as [([String], SelectionError.Code, String, String?)])
    func refusesLimits(limits: [String], code: SelectionError.Code, message: String, hint: String?)
        throws
    {
        let error = try #require(Self.failure(Self.resolve(limits: limits.map(LimitTerm.pattern))))
        #expect(error.code == code)
        #expect(error.message.contains(message), "\(error.message)")
        if let hint { #expect(error.hint?.contains(hint) == true, "\(error)") }
    }

    @Test func onTakesOneNameOrAlias() throws {
        for name in ["hub07", "hub07.example.org:9100"] {
            #expect(
                try Self.resolve(on: [name], pick: .one).get().targets.map(\.name.rawValue) == [
                    "hub07"
                ])
        }
    }

    @Test(
        arguments: [
            (["hub70"], [], .unknownTarget, "no target in the inventory", "did you mean hub07?"),
            (["zzzzzzzz"], [], .unknownTarget, "no target in the inv", "'handrail inventory'"),
            (["pilot"], [], .unknownTarget, "a group of 2 targets", "--limit pilot"),
            (["hub*"], [], .badTerm, "not the name of one target", "--limit"),
            (["hub07,hub08"], [], .badTerm, "not the name of one target", "--limit"),
            (["hub07", "hub08"], [], .badTerm, "exactly one target", "--limit a,b"),
            (["hub07"], ["hub*"], .badTerm, "exactly one target", "--limit a,b"),
            ([], [], .missing, "takes one target, and none is given", "one of: mbx01b, edge1"),
            ([], ["hub*"], .several, "2 are selected: hub07, hub08", "--on hub07"),
        ] as [([String], [String], SelectionError.Code, String, String)])
    func refusesForOneTarget(
        on: [String], limits: [String], code: SelectionError.Code, message: String, hint: String
    ) throws {
        let error = try #require(
            Self.failure(Self.resolve(on: on, limits: limits.map(LimitTerm.pattern), pick: .one)))
        #expect(error.code == code)
        #expect(error.message.contains(message), "\(error.message)")
        #expect(error.hint?.contains(hint) == true, "\(error)")
    }

    @Test(arguments: [
        ("role = hub", "mbx01a has role = mailbox, and the runbook needs role = hub"),
        (
            "site = eu and role in [hub]",
            "mbx01a has role = mailbox, and the runbook needs role in [hub]"
        ),
        ("has canary", "mbx01a has no label `canary`"),
        ("canary = true", "mbx01a has no label `canary`, and the runbook needs canary = true"),
        (
            "role = hub or role = edge",
            "mbx01a has role = mailbox, and the runbook needs role = hub or role = edge"
        ),
    ])
    func namesTheLabelThatIsWrong(select: String, expected: String) throws {
        let result = Self.resolve(on: ["mbx01a"], select: select)
        #expect(Self.failure(result)?.code == .notForRunbook)
        #expect(Self.failure(result)?.message == "not for this runbook: \(expected)")
    }

    @Test func aNamedTargetOutsideIsAnErrorAndAMatchedOneIsLeftOut() throws {
        let named = Self.resolve(limits: [.pattern("hub07,edge1")], select: "role = hub")
        #expect(Self.failure(named)?.code == .notForRunbook)
        let excluded = Self.resolve(
            limits: [.pattern("hub07,edge1")], excludes: [.pattern("edge1")], select: "role = hub")
        #expect(try excluded.get().targets.map(\.name.rawValue) == ["hub07"])
        let matched = try Self.resolve(limits: [.pattern("pilot")], select: "role = hub").get()
        #expect(matched.targets.map(\.name.rawValue) == ["hub08"])
        #expect(matched.leftOut.map(\.target.rawValue) == ["edge1"])
        #expect(
            matched.leftOut.map(\.reason) == ["has role = edge, and the runbook needs role = hub"])
    }

    @Test func namesFromElsewhereAreTakenAsTheyAre() throws {
        let names = LimitTerm.names(["hub08", "edge1"], source: "@list")
        #expect(
            try Self.resolve(limits: [names]).get().targets.map(\.name.rawValue) == [
                "edge1", "hub08",
            ])
        let unknown = Self.resolve(limits: [.names(["hub70", "hub*", "hub07"], source: "@list")])
        #expect(
            Self.failure(unknown)?.message
                == "--limit '@list' names what the inventory hasn't: 'hub70', 'hub*'")
        #expect(
            Self.failure(Self.resolve(limits: [.names([], source: "@run:R7/failed")]))?.code
                == .noMatch)
    }

    @Test func excludesAreTakenOut() throws {
        let left = Self.resolve(
            excludes: [.pattern("mbx*"), .pattern("site = eu")], select: "has site")
        #expect(try left.get().targets.map(\.name.rawValue) == ["hub08"])
        let all = Self.resolve(limits: [.pattern("hub*")], excludes: [.pattern("role = hub")])
        #expect(
            Self.failure(all)?.message
                == "--exclude 'role = hub' leaves out all 2 targets: hub07, hub08")
        let typo = Self.resolve(limits: [.pattern("hub*")], excludes: [.pattern("hub70")])
        #expect(Self.failure(typo)?.code == .unknownTarget)
        let none = Self.resolve(
            limits: [.pattern("hub*")], excludes: [.pattern("canary = true and site = eu")])
        #expect(try none.get().targets.count == 2)
    }

    @Test func noRunbookMeansEverythingByOmission() throws {
        #expect(Self.failure(Self.resolve())?.code == .missing)
        let select = try Self.resolve(select: "role = hub").get()
        #expect(select.targets.map(\.name.rawValue) == ["hub07", "hub08"])
        #expect(select.leftOut == [])
        #expect(Self.failure(Self.resolve(select: "role = unknown"))?.code == .noMatch)
    }

    @Test func aNameWithTwoMeaningsIsRefused() {
        let inventory = Inventory(targets: [
            Self.target("hub", [:]), Self.target("b", [:], groups: ["hub"]),
        ])
        let result = Selection.resolve(
            inventory: inventory, rule: TargetRule(pick: .many), limits: [.pattern("hub")])
        #expect(Self.failure(result)?.code == .ambiguous)
    }

    @Test func listsTenAndCountsTheRest() {
        let inventory = Inventory(targets: (10..<25).map { Self.target("t\($0)", [:]) })
        let result = Selection.resolve(
            inventory: inventory, rule: TargetRule(pick: .one), limits: [.pattern("*")])
        #expect(
            Self.failure(result)?.message
                == "the runbook takes one target, and 15 are selected: t10, t11, t12, t13, t14, "
                + "t15, t16, t17, t18, t19, +5")
    }

    @Test func saysWhichEnvironments() throws {
        #expect(
            try Self.resolve(limits: [.pattern("*")]).get().environments == ["lab", "production"])
    }

    /// All inventories of up to three targets, each with or without two labels, against a model
    /// that is written as the page says it: and of limits, minus excludes, within select.
    @Test func agreesWithANaiveModelOverAllSmallInventories() {
        let shapes: [[String: [String]]] = [
            [:], ["role": ["a"]], ["role": ["b"], "canary": ["true"]], ["role": ["a", "b"]],
        ]
        let terms: [(String, (Target) -> Bool)] = [
            ("t*", { _ in true }), ("t0", { $0.name.rawValue == "t0" }),
            ("t1,t2", { ["t1", "t2"].contains($0.name.rawValue) }),
            ("role = a", { $0.labels["role", default: []].contains("a") }),
            ("role != a", { $0.labels["role"].map { !$0.contains("a") } ?? false }),
            ("not role = a", { !$0.labels["role", default: []].contains("a") }),
            ("has canary", { $0.labels["canary"] != nil }),
        ]
        let selects: [(String?, (Target) -> Bool)] = [
            (nil, { _ in true }), ("role = b", { $0.labels["role", default: []].contains("b") }),
        ]
        var successes = 0
        for choice in 0..<(4 * 4 * 4) {
            let inventory = Inventory(
                targets: (0..<3).map { Self.target("t\($0)", shapes[choice >> (2 * $0) & 3]) })
            let hasRole = inventory.targets.contains { $0.labels["role"] != nil }
            for (limit, fits) in terms where hasRole || !limit.contains("role") {
                for (other, alsoFits) in terms where hasRole || !other.contains("role") {
                    for (exclude, isOut) in terms where hasRole || !exclude.contains("role") {
                        for (select, isAllowed) in selects {
                            let inLimits = inventory.targets.filter { fits($0) && alsoFits($0) }
                            let chosen = inLimits.filter { !isOut($0) }
                            let expected = chosen.filter(isAllowed)
                            let named = chosen.filter { target in
                                [limit, other].contains { $0.contains(target.name.rawValue) }
                            }
                            let result = Selection.resolve(
                                inventory: inventory, rule: Self.rule(select, .many),
                                limits: [.pattern(limit), .pattern(other)],
                                excludes: [.pattern(exclude)])
                            let isError =
                                expected.isEmpty || !named.allSatisfy(isAllowed)
                            switch result {
                            case .success(let selected):
                                successes += 1
                                let canaries = expected.filter { $0.labels["canary"] != nil }
                                let order =
                                    canaries + expected.filter { $0.labels["canary"] == nil }
                                if isError || selected.targets != order {
                                    Issue.record(
                                        "\(choice) \(limit) \(other) \(exclude) \(select ?? "")")
                                }
                            case .failure(let error):
                                if !isError {
                                    Issue.record("\(choice) \(limit) \(other) \(exclude): \(error)")
                                }
                            }
                        }
                    }
                }
            }
        }
        #expect(successes > 1000)
    }

    private static func target(
        _ name: String, _ labels: [String: [String]], aliases: [String] = [], groups: [String] = [],
        environment: String = "production"
    ) -> Target {
        guard let checked = TargetName(rawValue: name) else { preconditionFailure(name) }
        return Target(
            name: checked, address: "192.0.2.1", environment: environment, labels: labels,
            aliases: aliases, groups: groups)
    }

    private static func rule(_ select: String?, _ pick: TargetRule.Pick) -> TargetRule {
        guard let select else { return TargetRule(pick: pick) }
        guard case .success(let expression) = Expression.parse(select) else {
            preconditionFailure(select)
        }
        return TargetRule(select: expression, pick: pick)
    }

    private static func resolve(
        on: [String] = [], limits: [LimitTerm] = [], excludes: [LimitTerm] = [],
        select: String? = nil, pick: TargetRule.Pick = .many
    ) -> Result<Selected, SelectionError> {
        Selection.resolve(
            inventory: inventory, rule: rule(select, pick), on: on, limits: limits,
            excludes: excludes)
    }

    private static func failure(_ result: Result<Selected, SelectionError>) -> SelectionError? {
        if case .failure(let error) = result { error } else { nil }
    }
}

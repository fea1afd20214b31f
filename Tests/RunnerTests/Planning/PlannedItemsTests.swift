import Runbooks
import Testing

@testable import Runner

/// What a plan says about the items of its steps.
struct PlannedItemsTests {
    private static func fixture(_ list: ItemList, labels: [String: [String]] = [:]) throws
        -> PlanFixture
    {
        let action = Action.service(ServiceAction(name: .reference(.item), state: .running))
        var fixture = try PlanFixture(steps: [
            try PlanFixture.step("up", .idempotent, action) { $0.forEach = list }
        ])
        fixture.targets = [try PlanFixture.target("web1", labels: labels)]
        fixture.parameters = [
            Parameter(name: try ParameterName.named("names"), kind: .list, isOptional: true)
        ]
        return fixture
    }

    private static func reference(_ text: String) -> ItemList {
        .reference(Expression.Name(parts: text.split(separator: ".").map(String.init)))
    }

    @Test func aParametersItemsStandInThePlan() throws {
        var fixture = try Self.fixture(Self.reference("names"))
        fixture.values = [try ParameterName.named("names"): .list(["b", "a"])]
        let plan = try fixture.plan()
        #expect(plan.steps[0].forEach == .texts(["b", "a"]))
        #expect(plan.sequence(of: plan.targets[0]).map(\.id.rawValue) == ["up[b]", "up[a]"])
        #expect(plan.sequence(of: plan.targets[0]).map(\.title) == ["up: 'b'", "up: 'a'"])
        fixture.values = [try ParameterName.named("names"): .list(["a", "b"])]
        #expect(try Digest.sha256(ofCanonical: fixture.plan()) != Digest.sha256(ofCanonical: plan))
        fixture.values = [:]
        #expect(try fixture.plan().steps[0].forEach == .texts([]))
    }

    /// A CR LF is one character of a Swift text, and two bytes of a list's.
    @Test func anElementThatEndsInACarriageReturnIsOneOfItsOwn() throws {
        let step = try PlanFixture.step("up", .once, .run(PlanFixture.script())) {
            $0.forEach = Self.reference("names")
        }
        var fixture = try PlanFixture(steps: [step])
        let names = try ParameterName.named("names")
        fixture.parameters = [Parameter(name: names, kind: .list)]
        fixture.values = [names: .list(["a\r", "b"])]
        #expect(try fixture.plan().steps[0].forEach == .texts(["a\r", "b"]))
    }

    @Test func aLabelsItemsComeFromTheTargetsRecord() throws {
        let plan = try Self.fixture(
            Self.reference("target.up"), labels: ["up": ["x", "y"], "other": ["z"]]
        ).plan()
        #expect(plan.targets[0].labels == ["up": ["x", "y"]])
        #expect(plan.sequence(of: plan.targets[0]).map(\.id.rawValue) == ["up[x]", "up[y]"])
    }

    @Test func refusesItemsTwiceTooManyAndOddNames() throws {
        let names = try ParameterName.named("names")
        for list in [["a", "a"], (0...100).map { "s\($0)" }, ["a b"], ["-x"]] {
            var fixture = try Self.fixture(Self.reference("names"))
            fixture.values = [names: .list(list)]
            #expect(try fixture.refusal() == .badParameter, "\(list)")
            let labelled = try Self.fixture(Self.reference("target.up"), labels: ["up": list])
            #expect(try labelled.refusal() == .badParameter, "\(list)")
        }
    }

    /// Both are `é` for people and for Swift; targets see other bytes.
    @Test func itemsInOtherNormalFormsAreDifferentItems() throws {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
        func fixture(_ list: ItemList) throws -> PlanFixture {
            let step = try PlanFixture.step("up", .once, .run(PlanFixture.script())) {
                $0.forEach = list
            }
            return try PlanFixture(steps: [step])
        }
        let plan = try fixture(.texts([composed, decomposed])).plan()
        #expect(plan.sequence(of: plan.targets[0]).map(\.id.rawValue) == ["up[#1]", "up[#2]"])
        var labelled = try fixture(Self.reference("target.up"))
        labelled.rule.pick = .many
        labelled.targets = [
            try PlanFixture.target("web1", labels: ["up": [composed]]),
            try PlanFixture.target("web2", labels: ["up": [decomposed]]),
        ]
        let sequences = PlanSequences(try labelled.plan())
        #expect(!sequences[0][0].title.utf8.elementsEqual(sequences[1][0].title.utf8))
        let twice = try fixture(.texts([composed, composed]))
        #expect(try twice.refusal() == .badParameter)
    }

    /// The run would refuse them before anything is started; the plan does so already.
    @Test(arguments: [
        "a/b", "a*", "a'b", "a;b", "caf\u{e9}", ".hidden", "@a", String(repeating: "x", count: 201),
    ])
    func whatNoServiceManagerCanHoldIsRefusedInThePlan(_ name: String) throws {
        let labelled = try Self.fixture(Self.reference("target.up"), labels: ["up": ["x", name]])
        #expect(try labelled.refusal() == .badParameter)
        #expect(try Self.fixture(.texts([name])).refusal() == .badParameter)
        let good = ["nginx", "getty@tty1.service", "dev-sda\\x2d1.mount", "a:b_c+d"]
        #expect(try Self.fixture(.texts(good)).refusal() == nil)
    }

    @Test func anItemIsUndoneByItself() throws {
        let plan = try Self.fixture(.texts(["a", "b"])).plan()
        #expect(plan.undos.map(\.step.rawValue) == ["up[b]", "up[a]"])
        #expect(
            plan.undos.map(\.restores) == [
                .service(name: .text("b")), .service(name: .text("a")),
            ])
        let labelled = try Self.fixture(Self.reference("target.up"), labels: ["up": ["x"]])
        #expect(try labelled.plan().undos.map(\.step.rawValue) == ["up[x]"])
        #expect(try Self.fixture(Self.reference("names")).plan().undos == [])
    }

    @Test func anItemsUndoIsNamedAfterItsStep() throws {
        let plan = try Self.fixture(.texts(["a", "b"])).plan()
        #expect(plan.rollback.map(\.step.rawValue) == ["up"])
    }
}

import Runbooks
import Runner
import Testing

struct ValueResolverTests {
    private func plan() throws -> Plan {
        var fixture = try PlanFixture(steps: [
            PlanFixture.step("measure", .read, .run(PlanFixture.script())) {
                $0.outputs = [
                    try PlanFixture.output("load", .number), try PlanFixture.output("top"),
                ]
            },
            PlanFixture.step(
                "users", .read,
                .ask(
                    PersonAction(text: "?", choices: [], deadline: .seconds(1), perTarget: false))),
            PlanFixture.step(
                "show", .read, .run(PlanFixture.script(PlanFixture.name("target.role")))),
        ])
        fixture.targets = [try PlanFixture.target("web1", labels: ["role": ["web", "proxy"]])]
        let names = ["zones", "password", "note"]
        let kinds: [Parameter.Kind] = [.list, .secret, .string]
        fixture.parameters = try zip(names, kinds).map {
            Parameter(name: try .named($0), kind: $1, isOptional: true)
        }
        fixture.values[try ParameterName.named("zones")] = .list(["eu", "us"])
        fixture.values[try ParameterName.named("password")] = .secret(
            SecretReference(source: "prompt", name: "password"))
        return try fixture.plan()
    }

    @Test func everyReferenceGetsItsValueAndSecretsStay() throws {
        let plan = try plan()
        let call = PlanFixture.script(
            PlanFixture.name("target_name"), PlanFixture.name("target.role"),
            PlanFixture.name("measure.top"), PlanFixture.name("users"),
            PlanFixture.name("zones"), PlanFixture.name("note"), PlanFixture.name("password"),
            .text("$note"))
        let resolved = try ValueResolver(plan).resolved(
            call, target: plan.targets[0],
            outputs: [try StepID.named("measure"): ["top": "clamd; rm -rf"]],
            answers: [try StepID.named("users"): "quiet"]
        ).get()
        #expect(
            resolved.arguments == [
                .text("web1"), .text("web\nproxy"), .text("clamd; rm -rf"), .text("quiet"),
                .text("eu\nus"), .text(""), PlanFixture.name("password"), .text("$note"),
            ])
    }

    @Test(arguments: [
        ("target.site", "web1 has no label 'site'"),
        ("measure.top", "step 'measure' gave no output 'top' on web1"),
        ("users", "step 'users' has no answer for web1"),
        ("nothing", "'$nothing' means nothing in this plan"),
    ])
    func aMissingValueSaysWhatIsMissing(name: String, message: String) throws {
        let plan = try plan()
        let call = PlanFixture.script(PlanFixture.name(name))
        guard
            case .failure(let missing) = ValueResolver(plan).resolved(
                call, target: plan.targets[0], outputs: [:], answers: [:])
        else {
            Issue.record("'\(name)' has no value")
            return
        }
        #expect(missing.message == message)
    }

    @Test(arguments: [
        ("target.role = proxy", true), ("target.role != web", false), ("has target.site", false),
        ("target.site != x", false), ("zones = us", true), ("not has note", true),
        ("has password", false), ("measure.top = clamd", true), ("measure.load > 0.25", true),
        ("users = quiet", true), ("measure = ok", true), ("show = ok", false),
        ("target_name = web1", true),
    ])
    func namesMeanWhatTheyMeanInWhen(text: String, holds: Bool) throws {
        let plan = try plan()
        let measure = try StepID.named("measure")
        let scope = ValueResolver(plan).scope(
            target: plan.targets[0], outputs: [measure: ["top": "clamd", "load": "0.5"]],
            answers: [try StepID.named("users"): "quiet"],
            outcomes: [measure: .ok, try StepID.named("users"): .ok])
        #expect(try PlanFixture.parse(text).holds(in: scope) == holds)
    }

    @Test func secretsOfAnActionAreNamed() throws {
        let plan = try plan()
        let action = Action.run(
            ScriptCall(program: .inline("cat"), standardInput: PlanFixture.name("password")))
        #expect(ValueResolver(plan).secrets(in: action) == [try ParameterName.named("password")])
    }
}

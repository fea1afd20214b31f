import Runbooks
import Runner
import Testing

struct PlanBuilderTests {
    private func withLimit(_ value: Value?) throws -> PlanFixture {
        var fixture = try PlanFixture(steps: [
            PlanFixture.step(
                "look", .read,
                .run(
                    PlanFixture.script(
                        PlanFixture.name("limit"), .text("$limit"),
                        PlanFixture.name("target_name"), PlanFixture.name("target.role"))))
        ])
        let name = try ParameterName.named("limit")
        fixture.parameters = [Parameter(name: name, kind: .integer, isOptional: value == nil)]
        fixture.values[name] = value
        return fixture
    }

    @Test func parametersBecomeTextAndTheRestStaysAReference() throws {
        let plan = try withLimit(.integer(50)).plan()
        guard case .run(let call) = plan.steps[0].action else {
            Issue.record("the step runs a script")
            return
        }
        #expect(
            call.arguments == [
                .text("50"), .text("$limit"), PlanFixture.name("target_name"),
                PlanFixture.name("target.role"),
            ])
        #expect(plan.parameters.map(\.text) == ["50"])
    }

    @Test func anOptionalParameterThatIsNotGivenIsEmptyText() throws {
        let plan = try withLimit(nil).plan()
        #expect(
            plan.steps[0].action.references.map(\.description) == ["target_name", "target.role"])
        #expect(plan.parameters.map(\.text) == [nil])
    }

    @Test func aSecretStaysAReferenceAndLeavesNoTextInThePlan() throws {
        var fixture = try PlanFixture(steps: [
            PlanFixture.step(
                "login", .read,
                .run(
                    ScriptCall(
                        program: .inline("cat"), standardInput: PlanFixture.name("password"))))
        ])
        let name = try ParameterName.named("password")
        let reference = SecretReference(source: "prompt", name: "password")
        fixture.parameters = [Parameter(name: name, kind: .secret)]
        fixture.values[name] = .secret(reference)
        let plan = try fixture.plan()
        #expect(plan.steps[0].action.references.map(\.description) == ["password"])
        #expect(
            plan.parameters == [
                PlannedParameter(name: name, kind: .secret, text: nil, secret: reference)
            ])
        fixture.values[name] = .string("hunter2")
        #expect(try fixture.refusal() == .badParameter)
    }

    @Test func onlyTheLabelsThatAreUsedAreInThePlan() throws {
        var fixture = try withLimit(.integer(1))
        let labels = ["role": ["web"], "site": ["fra"], "rack": ["7"], "team": ["x"]]
        fixture.targets = [try PlanFixture.target("web1", labels: labels)]
        fixture.rule.select = try PlanFixture.parse("site = fra")
        #expect(try fixture.plan().targets[0].labels == ["role": ["web"], "site": ["fra"]])
    }

    @Test func targetsAreOrderedCanaryFirstThenByName() throws {
        var fixture = try PlanFixture(targets: ["c", "a", "b"])
        fixture.rule.pick = .many
        fixture.targets[0] = try PlanFixture.target("c", labels: ["canary": ["true"]])
        #expect(try fixture.plan().targets.map(\.name.rawValue) == ["c", "a", "b"])
    }

    @Test func aPlanLives35Days() throws {
        let plan = try PlanFixture().plan()
        #expect(plan.expires.since(plan.created) == 35 * 86_400_000)
    }

    @Test func refusesWhatItCantPlan() throws {
        #expect(try PlanFixture(targets: []).refusal() == .noTargets)
        var fixture = try PlanFixture(targets: ["a", "b"])
        #expect(try fixture.refusal() == .tooManyTargets)
        fixture.rule.pick = .many
        fixture.targets[1] = try PlanFixture.target("b", environment: "live")
        #expect(try fixture.refusal() == .severalEnvironments)
        fixture = try PlanFixture()
        fixture.targets = [try PlanFixture.target("a", environment: "nowhere")]
        #expect(try fixture.refusal() == .unknownEnvironment)
        fixture = try PlanFixture()
        fixture.alert = "DiskFull"
        #expect(try fixture.refusal() == .unknownAlert)
        fixture = try PlanFixture()
        fixture.values[try ParameterName.named("size")] = .integer(1)
        #expect(try fixture.refusal() == .badParameter)
    }

    @Test(arguments: [
        Value.string("a\u{0}b"), .list(["a\nb"]),
    ])
    func refusesTextThatNoScriptCanBeGiven(value: Value) throws {
        #expect(try withLimit(value).refusal() == .badParameter)
    }

    @Test(arguments: ["", "-f", "two words", "näme", "a\n"])
    func refusesAServiceNameThatIsNoWord(name: String) throws {
        var fixture = try PlanFixture(steps: [
            PlanFixture.step(
                "start", .idempotent,
                .service(ServiceAction(name: PlanFixture.name("service"), state: .running)))
        ])
        let parameter = try ParameterName.named("service")
        fixture.parameters = [Parameter(name: parameter, kind: .string)]
        fixture.values[parameter] = .string(name)
        #expect(try fixture.refusal() == .badParameter)
        fixture.values[parameter] = .string("nginx")
        #expect(try fixture.refusal() == nil)
    }

    @Test func theRollbackGoesBackwardsAndClaimsOnlyWhatIsWritten() throws {
        let run = Action.run(PlanFixture.script())
        let fixture = try PlanFixture(steps: [
            PlanFixture.step("look", .read, run),
            PlanFixture.step("one", .idempotent, run) { $0.undo = [run] },
            PlanFixture.step("two", .once, run),
            PlanFixture.step("three", .once, run) { $0.undo = [] },
            PlanFixture.step("four", .irreversible, run) { $0.undo = [run] },
        ])
        #expect(
            try fixture.plan().rollback == [
                PlannedUndo(step: .named("four"), actions: [run], notUndone: "irreversible"),
                PlannedUndo(step: .named("three"), actions: [], notUndone: nil),
                PlannedUndo(step: .named("two"), actions: nil, notUndone: "no undo written"),
                PlannedUndo(step: .named("one"), actions: [run], notUndone: nil),
            ])
    }

    @Test func aTypedStepBringsItsOwnUndoUnlessTheRunbookSaysAnother() throws {
        let run = Action.run(PlanFixture.script())
        let path = Argument.text("/etc/x")
        let file = Action.file(FileAction(path: path, content: .absent))
        func service(_ state: ServiceAction.State) -> Action {
            .service(ServiceAction(name: .text("web"), state: state))
        }
        let package = Action.package(PackageAction(name: .text("tool"), version: .present))
        let fixture = try PlanFixture(steps: [
            PlanFixture.step("file", .idempotent, file),
            PlanFixture.step("service", .once, service(.stopped)),
            PlanFixture.step("restart", .once, service(.restarted)),
            PlanFixture.step("reload", .once, service(.reloaded)),
            PlanFixture.step("package", .idempotent, package),
            PlanFixture.step("written", .idempotent, file) { $0.undo = [run] },
            PlanFixture.step("not-needed", .idempotent, package) { $0.undo = [] },
            PlanFixture.step("for-good", .irreversible, file),
        ])
        let found = try fixture.plan().rollback
        let expected = try [
            PlannedUndo(step: .named("for-good"), actions: nil, notUndone: "irreversible"),
            PlannedUndo(step: .named("not-needed"), actions: [], notUndone: nil),
            PlannedUndo(step: .named("written"), actions: [run], notUndone: nil),
            PlannedUndo(
                step: .named("package"), actions: nil,
                restores: .package(name: .text("tool")), notUndone: nil),
            PlannedUndo(
                step: .named("reload"), actions: nil, notUndone: "a reload can't be undone"),
            PlannedUndo(
                step: .named("restart"), actions: nil, notUndone: "a restart can't be undone"),
            PlannedUndo(
                step: .named("service"), actions: nil,
                restores: .service(name: .text("web")), notUndone: nil),
            PlannedUndo(
                step: .named("file"), actions: nil, restores: .file(path: path),
                notUndone: nil),
        ]
        #expect(found == expected)
        #expect(
            found.compactMap(\.restores?.sentence) == [
                "put back the version of tool, or remove it if it is new",
                "start or stop web, as it was",
                "put back /etc/x with its content, mode and owner, or remove it if it is new",
            ])
    }

    @Test func theAlertChoosesTheSymptomElseTheFirstThatFits() throws {
        func symptom(_ alert: String, _ when: String?, _ text: String) throws -> Symptom {
            Symptom(
                alerts: [alert], when: try when.map(PlanFixture.parse),
                present: ScriptCall(program: .inline(text)), goneFor: .seconds(5),
                position: SourcePosition(file: "x", line: 1, column: 1))
        }
        var fixture = try PlanFixture()
        fixture.targets = [try PlanFixture.target("web1", labels: ["role": ["web"]])]
        fixture.symptoms = [
            try symptom("Db", "role = db", "db"), try symptom("Web", "role = web", "web"),
            try symptom("Any", nil, "any"),
        ]
        #expect(try fixture.plan().symptom?.present.program == .inline("web"))
        #expect(try fixture.plan().symptom?.goneForMilliseconds == 5000)
        fixture.alert = "Any"
        #expect(try fixture.plan().symptom?.present.program == .inline("any"))
    }

    @Test func equalRequestsMakePlansOfEqualDigest() throws {
        let one = try Digest.sha256(ofCanonical: withLimit(.integer(5)).plan())
        let same = try Digest.sha256(ofCanonical: withLimit(.integer(5)).plan())
        let other = try Digest.sha256(ofCanonical: withLimit(.integer(6)).plan())
        #expect(one == same)
        #expect(one != other)
    }
}

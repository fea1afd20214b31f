import ArgumentParser
import Runbooks

/// `handrail inventory`: the targets that the library knows.
struct InventoryCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory",
        abstract: "The targets of the library: address, environment, labels, groups, aliases.",
        discussion: "Example: handrail inventory --limit 'role = hub and site = eu'")

    @OptionGroup(title: "Targets") var targets: TargetOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows what the options leave; zero matches are an error.
    func perform(_ session: Session) async throws -> ExitCode {
        let opened = try await session.openLibrary()
        let intake = TargetIntake(session: session, options: targets)
        let chosen = try await intake.select(from: opened.library.inventory)
        let console = session.console
        if console.isJSON {
            console.json(InventoryDocument(library: opened.source, targets: chosen))
        } else {
            console.lines(
                InventoryView(targets: chosen).lines(width: console.width, style: console.style))
            console.note(CountText.of(chosen.count, "target"))
        }
        return .success
    }
}

extension TargetIntake {
    /// The targets that fit the options, without any runbook's rule; all without options.
    ///
    /// - Throws: `SelectionError`, `Failure`.
    func select(from inventory: Inventory) async throws -> [Target] {
        guard !inventory.targets.isEmpty else {
            throw SelectionError(
                .noMatch, "the inventory has no target",
                hint: "write them into inventory/*.yaml (docs/format.md, \"Inventory\")")
        }
        let everyTarget = TargetRule(select: nil, pick: .many, max: inventory.targets.count)
        var limits = try await terms(options.limit)
        if limits.isEmpty, options.on.isEmpty { limits = [.pattern("*")] }
        return try Selection.resolve(
            inventory: inventory, rule: everyTarget, on: options.on, limits: limits,
            excludes: try await terms(options.exclude)
        ).get().targets
    }
}

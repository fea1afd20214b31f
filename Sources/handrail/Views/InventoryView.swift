import Runbooks

/// The JSON form of an inventory's targets.
struct InventoryDocument: Encodable, Sendable {
    var format = 1
    let library: String
    let targets: [Target]
}

/// The human form of an inventory's targets.
struct InventoryView: Sendable {
    let targets: [Target]

    /// The table; columns that are empty everywhere are left out.
    func lines(width: Int?, style: Style) -> [String] {
        let hasGroups = targets.contains { !$0.groups.isEmpty }
        let hasAliases = targets.contains { !$0.aliases.isEmpty }
        var columns: [Table.Column] = [
            Table.Column("TARGET", .whole), "ADDRESS", "ENVIRONMENT", "LABELS",
        ]
        if hasGroups { columns.append(Table.Column("GROUPS", .spare)) }
        if hasAliases { columns.append(Table.Column("ALIASES", .spare)) }
        var table = Table(columns)
        for target in targets {
            var cells = [
                Table.Cell(target.name.rawValue, .strong), Table.Cell(Self.address(target)),
                Table.Cell(target.environment), Table.Cell(Self.labels(target)),
            ]
            if hasGroups { cells.append(Table.Cell(target.groups.joined(separator: ", "))) }
            if hasAliases { cells.append(Table.Cell(target.aliases.joined(separator: ", "))) }
            table.add(cells)
        }
        return table.lines(width: width, style: style)
    }

    /// `user@address:port`, with what the person's ssh configuration decides left out.
    static func address(_ target: Target) -> String {
        (target.user.map { $0 + "@" } ?? "") + target.address
            + (target.port == 22 ? "" : ":\(target.port)")
    }

    /// `role=hub site=eu|us`, sorted by name.
    static func labels(_ target: Target) -> String {
        target.labels.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value.joined(separator: "|"))" }.joined(separator: " ")
    }
}

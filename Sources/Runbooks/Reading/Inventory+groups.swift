extension InventoryDraft {
    /// The targets with their groups and the labels these give, sorted by name.
    func resolve(_ documents: inout [DocumentReading]) -> [Target] {
        var indexes: [String: Int] = [:]
        for (index, entry) in targets.enumerated() { indexes[entry.target.name.rawValue] = index }
        let members = members(indexes, &documents)
        var groupsOf = [[String]](repeating: [], count: targets.count)
        var inherited = [[String: (values: [String], group: String)]](
            repeating: [:], count: targets.count)
        for (group, indexes) in zip(groups, members) {
            for index in indexes {
                groupsOf[index].append(group.name)
                for (label, values) in group.labels.sorted(by: { $0.key < $1.key })
                where targets[index].target.labels[label] == nil {
                    if let other = inherited[index][label], other.values != values {
                        report(group, other.group, label, index, &documents)
                    }
                    inherited[index][label] = (values, group.name)
                }
            }
        }
        warnOfTwins(&documents)
        return targets.indices.map { index in
            let target = targets[index].target
            let labels = target.labels.merging(inherited[index].mapValues(\.values)) { own, _ in
                own
            }
            return Target(
                name: target.name, address: target.address, port: target.port, user: target.user,
                environment: target.environment, labels: labels, aliases: target.aliases,
                groups: groupsOf[index].sorted(), spool: target.spool)
        }.sorted { $0.name < $1.name }
    }

    private func report(
        _ group: GroupDraft, _ other: String, _ label: String, _ index: Int,
        _ documents: inout [DocumentReading]
    ) {
        documents[group.place.file].error(
            "conflicting-labels",
            "The groups '\(other)' and '\(group.name)' give '\(targets[index].target.name)' "
                + "different values of '\(label)'.",
            at: group.place.mark, hint: "Write the label at the target itself.")
    }

    /// The indexes of the targets of each group, groups within groups included.
    private func members(
        _ targetIndexes: [String: Int], _ documents: inout [DocumentReading]
    ) -> [Set<Int>] {
        var groupIndexes: [String: Int] = [:]
        for (index, group) in groups.enumerated() { groupIndexes[group.name] = index }
        var direct = [Set<Int>](repeating: [], count: groups.count)
        var inner = [[Int]](repeating: [], count: groups.count)
        for (index, group) in groups.enumerated() {
            if let select = group.select { direct[index] = selected(select) }
            for (name, mark) in group.members {
                if let target = targetIndexes[name] {
                    direct[index].insert(target)
                } else if let other = groupIndexes[name] {
                    inner[index].append(other)
                } else {
                    let near = nearestName(
                        to: name, among: Array(targetIndexes.keys) + Array(groupIndexes.keys))
                    documents[group.place.file].error(
                        "unknown-member",
                        "There is no target or group "
                            + "'\(Excerpt.line(name))'.",
                        at: mark, excerpt: name, hint: near.map { "Did you mean '\($0)'?" })
                }
            }
        }
        return groups.indices.map { index in
            var visited: Set<Int> = []
            var open = inner[index]
            var all = direct[index]
            while let next = open.popLast() {
                guard next != index else {
                    documents[groups[index].place.file].error(
                        "group-cycle", "The group '\(groups[index].name)' contains itself.",
                        at: groups[index].place.mark, hint: "Remove one of the memberships.")
                    break
                }
                guard visited.insert(next).inserted else { continue }
                all.formUnion(direct[next])
                open += inner[next]
            }
            return all
        }
    }

    /// The targets whose own labels a selector holds for.
    private func selected(_ select: Expression) -> Set<Int> {
        Set(
            targets.indices.filter { index in
                let labels = targets[index].target.labels
                return select.holds(
                    in: Scope { name in
                        let parts = name.parts
                        let label =
                            parts.first == "target" && parts.count == 2 ? parts[1] : parts[0]
                        return labels[label]
                    })
            })
    }

    private func warnOfTwins(_ documents: inout [DocumentReading]) {
        var seen: [String: String] = [:]
        for (target, place) in targets {
            let key = "\(target.address.lowercased())|\(target.port)|\(target.user ?? "")"
            if let other = seen[key] {
                documents[place.file].warning(
                    "duplicate-address",
                    "'\(target.name)' and '\(other)' have the same address, port and account.",
                    at: place.mark, excerpt: target.name.rawValue,
                    hint: "One server is one target; a second name for it is an alias.")
            } else {
                seen[key] = target.name.rawValue
            }
        }
    }
}

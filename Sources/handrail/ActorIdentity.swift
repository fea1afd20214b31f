import Runner

/// Who acts: the account that owns this process by its real uid, never a variable.
enum ActorIdentity {
    /// The account's name, for records.
    static func current(_ world: World) -> String { world.account().name }
}

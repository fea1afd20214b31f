import ArgumentParser

/// `handrail change`: requests for change, from the draft to the end.
struct ChangeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change",
        abstract: "Changes: asks for them, decides about them, schedules and closes them.",
        discussion: """
            A change is a plan for many targets that others have to agree to. Once it is approved \
            and scheduled, 'handrail run CHG-42' carries it out.
            """,
        subcommands: [
            ChangeOpenCommand.self, ChangeSubmitCommand.self, ChangeAssessCommand.self,
            ChangeApproveCommand.self, ChangeRejectCommand.self, ChangeRevokeCommand.self,
            ChangeScheduleCommand.self, ChangeHoldCommand.self, ChangeCancelCommand.self,
            ChangeCloseCommand.self, ChangeShowCommand.self, ChangeListCommand.self,
            ChangeCalendarCommand.self,
        ])
}

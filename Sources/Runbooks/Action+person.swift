extension Action {
    /// What is asked of a person; nil for actions that ask nobody.
    package var person: PersonAction? {
        switch self {
        case .ask(let person), .manual(let person): person
        case .run, .file, .service, .package, .reboot, .wait, .assert, .collect, .http, .stop: nil
        }
    }
}

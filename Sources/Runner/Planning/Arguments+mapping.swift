import Runbooks

/// A part of a plan with arguments in it, whose references get their values bit by bit.
package protocol ArgumentHolder: Sendable {
    /// The same with every argument put through a function.
    func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> Self
}

extension ScriptCall: ArgumentHolder {
    /// The same call with every argument, environment value and input put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> ScriptCall {
        var call = self
        for index in arguments.indices {
            call.arguments[index] = try transform(arguments[index])
        }
        for (name, value) in environment { call.environment[name] = try transform(value) }
        if let standardInput { call.standardInput = try transform(standardInput) }
        return call
    }

    /// Every reference, in a fixed order: arguments, environment by name, input.
    package var references: [Expression.Name] {
        let values =
            arguments + environment.sorted { $0.key < $1.key }.map(\.value)
            + [standardInput].compactMap { $0 }
        return values.compactMap(\.referenced)
    }
}

extension Argument {
    /// The name a reference stands for; nil for text.
    package var referenced: Expression.Name? {
        guard case .reference(let name) = self else { return nil }
        return name
    }
}

extension ItemList {
    /// The name its list is taken from; nil for a list of its own.
    package var referenced: Expression.Name? {
        guard case .reference(let name) = self else { return nil }
        return name
    }
}

extension AssertAction: ArgumentHolder {
    /// The same check with every argument put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> AssertAction {
        var check = self
        check.script = try script.mappingArguments(transform)
        return check
    }
}

extension FileAction: ArgumentHolder {
    /// The same file with its path, its template's values and its check put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> FileAction {
        var file = self
        file.path = try transform(path)
        if case .template(let source, var values) = content {
            for (name, value) in values { values[name] = try transform(value) }
            file.content = .template(source, values: values)
        }
        if let check { file.check = try check.mappingArguments(transform) }
        return file
    }
}

extension HTTPAction: ArgumentHolder {
    /// The same with every argument put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> HTTPAction {
        var action = self
        action.url = try transform(url)
        for index in path.indices { action.path[index] = try transform(path[index]) }
        for (name, value) in query { action.query[name] = try transform(value) }
        for (name, value) in headers { action.headers[name] = try transform(value) }
        switch login {
        case .bearer(let token)?: action.login = .bearer(try transform(token))
        case .basic(let user, let password)?:
            action.login = .basic(user: try transform(user), password: try transform(password))
        case nil: break
        }
        switch body {
        case .text(let text)?: action.body = .text(try transform(text))
        case .json(var members)?:
            for (name, member) in members {
                members[name] = try member.mappingArguments(transform)
            }
            action.body = .json(members)
        case nil: break
        }
        if let contains { action.contains = try transform(contains) }
        return action
    }
}

extension Action: ArgumentHolder {
    /// The same action with every argument in it put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> Action {
        switch self {
        case .run(let call): return .run(try call.mappingArguments(transform))
        case .file(let file): return .file(try file.mappingArguments(transform))
        case .service(var service):
            service.name = try transform(service.name)
            return .service(service)
        case .package(var package):
            package.name = try transform(package.name)
            if case .exactly(let version) = package.version {
                package.version = .exactly(try transform(version))
            }
            return .package(package)
        case .wait(var wait):
            if let until = wait.until { wait.until = try until.mappingArguments(transform) }
            return .wait(wait)
        case .assert(let check): return .assert(try check.mappingArguments(transform))
        case .http(let request): return .http(try request.mappingArguments(transform))
        case .reboot, .collect, .manual, .ask, .stop: return self
        }
    }

    /// Every reference in the action, in a fixed order.
    package var references: [Expression.Name] {
        switch self {
        case .run(let call): return call.references
        case .file(let file):
            var names = [file.path.referenced].compactMap { $0 }
            if case .template(_, let values) = file.content {
                names += values.sorted { $0.key < $1.key }.compactMap(\.value.referenced)
            }
            return names + (file.check?.references ?? [])
        case .service(let service): return [service.name.referenced].compactMap { $0 }
        case .package(let package):
            var arguments = [package.name]
            if case .exactly(let version) = package.version { arguments.append(version) }
            return arguments.compactMap(\.referenced)
        case .wait(let wait): return wait.until?.references ?? []
        case .assert(let check): return check.script.references
        case .http(let request): return request.arguments.compactMap(\.referenced)
        case .reboot, .collect, .manual, .ask, .stop: return []
        }
    }
}

extension Step: ArgumentHolder {
    /// The same step with every argument in its action and its scripts put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> Step {
        var step = self
        step.action = try action.mappingArguments(transform)
        if let unless { step.unless = try unless.mappingArguments(transform) }
        for index in verify.indices {
            step.verify[index] = try verify[index].mappingArguments(transform)
        }
        if var undo {
            for index in undo.indices {
                undo[index] = try undo[index].mappingArguments(transform)
            }
            step.undo = undo
        }
        if let release { step.release?.script = try release.script.mappingArguments(transform) }
        if let audit { step.audit = try audit.mappingArguments(transform) }
        return step
    }

    /// Every name that the step's expression and references use, in a fixed order.
    package var names: [Expression.Name] {
        (when?.names ?? []) + [forEach?.referenced].compactMap { $0 } + action.references
            + (unless?.references ?? [])
            + verify.flatMap(\.script.references) + (undo ?? []).flatMap(\.references)
            + (release?.script.references ?? []) + (audit?.references ?? [])
    }
}

extension Rollout: ArgumentHolder {
    /// The same with every argument of its health checks put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> Rollout {
        guard let health else { return self }
        var checks: [HealthCheck] = []
        for check in health {
            var check = check
            check.script = try check.script.mappingArguments(transform)
            checks.append(check)
        }
        var rollout = self
        rollout.health = checks
        return rollout
    }
}

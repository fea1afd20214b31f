/// The files of a new library: enough to be understood, validated and planned.
struct NewLibrary: Sendable {
    /// One file.
    struct File: Sendable {
        let path: String
        let text: String
        var isExecutable = false
    }

    /// The library's id, made of its folder's name.
    let id: String

    init(name: String) {
        let words = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let text = words.drop { $0.first?.isLetter != true }.joined(separator: "-")
        id = text.isEmpty ? "runbooks" : String(text.prefix(60))
    }

    /// All of them.
    var files: [File] {
        [
            File(path: "handrail.yaml", text: configuration),
            File(path: "inventory/targets.yaml", text: Self.inventory),
            File(path: ".gitignore", text: "*.swp\n*~\nplan*.json\n"),
            File(path: "runbooks/service/down/runbook.yaml", text: Self.runbook),
            File(path: "runbooks/service/down/README.md", text: Self.article),
            File(
                path: "runbooks/service/down/scripts/is-down", text: Self.isDown,
                isExecutable: true),
            File(path: "runbooks/service/down/scripts/is-up", text: Self.isUp, isExecutable: true),
            File(path: "runbooks/service/down/scripts/look", text: Self.look, isExecutable: true),
        ]
    }

    private var configuration: String {
        """
        handrail: 1
        id: \(id)

        # An environment with real users leaves `content` and `change` out: that means required.
        environments:
          lab: { content: off, change: off, production: false }

        """
    }

    private static let inventory = """
        # Your servers. How to log in (keys, jump hosts) is in your own ssh configuration.
        handrail: 1
        targets:
          localhost:
            address: 127.0.0.1
            environment: lab
            labels: { role: trial }

        """

    private static let runbook = """
        handrail: 1
        id: service.down
        title: A service is not running
        kind: resolution
        owner: operators
        run_as: root

        symptoms:
          - alert: ServiceDown
            fill: { target: alert.labels.instance, service: alert.labels.service }
            present: { script: scripts/is-down, args: [$service] }
            gone_for: 2s

        targets: { pick: one }

        parameters:
          service:
            type: string
            pattern: "[a-z][a-z0-9@._-]{0,60}"
            description: The service's name, as the service manager has it

        steps:
          - id: look
            title: Keep what the service manager says before anything changes
            effect: read
            run: { script: scripts/look, args: [$service] }

          - id: start
            title: Start the service
            service: { name: $service, state: running }
            if_fails: Read what the step before has kept, and escalate.

        verify:
          - assert: { script: scripts/is-up, args: [$service] }
            stays_ok_for: 2s

        on_failure:
          escalate: tier-2
          note: Say which service it is, and what its last log lines are.

        """

    private static let article = """
        # A service is not running

        ## Symptom

        The monitoring says `ServiceDown`, or users can't reach what the service offers.

        ## What the runbook does

        1. Keeps what the service manager says about the service.
        2. Starts it, unless it runs.
        3. Checks that it goes on running.

        ## When to escalate

        - It stops again within a minute: the reason is in its log, and starting it again hides it.
        - Nobody knows why it stopped.

        """

    private static let isDown = """
        #!/bin/sh
        # 0: the service is down. 1: it runs.
        if [ -d /run/systemd/system ]; then
            systemctl is-active --quiet -- "$1" && exit 1
        else
            sv status "$1" 2>/dev/null | grep -q '^run:' && exit 1
        fi
        exit 0

        """

    private static let isUp = """
        #!/bin/sh
        # 0: the service runs.
        if [ -d /run/systemd/system ]; then
            systemctl is-active --quiet -- "$1"
        else
            sv status "$1" | grep -q '^run:'
        fi

        """

    private static let look = """
        #!/bin/sh
        # Reads only: the state of the service, and its last lines.
        if [ -d /run/systemd/system ]; then
            systemctl status --no-pager --lines=20 -- "$1"
        else
            sv status "$1"
        fi
        exit 0

        """
}

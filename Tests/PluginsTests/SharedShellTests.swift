import Testing

@testable import Plugins

/// Which scripts a subshell of the session may read; `session_contract.py` shows that those can't
/// tell.
struct SharedShellTests {
    @Test(arguments: [
        "", "echo on\n", "#!/bin/sh\nset -eu\ndf -P / | tail -n 1\n", "#!/usr/bin/env sh\ntrue\n",
        "test -d /etc && test -r /etc/passwd\n", "for f in \"$@\"; do rm -f \"$f\"; done\n",
        "while IFS= read -r line; do echo \"${line#*=}\"; done <files/list\n",
        "x=$(id -u)\n[ \"$x\" = 0 ] || exit 3\n", "f() {\n    echo \"$1\"\n}\nf x\n",
        "command -v systemctl >/dev/null || exit 77\n", "set -e\nset -f\n", "cp ./a ../b\n",
        "echo 'a # b' # no\n", "export PATH=/bin\n", "echo \"$#\"\n",
    ])
    func plainScriptsShare(_ script: String) {
        #expect(SharedShell.admits(Array(script.utf8)))
    }

    @Test(arguments: [
        "kill $$\n", "echo ${$}\n", "echo \"$0\"\n", "d=$(dirname \"${0}\")\n", "echo $!\n",
        "echo $-\n", "echo $_\n", "echo $PPID\n", "echo ${BASH_SOURCE[0]}\n", "echo $RANDOM\n",
        "trap 'rm x' EXIT\n", "exec sleep 1\n", "eval \"$1\"\n", ". ./lib/x\n", "source lib/x\n",
        "return 3\n", "set\n", "set | grep x\n", "set -- a b\n", "set -x\n", "set +e\n",
        "set -o pipefail\n", "wait\n", "sleep 1 & jobs\n", "type ls\n", "hr_say x\n",
        "echo $hr_n\n", "local x=1\n", "f() {\n    local x=1\n}\n", "break\n", "continue 2\n",
        "\\set\n", "'set' | grep x\n", "\"set\"\n", "set -\n", "echo ${#0}\n", "echo ${#-}\n",
        "compgen -v\n", "readonly\n", "echo ${PIPESTATUS}\n",
        "#!/bin/bash\ntrue\n", "#!/bin/sh -e\ntrue\n", "#!/usr/bin/python3\nprint()\n", "a\r\n",
        "echo é\n", "x\0\n", "alias ls=x\n", "if true; then . lib/x; fi\n", "(set; true)\n",
        String(repeating: "x\n", count: 3000),
    ])
    func whatCouldTellGetsAShellOfItsOwn(_ script: String) {
        #expect(!SharedShell.admits(Array(script.utf8)))
    }
}

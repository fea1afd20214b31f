import Audit

/// `VERIFY.md` of an export: what an auditor types, with git, ssh-keygen and a shell alone.
///
/// Tests type it literally: each block is one `sh` code block, and ends with 0 when all is well.
struct VerifyGuide: Sendable {
    let branch: String
    let run: String
    let head: TrailReader.Commit
    let signers: String
    let hasEvidence: Bool
    let exported: String
    /// How the run stood, where it had not ended; nil where it had.
    var openState: String?

    private var firstKey: String {
        TrailVerifier.signers(in: signers)?.first?.fingerprint ?? ""
    }

    private var unfinished: String {
        openState.map {
            "\n\n**The run had not ended then** (its last state here: \($0)). What came later is "
                + "not in this folder:\nexport it again once it has ended.\n\n"
        } ?? ""
    }

    /// The page.
    var text: String {
        """
        # The record of \(run)

        Exported \(exported) from the trail `\(branch)`.\(unfinished) Here are:

        - `trail.bundle`: the whole trail, a git repository of signed commits
        - `allowed_signers`: the keys that signed it, in the order in which they did
        - `events.ndjson`, `events.txt`: this run's events, as recorded and for reading
        - `evidence/`: what they name by its SHA-256: the plan, its forecast, the runbook's files

        Two things must come from somewhere else than this folder, or it proves only that it
        agrees with itself: the **first key**, and a **head** that somebody wrote down (each run
        prints one). Here they are `\(firstKey)`
        and `\(head.events.upperBound):\(head.head)`.

        Type the blocks below in this folder, one after the other. After each, `echo $?` must
        say 0. You need git 2.34 or later, ssh-keygen, and a shell.

        ## 1. The first key is the one that you were told

        ```sh
        told='\(firstKey)'
        test "$(head -n 1 allowed_signers | cut -d' ' -f3- | ssh-keygen -l -f - | cut -d' ' -f2)" = "$told"
        ```

        ## 2. The repository is whole

        ```sh
        rm -rf check.git all.ndjson wrong.txt
        git init -q --bare check.git
        git --git-dir check.git fetch -q ./trail.bundle '\(branch):\(branch)'
        git --git-dir check.git fsck --strict --no-dangling
        ```

        ## 3. Every commit is signed by one of the keys

        ```sh
        git --git-dir check.git rev-list '\(branch)' | while read -r commit; do
            git --git-dir check.git -c gpg.ssh.allowedSignersFile="$PWD/allowed_signers" \\
                verify-commit "$commit" || echo "$commit" >>wrong.txt
        done
        test ! -e wrong.txt
        ```

        ## 4. The events are a chain, and end where they did

        ```sh
        git --git-dir check.git ls-tree -r --name-only '\(branch)' events | sort -t/ -k6,6 |
            while read -r file; do
                git --git-dir check.git cat-file blob "\(branch):$file"
            done >all.ndjson
        previous=\(TrailLine.noLine)
        while IFS= read -r line; do
            case $line in
                *"\\"prev\\":\\"$previous\\""*) ;;
                *) echo "this one doesn't follow: $line"; break ;;
            esac
            previous=$(printf %s "$line" | sha256sum | cut -d' ' -f1)
        done <all.ndjson
        test "$(wc -l <all.ndjson):$previous" = '\(head.events.upperBound):\(head.head)'
        ```

        ## 5. This run's events are those of the trail

        ```sh
        grep -F '"run":"\(run)"' all.ndjson | cmp - events.ndjson
        ```
        \(hasEvidence ? evidence : "")
        ## What this doesn't tell

        A key that was replaced may not sign any more; git doesn't check that, nor that nothing
        but events was ever added. `handrail audit verify --trail check.git --signers FILE
        --anchor \(head.events.upperBound):…` does, FILE being the first line of `allowed_signers`.

        """
    }

    private var evidence: String {
        """

        ## 6. The evidence is what was recorded

        ```sh
        for file in evidence/*; do
            name=${file#evidence/}
            test "$(sha256sum <"$file" | cut -d' ' -f1)" = "$name" || echo "$name" >>wrong.txt
            git --git-dir check.git cat-file blob \\
                "\(branch):evidence/$(printf %.2s "$name")/$name" | cmp - "$file" ||
                echo "$name" >>wrong.txt
        done
        test ! -e wrong.txt
        ```

        """
    }
}

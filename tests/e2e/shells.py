# SPDX-License-Identifier: MIT
"""bash, zsh and fish, asked what they offer at the end of a command line."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading

from harness import ROOT, wait_for

COMPLETIONS = ROOT / "cli/completions"
# What an interactive bash has, with the completion of hosts' names that it has by default.
COMP_WORDBREAKS = " \t\n\"'@><=;|&(:"


class Keyboard:
    """A program on a terminal, and what is typed there."""

    def __init__(self, command, env):
        ours, theirs = pty.openpty()
        # As wide as no line is, so that none is broken.
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 1000, 0, 0))
        self.process = subprocess.Popen(
            command, env={"TERM": "dumb", **env}, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.terminal = ours
        self.output = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        try:
            while chunk := os.read(self.terminal, 65536):
                self.output += chunk
        except OSError:  # nobody has it open any more
            pass

    def text(self):
        return self.output.decode(errors="replace").replace("\r\n", "\n")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, text):
        wait_for(lambda: text in self.text(), what=f"{text!r} on the terminal")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(10)
        os.close(self.terminal)


class Bash:
    """Its completion function is called as bash would, and what it leaves in COMPREPLY is what is offered."""

    SCRIPT = """
        PS4= source "$1" || exit
        COMP_WORDBREAKS=$2 COMP_LINE=$3 COMP_POINT=${#3}
        shift 3
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        read -ra specification < <(complete -p -- "$1")
        "${specification[2]}" "$1" "${COMP_WORDS[COMP_CWORD]}"
        ((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
    """

    FILE = COMPLETIONS / "misskey-authd.bash"

    def __init__(self, directory, env):
        self.env = env

    @staticmethod
    def split(line):
        """As readline does: a run of word-breaking characters is a word of its own, blanks are not."""
        words = re.findall(r"[@><=;|&(:]+|[^\s@><=;|&(:]+", line)
        return words + [""] if line.endswith(" ") else words

    def offers(self, line):
        done = subprocess.run(
            ["bash", "--norc", "--noprofile", "-c", self.SCRIPT, "bash", self.FILE, COMP_WORDBREAKS, line,
             *self.split(line)],
            env=self.env, text=True, capture_output=True, timeout=60,
        )

        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        # What readline does not replace: up to the last such character, of which "@" alone is replaced too.
        kept = re.search(rf"(?:\S*(?:@|[{re.escape(COMP_WORDBREAKS)}]))?", re.search(r"\S*$", line)[0])[0].rstrip("@")
        return [kept + offered for offered in done.stdout.splitlines()]

    def close(self):
        pass


class Fish:
    def __init__(self, directory, env):
        self.env = env

    def offers(self, line):
        done = subprocess.run(
            ["fish", "--no-config", "-c", "set -p fish_complete_path $argv[1]; complete -C $argv[2]", COMPLETIONS, line],
            env=self.env, text=True, capture_output=True, timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return [offered.split("\t")[0] for offered in done.stdout.splitlines()]

    def close(self):
        pass


class Zsh:
    """On a terminal, where a key has the matches written to a file instead of shown."""

    SETUP = """
        fpath=({completions} $fpath)
        autoload -Uz compinit && compinit -u -d {dump}
        PS1= PROMPT_EOL_MARK=
        compadd() {{
            builtin compadd "$@" && [[ " $* " != *" -"[OAD]" "* ]] || return
            local -a offered
            builtin compadd -A offered "$@"
            offers+=("$IPREFIX"$^offered)
        }}
        record() {{
            offers=()
            _main_complete
            compstate[insert]= compstate[list]=
            print -rl -- $offers end >{answer}
        }}
        zle -C record complete-word record
        bindkey '^X' record
        bindkey '^U' kill-whole-line
        report() {{ print -n '<end>' }}
        zle -N report
        bindkey '^Y' report
        print rea''dy
    """

    def __init__(self, directory, env):
        self.answer = directory / "answer"
        setup = directory / "setup.zsh"
        # Reading a thousand files takes seconds, so only the first zsh does; the dump is the session's.
        dump = directory.parent / "zcompdump"
        setup.write_text(self.SETUP.format(completions=COMPLETIONS, answer=self.answer, dump=dump))
        self.keyboard = Keyboard(["zsh", "-f", "-i"], env)
        self.keyboard.type(f"source {setup}\n")
        self.keyboard.wait_for("ready\n")
        self._finish()

    def _finish(self):
        """Waits until zsh has done what its keys said, and tells what the terminal got."""
        self.keyboard.type("\x19")
        self.keyboard.wait_for("<end>")
        return self.keyboard.text().split("<end>")[0]

    def offers(self, line):
        self.answer.unlink(missing_ok=True)
        self.keyboard.output = b""
        self.keyboard.type(f"\x15{line}\x18")
        complete = lambda: self.answer.exists() and self.answer.read_text().endswith("end\n")  # noqa: E731
        wait_for(complete, what=f"what zsh offers for {line!r}; it says {self.keyboard.text()!r}")
        # The last line is erased, and the bell rings if there is nothing to offer.
        said = re.sub(r"^\r *\r|\a", "", self._finish())
        assert said == line, said
        return self.answer.read_text().splitlines()[:-1]

    def close(self):
        self.keyboard.close()


SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}


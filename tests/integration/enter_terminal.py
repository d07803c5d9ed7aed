"""Drives `psfleet enter` on a pseudo-terminal: argv is the program with its arguments; prints what the terminal showed.

Each step waits for a text before it types: a step whose text does not come fails the run.
"""

import os
import pty
import select
import sys
import time

PATIENCE = 120
STEPS = [
    ("PS ", "while ($true) { 'spin'; Start-Sleep -Milliseconds 50 }\r"),
    ("\nspin\r", "\x03"),
    ("PS ", "'al' + 'ive'\r"),
    ("alive", ""),
    # Typed ahead: the lines wait for their turn.
    ("PS ", "'fir' + 'st'\r'sec' + 'ond'\r'th' + 'ird'\r"),
    ("\nfirst", ""),
    ("\nsecond", ""),
    ("\nthird", ""),
    ("PS ", "if ($true) {\r"),
    (">> ", "'multi' + 'line'\r"),
    (">> ", "}\r"),
    ("multiline", ""),
    ("PS ", "Read-Host 'na' | ForEach-Object { \"hello $_\" }\r"),
    ("na: ", "bob\r"),
    ("hello bob", ""),
    ("PS ", "Write-Progress Act -Status go; Read-Host ok\r"),
    ("\n\x1b[?7lAct: go\x1b[?7h\r\r\x1b[K\x1b[C\x1b[J", ""),
    ("ok: ", "fine\r"),
    ("PS ", "\x1b[A\x03"),
    ("PS ", "exit 5\r"),
]


def main():
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.argv[1], sys.argv[1:])
    shown = ""
    for text, keys in STEPS:
        deadline = time.monotonic() + PATIENCE
        while text not in shown:
            ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                sys.exit(f"no {text!r} in {shown!r}")
            piece = os.read(terminal, 65536).decode("utf-8", "replace")
            sys.stdout.write(piece)
            shown += piece
        shown = shown.split(text, 1)[1]
        os.write(terminal, keys.encode())
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        sys.stdout.write(piece.decode("utf-8", "replace"))
    _, status = os.waitpid(child, 0)
    sys.stdout.flush()
    sys.exit(os.waitstatus_to_exitcode(status))


main()

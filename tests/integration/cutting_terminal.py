"""Runs a program on a terminal that cuts its lines when it becomes narrower, as xterm does, and resizes it.

argv: the widths, the text to wait for, the program, its arguments. Prints, for each width, what the terminal has shown
after three drawings: JSON, [[columns, [line, ...]], ...], without blank lines and with what has left it at the top.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

try:
    import pyte
except ImportError:
    print("skipped: no pyte for Python")
    sys.exit()

PATIENCE = 120
ROWS, COLUMNS = 12, 120
# What ends a drawing of the bar.
DRAWN = b"\x1b[?7h\r"


def main():
    widths, awaited, program = sys.argv[1].split(","), sys.argv[2], sys.argv[3:]
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execv(program[0], program)
    screen = pyte.HistoryScreen(COLUMNS, ROWS, history=1000, ratio=0.5)
    stream = pyte.ByteStream(screen)
    deadline = time.monotonic() + PATIENCE

    def read():
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            sys.exit(f"psfleet does not go on: {lines()}")
        piece = os.read(terminal, 65536)
        stream.feed(piece)
        return piece.count(DRAWN)

    def lines():
        gone = ["".join(row[x].data for x in sorted(row)) for row in screen.history.top]
        return [line.rstrip() for line in gone + screen.display if line.strip()]

    while not (any(awaited in line for line in screen.display) and len(lines()) > 30):
        read()
    shown = []
    for columns in map(int, widths):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        screen.resize(ROWS, columns)
        drawn = 0
        while drawn < 3:
            drawn += read()
        shown.append([columns, lines()])
    print(json.dumps(shown))
    os.kill(child, signal.SIGKILL)


main()

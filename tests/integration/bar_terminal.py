"""Runs psfleet on a pseudo-terminal and presses Enter: argv is the text of the bar to wait for, the program, its arguments.

Prints what stands on the terminal in the end. Fails if the bar or the answer to Enter does not come.
"""

import os
import pty
import re
import select
import sys
import time

PATIENCE = 120
CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


def screen(text):
    """The lines that a terminal shows, of the few controls that a bar uses; any other fails."""
    lines, row, column = [""], 0, 0
    while text:
        control = CONTROL.match(text)
        if control:
            argument, command = control.groups()
            if command == "A":
                row = max(0, row - int(argument or 1))
            elif command == "B":
                row = min(len(lines) - 1, row + int(argument or 1))
            elif command == "C":
                column += int(argument or 1)
            elif command == "J":
                lines[row:] = [lines[row][:column]]
            elif command == "K":
                lines[row] = lines[row][:column]
            elif command not in "mhl":
                sys.exit(f"unknown control {control.group()!r}")
            text = text[control.end():]
            continue
        character, text = text[0], text[1:]
        if character == "\n":
            row += 1
            lines.extend([""] * (row + 1 - len(lines)))
        elif character == "\r":
            column = 0
        else:
            lines[row] = lines[row].ljust(column)[:column] + character + lines[row][column + 1:]
            column += 1
    return lines


def main():
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.argv[2], sys.argv[2:])
    steps = [(sys.argv[1], b"\n"), ("script runs", b"")]
    shown = ""
    deadline = time.monotonic() + PATIENCE
    while True:
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            sys.exit(f"psfleet does not go on: {shown!r}")
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece.decode("utf-8", "replace")
        if steps and steps[0][0] in shown:
            os.write(terminal, steps.pop(0)[1])
    _, status = os.waitpid(child, 0)
    if steps:
        sys.exit(f"no {steps[0][0]!r} in {shown!r}")
    print("\n".join(line.rstrip() for line in screen(shown)).strip())
    sys.exit(os.waitstatus_to_exitcode(status))


main()

"""Runs a program on a pseudo-terminal for pseudo-terminal.ts: pty-bridge.py COLUMNS ROWS PROGRAM [ARGUMENT ...]

What comes on stdin is typed, what the program writes goes to stdout. A line "COLUMNS ROWS" on file descriptor 3
resizes the terminal. Exits as the program did, with 128 + N when signal N ended it.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def resize(master, columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def main():
    columns, rows, *command = sys.argv[1:]
    gate_read, gate_write = os.pipe()
    pid, master = pty.fork()
    if pid == 0:
        # The size must be known before the program asks for it.
        os.close(gate_write)
        os.read(gate_read, 1)
        os.close(3)
        os.execvp(command[0], command)
    resize(master, columns, rows)
    os.close(gate_write)
    sources = [0, 3, master]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if master in ready:
            try:
                data = os.read(master, 65536)
            except OSError:
                data = b""
            if not data:
                break
            os.write(1, data)
        if 0 in ready:
            typed = os.read(0, 65536)
            if typed:
                os.write(master, typed)
            else:
                sources.remove(0)
        if 3 in ready:
            lines = os.read(3, 4096).decode().split("\n")
            if lines == [""]:
                sources.remove(3)
            for line in lines:
                if line:
                    resize(master, *line.split())
    _, status = os.waitpid(pid, 0)
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


main()

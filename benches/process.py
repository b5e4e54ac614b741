"""A process measured from outside."""

import os
import time


def measured(command, out=os.devnull):
    """Wall-clock seconds, processor seconds, and peak memory in bytes of a process that writes to `out`."""
    began = time.monotonic()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 1, out, flags, 0o644)]
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    assert status == 0, f"{command} ended with {status}"
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

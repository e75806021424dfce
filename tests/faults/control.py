# SPDX-License-Identifier: MIT
"""The file by which a test tells fault.c which call is to fail, and sees whether it has."""

import errno
import mmap
import struct

FIELDS = struct.Struct("=7I")  # process, armed, class, at, error, count, hit
SHORT = 0  # instead of an errno

# In the order of fault.c: what can go wrong with each class of calls.
CLASSES = {
    "memory": (errno.ENOMEM,),
    "open": (errno.EMFILE, errno.EACCES),
    "read": (errno.EIO, errno.EINTR, SHORT),
    "write": (errno.ENOSPC, errno.EIO, errno.EINTR, SHORT),
    "fsync": (errno.EIO, errno.ENOSPC),
    "rename": (errno.EIO, errno.ENOSPC),
    "reserve": (errno.ENOSPC, errno.EIO, errno.EINTR),
    "files": (errno.EACCES, errno.EIO),
    "socket": (errno.EMFILE, errno.ENOMEM),
    "network": (errno.ECONNRESET, errno.EINTR, SHORT),
}


def error_name(error):
    return errno.errorcode[error] if error else "short"


class Control:
    """One fault of one process. FAULT_CONTROL is its path."""

    def __init__(self, path, kind, at, error):
        self.path = path
        self.kind = list(CLASSES).index(kind)
        self.at = at
        self.error = error
        with path.open("w+b") as file:
            file.write(bytes(FIELDS.size))
            file.flush()
            self.map = mmap.mmap(file.fileno(), FIELDS.size)

    def arm(self):
        """From now on calls are counted."""
        FIELDS.pack_into(self.map, 0, self._fields()[0], 1, self.kind, self.at, self.error, 0, 0)

    def disarm(self):
        process, _, *rest = self._fields()
        FIELDS.pack_into(self.map, 0, process, 0, *rest)

    def _fields(self):
        return FIELDS.unpack_from(self.map, 0)

    @property
    def count(self):
        return self._fields()[5]

    @property
    def is_hit(self):
        return bool(self._fields()[6])

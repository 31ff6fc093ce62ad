#!/usr/bin/python3
import sys

from patroni.__main__ import main

# PostgreSQL is started by a process of its own that reads this file again.
if __name__ == '__main__':
    sys.exit(main())

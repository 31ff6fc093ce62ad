#!/usr/bin/python3
# What pip would write for the entry point of the same name.
import sys

from patroni.ctl import ctl

sys.exit(ctl())

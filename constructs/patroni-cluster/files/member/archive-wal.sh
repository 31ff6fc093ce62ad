#!/bin/bash
# archive_command: archive-wal.sh %p. PostgreSQL keeps the segment, and tries again, until this ends with 0.
exec "$(dirname "$0")/walg.sh" wal-push "$1"

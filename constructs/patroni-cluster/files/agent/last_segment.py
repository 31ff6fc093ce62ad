"""Lets the last WAL of a backup be archived, also where nobody writes."""

from child import ChildFailed
from databases import Server
from log import log
from patroni_api import View
from settings import Settings
from walg import Backup


def end_last_segment(settings: Settings, view: View | None, backups: list[Backup] | None) -> None:
    """
    A standby's backup ends within a segment, and can't be restored before that is archived. While nobody writes,
    nothing ends it: not even archive_timeout, which sees no use in what the background writer says.
    """
    if not backups or view is None or not view.primary or not view.running:
        return
    newest = backups[-1]
    try:
        if Server(settings).end_segment_with(newest.finish_lsn):
            log('info', 'the last WAL of a backup is archived, although nobody writes', backup=newest.name)
    except ChildFailed as error:
        log('error', f'the last WAL of {newest.name} is not archived yet: {error}')

"""What is on a member's volume. Local volumes have no metrics of their own."""

import os


def free_bytes(path: str) -> int:
    """What may still be written beside `path`."""
    volume = os.statvfs(path)
    return volume.f_bavail * volume.f_frsize


def size_bytes(path: str) -> int:
    """How much the volume can hold that `path` is on."""
    volume = os.statvfs(path)
    return volume.f_blocks * volume.f_frsize


def data_bytes(directory: str) -> int:
    """What a directory takes on its volume; files that go meanwhile don't count."""
    total = 0
    for folder, _, files in os.walk(directory):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total

"""The agent's configuration, a JSON file that is generated with the cluster's other files."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schedule import Schedule, ScheduleError


class SettingsError(ValueError):
    """A configuration that cannot be used: which file, what, and what is allowed."""


@dataclass(frozen=True)
class Backups:
    schedule: Schedule
    keep_full_days: int
    keep_wal_days: int
    minimum_fulls: int


@dataclass(frozen=True)
class Database:
    name: str
    owner: str
    user: str
    extensions: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    cluster: str
    members: int
    patroni: str
    walg: str
    psql: str
    socket_directory: str
    replication_login: str
    data_directory: str
    reserve_file: str
    reserve_mebibytes: int
    metrics_port: int
    interval_seconds: float
    backups: Backups | None
    databases: tuple[Database, ...]
    passwords: dict[str, str]
    connection_limits: dict[str, int]
    tls_files: tuple[str, ...]
    patroni_file: str
    dynamic_configuration: dict[str, Any]
    digest: str


def load(path: str) -> Settings:
    """Reads and checks the file; throws SettingsError."""
    try:
        text = Path(path).read_text(encoding='utf-8')
        data = json.loads(text)
        if not isinstance(data, dict):
            raise SettingsError('the file holds no object')
        return _settings(_Reader(data), hashlib.sha256(text.encode()).hexdigest())
    except OSError as error:
        raise SettingsError(f'configuration {path}: {error.strerror}; --config names the file') from error
    except (ValueError, ScheduleError) as error:
        raise SettingsError(f'configuration {path}: {error}; correct what it is generated from') from error


class _Reader:
    """Takes typed values out of an object; `where` names the object in messages."""

    def __init__(self, data: dict[str, Any], where: str = '') -> None:
        self._data = data
        self._where = where

    def text(self, key: str) -> str:
        text: str = self._take(key, 'a text', lambda value: isinstance(value, str) and value != '')
        return text

    def number(self, key: str, low: int, high: int) -> int:
        allowed = f'a whole number from {low} to {high}'
        number: int = self._take(key, allowed, lambda value: type(value) is int and low <= value <= high)
        return number

    def object(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._take(key, 'an object', lambda value: isinstance(value, dict))
        return found

    def seconds(self, key: str, default: float) -> float:
        allowed = 'a number of seconds above 0'
        self._data.setdefault(key, default)
        seconds: float = self._take(key, allowed, lambda value: type(value) in (int, float) and value > 0)
        return seconds

    def texts(self, key: str) -> tuple[str, ...]:
        fits = lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value)  # noqa: E731
        return tuple(self._take(key, 'a list of texts', fits))

    def objects(self, key: str) -> list['_Reader']:
        fits = lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value)  # noqa: E731
        found = self._take(key, 'a list of objects', fits)
        return [_Reader(each, f'{self._where}{key}[{index}].') for index, each in enumerate(found)]

    def nested(self, key: str) -> '_Reader | None':
        allowed = 'an object or null'
        found = self._take(key, allowed, lambda value: value is None or isinstance(value, dict))
        return None if found is None else _Reader(found, f'{self._where}{key}.')

    def _take(self, key: str, allowed: str, fits: Callable[[Any], bool]) -> Any:
        if key not in self._data:
            raise SettingsError(f'{self._where}{key} is missing; it is {allowed}')
        value = self._data[key]
        if not fits(value):
            raise SettingsError(f'{self._where}{key} is {json.dumps(value)}; it is {allowed}')
        return value


def _settings(data: _Reader, digest: str) -> Settings:
    backups = data.nested('backups')
    passwords = data.object('passwords')
    return Settings(
        cluster=data.text('cluster'),
        members=data.number('members', 1, 1000),
        patroni=data.text('patroni'),
        walg=data.text('walg'),
        psql=data.text('psql'),
        socket_directory=data.text('socketDirectory'),
        replication_login=data.text('replicationLogin'),
        data_directory=data.text('dataDirectory'),
        reserve_file=data.text('reserveFile'),
        reserve_mebibytes=data.number('reserveMebibytes', 1, 65536),
        metrics_port=data.number('metricsPort', 0, 65535),
        interval_seconds=data.seconds('intervalSeconds', 10),
        backups=None if backups is None else _backups(backups),
        databases=tuple(_database(each) for each in data.objects('databases')),
        passwords={name: str(file) for name, file in passwords.items()},
        connection_limits={role: int(limit) for role, limit in data.object('connectionLimits').items()},
        tls_files=data.texts('tlsFiles'),
        patroni_file=data.text('patroniFile'),
        dynamic_configuration=data.object('dynamicConfiguration'),
        digest=digest,
    )


def _backups(data: _Reader) -> Backups:
    keep_full_days = data.number('keepFullDays', 1, 3660)
    return Backups(
        schedule=Schedule(data.text('schedule')),
        keep_full_days=keep_full_days,
        keep_wal_days=data.number('keepWalDays', 1, keep_full_days),
        minimum_fulls=data.number('minimumFulls', 1, 3660),
    )


def _database(data: _Reader) -> Database:
    return Database(data.text('name'), data.text('owner'), data.text('user'), data.texts('extensions'))

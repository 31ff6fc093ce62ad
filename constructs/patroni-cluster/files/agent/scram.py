"""SCRAM-SHA-256 verifiers (RFC 5803), as PostgreSQL stores them: the password itself never reaches the server."""

import base64
import hashlib
import hmac
import os
import re

_ITERATIONS = 4096
_SALT_BYTES = 16
_VERIFIER = re.compile(r'SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)')


def verifier(password: str, salt: bytes | None = None, iterations: int = _ITERATIONS) -> str:
    """What PostgreSQL stores for the password; a random salt unless one is given."""
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac('sha256', password.encode(), salt, iterations)
    stored_key = hashlib.sha256(_hmac(salted, b'Client Key')).digest()
    server_key = _hmac(salted, b'Server Key')
    return f'SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored_key)}:{_text(server_key)}'


def matches(stored: str, password: str) -> bool:
    """Whether the stored verifier is one of this password; a stored MD5 hash or nothing never is."""
    parts = _VERIFIER.fullmatch(stored)
    if parts is None:
        return False
    expected = verifier(password, base64.b64decode(parts[2]), int(parts[1]))
    return hmac.compare_digest(stored, expected)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()

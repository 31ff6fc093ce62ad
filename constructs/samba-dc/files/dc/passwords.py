"""
Passwords of accounts: compared by the keys that Kerberos makes of them, because a sign-in that fails counts.
"""

import hashlib

import ldb
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from samba import ndr
from samba.dcerpc import drsblobs

from directory import Directory

AES256 = 18


def set_password(directory: Directory, name: str, password: str) -> None:
    directory.database.setpassword(f'(sAMAccountName={ldb.binary_encode(name)})', password)


def aes256_key(password: str, salt: str) -> bytes:
    """What Kerberos makes of a password: RFC 3962, section 4."""
    key = hashlib.pbkdf2_hmac('sha1', password.encode(), salt.encode(), 4096, 32)
    # Of the word kerberos, stretched to 128 bits: RFC 3961, section 5.1.
    block, derived = bytes.fromhex('6b65726265726f737b9b5b2b93132b93'), b''
    while len(derived) < 32:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        block = encryptor.update(block)
        derived += block
    return derived


def knows(directory: Directory, name: str, password: str) -> bool:
    """Whether that is the account's password."""
    found = directory.account(name, ['supplementalCredentials'])
    if found is None or 'supplementalCredentials' not in found:
        return False
    blob = ndr.ndr_unpack(drsblobs.supplementalCredentialsBlob, found['supplementalCredentials'][0])
    for package in blob.sub.packages:
        if package.name != 'Primary:Kerberos-Newer-Keys':
            continue
        keys = ndr.ndr_unpack(drsblobs.package_PrimaryKerberosBlob, bytes.fromhex(package.data)).ctr
        own = aes256_key(password, str(keys.salt.string))
        return any(bytes(key.value) == own for key in keys.keys if key.keytype == AES256)
    return False

"""
A ticket of a person for a server, as a browser sends it (SPNEGO), in base64: token.py USER HOST, in the pod of the
directory. The password comes by standard input.
"""

import base64
import os
import sys
import tempfile

from samba import gensec
from samba.credentials import MUST_USE_KERBEROS, Credentials
from samba.param import LoadParm

settings = LoadParm()
settings.load(os.environ['SMB_CONF_PATH'])
user, host = sys.argv[1:]
realm = settings.get('realm')
with tempfile.NamedTemporaryFile('w', suffix='.conf') as configuration:
    configuration.write(f'[libdefaults]\ndefault_realm = {realm}\n[realms]\n{realm} = {{\n  kdc = 127.0.0.1\n}}\n')
    configuration.flush()
    os.environ['KRB5_CONFIG'] = configuration.name
    person = Credentials()
    person.guess(settings)
    person.set_username(user)
    person.set_password(sys.stdin.readline().rstrip('\n'))
    person.set_realm(realm)
    person.set_kerberos_state(MUST_USE_KERBEROS)
    client = gensec.Security.start_client({'lp_ctx': settings, 'target_hostname': host})
    client.set_credentials(person)
    client.set_target_service('HTTP')
    client.set_target_hostname(host)
    client.start_mech_by_name('spnego')
    _, token = client.update(b'')
print(base64.b64encode(token).decode())

"""What Schemathesis needs to get past the gate: a person who is signed in, and values as the document's formats ask."""

import os
import string
import threading
import time

import requests
import schemathesis
from hypothesis import strategies as st

BASE = os.environ["PORTCULLIS_URL"]
# A person is replaced after so many requests: limits on devices and sessions would end the exploration.
REQUESTS_PER_PERSON = 40


def sign_up():
    email = f"api{time.time_ns()}@example.com"
    credentials = {"email": email, "password": "plum-kettle-orbit"}
    token = requests.post(f"{BASE}/auth/sign-up", json=credentials, timeout=30).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    session = requests.post(f"{BASE}/ui/session/start", json={}, headers=headers, timeout=30).json()
    return {**headers, "X-SESSION-ID": session["session_id"]}


@schemathesis.auth(refresh_interval=None)
class Person:
    """Signed in, and again whenever a test has signed the person out."""

    lock = threading.Lock()
    headers = None
    left = 0

    def get(self, case, context):
        with Person.lock:
            known = Person.left > 0 and requests.get(f"{BASE}/ui/me", headers=Person.headers, timeout=30).ok
            if not known:
                Person.headers = sign_up()
                Person.left = REQUESTS_PER_PERSON
            Person.left -= 1
            return dict(Person.headers)

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), **data}


def printable(least, most):
    return st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=least, max_size=most)


local_part = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
schemathesis.openapi.format("email", local_part.map(lambda name: f"{name}@example.com"))
schemathesis.openapi.format("label", printable(0, 60))
# Numbers that reach nobody.
schemathesis.openapi.format("phone", st.integers(2025550100, 2025550199).map(lambda number: f"+1{number}"))
schemathesis.openapi.format("password", st.one_of(st.from_regex(r"\A[0-9]{6}\Z"), printable(10, 200)))

"""What Schemathesis needs to get past the gate: a person who is signed in, and values as the document's formats ask."""

import os
import re
import string
import threading
import time

import requests
import schemathesis
from hypothesis import strategies as st

BASE = os.environ["PORTCULLIS_URL"]
PASSWORD = "plum-kettle-orbit"
# A person is replaced after so many requests: limits on devices and sessions would end the exploration.
REQUESTS_PER_PERSON = 40
# What Schemathesis says of a value whose format is one of those below.
FREE_FORM = re.compile(r"violates `format` at /properties/(\w*password|phone_e164)\b")
# What an `invalid-request` about money says that no schema can: a field that nobody knows, a currency, a day or a time zone that is none, a
# key in a body that holds blanks, and what does not go together.
MEANT = re.compile(
    r"(.*: )?Unknown field `"
    r"|currency: |The parameter `currency` is wrong: "
    r"|(from|to): A day is expected, "
    r"|idempotency_key: "
    r"|payment_method_id: It is expected with `pay_by` = `method` only\."
    r"|(amounts: The amounts or the code of the deposit are|descriptor_code: Either the amounts or the code is) expected"
    r"|threshold: A threshold goes with the trigger `threshold` alone\."
    r"|day: (A day of the month is expected, 1 to 31|A day goes with the trigger `day` alone)\."
    r"|time_zone: A time zone of the IANA database such as "
    r"|amount: An amount in minor units is expected\."
    r"|amounts/\d+: Invalid (type|value): .*, expected a whole number from 0 to 4294967295\."
    r"|handed: [Aa]t most 24 names of 64 characters and values of 2048 are expected",
    re.DOTALL,
)
# Where it is about money, or what is sold for it.
MONEY = ("/api/billing/", "/ui/billing/", "/ui/catalog/", "/ui/shoppingcart/", "/ui/purchase-history/")
# What no schema can say of an API key: how far off it may end, and the scopes that there are.
MEANT_OF_KEYS = re.compile(
    r"expires_at: A moment in the future, at most \S+ from now, is expected\."
    r"|scopes/\d+: One of the scopes that GET /ui/api_keys/scopes lists is expected\."
)
# The operations that judge a new password.
NEW_PASSWORDS = {"sign_up", "change_password", "confirm_password_recovery"}


def sign_up():
    email = f"api{time.time_ns()}@example.com"
    credentials = {"email": email, "password": PASSWORD}
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
# Numbers that reach nobody.
schemathesis.openapi.format("phone", st.integers(2025550100, 2025550199).map(lambda number: f"+1{number}"))
schemathesis.openapi.format("password", st.one_of(st.just(PASSWORD), printable(10, 200)))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops what is meant to be so and no schema can state; whatever else is found counts."""
    operation = case.operation.definition.raw.get("operationId")
    # ST202: refused although it fits the schema. How easily a password is guessed is no matter of its form.
    if failure.code == "ST202" and operation in NEW_PASSWORDS:
        return response.json().get("code") != "weak-password"
    # About money more is refused than a schema says; whatever is refused for another reason counts.
    if failure.code == "ST202" and case.operation.path.startswith(MONEY):
        problem = response.json()
        if problem.get("code") == "invalid-request":
            return not MEANT.match(problem.get("detail", ""))
        return problem.get("code") not in ("invalid-cursor", "idempotency-key-reused", "amount-not-taken", "not-in-catalog")
    if failure.code == "ST202" and case.operation.path.startswith("/ui/api_keys"):
        problem = response.json()
        return problem.get("code") != "invalid-request" or not MEANT_OF_KEYS.match(problem.get("detail", ""))
    # Which origins browsers are sent to is a matter of the settings.
    if failure.code == "ST202" and operation == "return_to_application":
        return response.json().get("code") != "return-address-not-allowed"
    # ST201: accepted although it violates the schema. The formats of these say what is meant, and bar nothing.
    if failure.code == "ST201" and FREE_FORM.search(failure.message):
        return False
    # ST401: accepted with invalid credentials. A cookie that opens nothing any more is cleared by signing out.
    return not (failure.code == "ST401" and operation == "sign_out")

"""Stripe's Python library against the simulated Stripe: a customer, a payment, 3-D Secure, a refund, a webhook, a key."""

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import stripe

arrived: Queue = Queue()


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        arrived.put((body, self.headers["stripe-signature"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


receiver = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()

client = stripe.StripeClient(
    "sk_test_simulated",
    base_addresses={"api": os.environ["STRIPE_URL"]},
    max_network_retries=0,
)
v1 = client.v1
endpoint = v1.webhook_endpoints.create(
    {"url": f"http://127.0.0.1:{receiver.server_port}/hook", "enabled_events": ["*"]}
)
customer = v1.customers.create({"email": "ada@example.com", "metadata": {"a": "1"}})
assert v1.customers.retrieve(customer.id).email == "ada@example.com"

order = {
    "amount": 1999,
    "currency": "usd",
    "customer": customer.id,
    "payment_method": "pm_card_visa",
    "confirm": True,
    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    "metadata": {"order": "42"},
}
key = {"idempotency_key": f"python-{customer.id}"}
paid = v1.payment_intents.create(order, key)
assert (paid.status, paid.amount_received, paid.metadata["order"]) == ("succeeded", 1999, "42")
assert v1.payment_intents.create(order, key).id == paid.id, "the same key is the same payment"
try:
    v1.payment_intents.create({**order, "amount": 2000}, key)
    raise AssertionError("a key was taken for another order")
except stripe.IdempotencyError:
    pass

try:
    v1.payment_intents.create({**order, "payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds"})
    raise AssertionError("a card without money paid")
except stripe.CardError as error:
    assert error.error.decline_code == "insufficient_funds", error
    assert error.error.payment_intent["status"] == "requires_payment_method"

secured = v1.payment_intents.create(
    {**order, "payment_method": "pm_card_authenticationRequired", "automatic_payment_methods": {"enabled": True},
     "return_url": "https://example.com/back"}
)
assert secured.status == "requires_action" and secured.next_action.redirect_to_url.url
assert v1.payment_intents.cancel(secured.id).status == "canceled"

refund = v1.refunds.create({"payment_intent": paid.id, "amount": 500, "reason": "requested_by_customer"})
assert (refund.status, refund.amount) == ("succeeded", 500)
listed = v1.refunds.list({"payment_intent": paid.id})
assert [one.id for one in listed.auto_paging_iter()] == [refund.id]
try:
    v1.payment_intents.retrieve("pi_of_nobody")
    raise AssertionError("a payment of nobody was found")
except stripe.InvalidRequestError as error:
    assert (error.http_status, error.code) == (404, "resource_missing"), error
try:
    stripe.StripeClient("sk_test_wrong", base_addresses={"api": os.environ["STRIPE_URL"]}).v1.balance.retrieve()
    raise AssertionError("a wrong key worked")
except stripe.AuthenticationError:
    pass

names = set()
while "refund.created" not in names:
    body, signature = arrived.get(timeout=30)
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    names.add(event.type)
    try:
        stripe.Webhook.construct_event(body + b" ", signature, endpoint.secret)
        raise AssertionError("an altered delivery was believed")
    except stripe.SignatureVerificationError:
        pass
assert {"customer.created", "payment_intent.succeeded", "charge.succeeded"} <= names, names
print(f"Stripe's Python library {stripe.VERSION} is content with the simulated Stripe")

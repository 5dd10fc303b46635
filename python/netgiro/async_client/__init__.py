"""`AsyncClient`: coroutine functions over the calls of the compiled half.

`inspect`, Starlette, APScheduler, tenacity, anyio and mock know a coroutine function by its code object, which
nothing compiled has. So each call has a frame of Python around it. Error reports print the variables of every
frame, and any argument may hold a customer's number: the frame gives them up before it waits.
"""

from netgiro import _netgiro

__all__ = ["AsyncClient"]

_calls = _netgiro.AsyncClient


class AsyncClient(_calls):
    __slots__ = ()
    __doc__ = _calls.__doc__

    async def insert_cart(
        self,
        *,
        amount,
        reference,
        customer_id=None,
        access_code=None,
        barcode=None,
        confirmation_type="automatic",
        callback_url=None,
        callback_cancel_url=None,
        description=None,
        items=None,
        location_id=None,
        register_id=None,
    ):
        call = _calls.insert_cart(
            self,
            amount=amount,
            reference=reference,
            customer_id=customer_id,
            access_code=access_code,
            barcode=barcode,
            confirmation_type=confirmation_type,
            callback_url=callback_url,
            callback_cancel_url=callback_cancel_url,
            description=description,
            items=items,
            location_id=location_id,
            register_id=register_id,
        )
        del amount, reference, customer_id, access_code, barcode, confirmation_type, callback_url
        del callback_cancel_url, description, items, location_id, register_id
        return await call

    async def check_cart(self, transaction_id):
        call = _calls.check_cart(self, transaction_id)
        del transaction_id
        return await call

    async def cancel_cart(self, transaction_id):
        call = _calls.cancel_cart(self, transaction_id)
        del transaction_id
        return await call

    async def confirm_cart(self, transaction_id, identifier=None):
        call = _calls.confirm_cart(self, transaction_id, identifier)
        del transaction_id, identifier
        return await call

    async def capture_cart(self, cart, amount=None):
        call = _calls.capture_cart(self, cart, amount)
        del cart, amount
        return await call

    async def void_cart(self, cart):
        call = _calls.void_cart(self, cart)
        del cart
        return await call

    async def wait_for_cart(self, cart, *, timeout=180.0, policy=None, on_update=None):
        call = _calls.wait_for_cart(self, cart, timeout=timeout, policy=policy, on_update=on_update)
        del cart, timeout, policy, on_update
        return await call

    async def settle_cart(self, cart, *, timeout=180.0, policy=None, on_update=None):
        call = _calls.settle_cart(self, cart, timeout=timeout, policy=policy, on_update=on_update)
        del cart, timeout, policy, on_update
        return await call

    async def check_many(
        self,
        ids,
        *,
        concurrency=32,
        rate=None,
        retry_for=30.0,
        resume=None,
        on_progress=None,
        progress=None,
    ):
        call = _calls.check_many(
            self,
            ids,
            concurrency=concurrency,
            rate=rate,
            retry_for=retry_for,
            resume=resume,
            on_progress=on_progress,
            progress=progress,
        )
        del ids, concurrency, rate, retry_for, resume, on_progress, progress
        return await call

    async def poll_step(self, poll):
        call = _calls.poll_step(self, poll)
        del poll
        return await call

    async def find_by_reference(self, reference, *, amount):
        call = _calls.find_by_reference(self, reference, amount=amount)
        del reference, amount
        return await call

    async def refund_cart(self, cart, amount, *, idempotency_key, description=None):
        call = _calls.refund_cart(
            self, cart, amount, idempotency_key=idempotency_key, description=description
        )
        del cart, amount, idempotency_key, description
        return await call

    async def get_transaction(self, cart):
        call = _calls.get_transaction(self, cart)
        del cart
        return await call

    async def create_checkout(
        self,
        *,
        amount,
        reference,
        success_url,
        cancel_url,
        callback_url=None,
        manual_capture=False,
    ):
        call = _calls.create_checkout(
            self,
            amount=amount,
            reference=reference,
            success_url=success_url,
            cancel_url=cancel_url,
            callback_url=callback_url,
            manual_capture=manual_capture,
        )
        del amount, reference, success_url, cancel_url, callback_url, manual_capture
        return await call

    async def settlements(self, date_from, date_to, *, settlement_number=None):
        call = _calls.settlements(self, date_from, date_to, settlement_number=settlement_number)
        del date_from, date_to, settlement_number
        return await call

    async def settlement_items(self, number):
        call = _calls.settlement_items(self, number)
        del number
        return await call

    async def verify_callback_once(self, *, url, headers, body, replay_guard):
        call = _calls.verify_callback_once(
            self, url=url, headers=headers, body=body, replay_guard=replay_guard
        )
        del url, headers, body, replay_guard
        return await call

    async def close(self):
        await _calls.close(self)

    async def __aenter__(self):
        return await _calls.__aenter__(self)

    async def __aexit__(self, *exception):
        await _calls.__aexit__(self)


for _name, _method in vars(AsyncClient).items():
    if not _name.startswith("_"):
        _method.__doc__ = getattr(_calls, _name).__doc__
del _name, _method
# It is exported by the package, and has the attributes of Client.
AsyncClient.__module__ = "netgiro"
del AsyncClient.__slots__

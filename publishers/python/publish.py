"""Publishes the events of one case. Python 3.9 or later:

    pip install --requirement requirements.txt
    python publish.py HOST:PORT CASE

What counts is in SETTINGS, in the key, and in that nothing is called done before the broker has said so.
"""

import datetime
import json
import sys

from confluent_kafka import Producer

ORG = "119901002600008594"
SOURCE = f"urn:cn-org:{ORG}:penalty"
CHINA = datetime.timezone(datetime.timedelta(hours=8))
SETTINGS = {
    # Acknowledged means: on every replica that is in sync, once, in order.
    "acks": "all",
    "enable.idempotence": True,
    # librdkafka may else tell the first records of a new producer as delivered that are not there.
    "max.in.flight.requests.per.connection": 1,
    # As Java's producers choose the partition, so that a case has one, whoever writes.
    "partitioner": "murmur2_random",
    "delivery.timeout.ms": 120_000,
    # With TLS and a password: security.protocol, ssl.ca.location, sasl.mechanism, sasl.username, sasl.password.
}


def event(identity: str, case: str, time: datetime.datetime, kind: str, data: dict) -> dict:
    """A CloudEvent. `identity` must be the same whenever the same thing is told again: take it from your register."""
    return {"specversion": "1.0", "id": identity, "source": SOURCE, "type": kind, "subject": case,
            "time": time.isoformat(), "data": data}


def events(case: str) -> list[dict]:
    accepted = datetime.datetime(2026, 3, 2, 9, tzinfo=CHINA)
    hours = lambda n: accepted + datetime.timedelta(hours=n)
    return [
        event(f"{case}-1", case, accepted, "case.accepted", {"item": "9901-CF-0042", "org": ORG, "title": "占道经营"}),
        event(f"{case}-2", case, hours(1), "step.started", {"step": "investigation"}),
        event(f"{case}-3", case, hours(3), "step.completed", {"step": "investigation"}),
    ]


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: publish.py HOST:PORT CASE", file=sys.stderr)
        return 2
    brokers, case = sys.argv[1:]
    published, failed = 0, 0

    def told(error, record):
        nonlocal published, failed
        if error is None:
            published += 1
        else:
            failed += 1
            print(f"not published: {record.value().decode()}: {error}", file=sys.stderr)

    producer = Producer({**SETTINGS, "bootstrap.servers": brokers})
    for one in events(case):
        # The case is the key: its events stay in one partition, in order.
        producer.produce(f"inbound.{ORG}", json.dumps(one, ensure_ascii=False).encode(), case.encode(), on_delivery=told)
        producer.poll(0)
    producer.flush()
    print(f"{published} published")
    # Whoever calls this keeps what was not published, and sends it again: that does no harm.
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

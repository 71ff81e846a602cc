"""`python -m tests.trust.receive_forever HOME FILE`: store uploads until killed, each noted once acknowledged."""

import os
import sys
from pathlib import Path

from etl.inbox import Inbox
from tests.trust.test_log_intake import PROGRAM, good_row, shifts


def main(home: str, done: str) -> None:
    inbox = Inbox(Path(home))
    with open(done, "a", buffering=1, encoding="utf-8") as acknowledged:
        for number in range(10_000):
            data = shifts(good_row(number))
            received = inbox.receive(data, f"{number}.csv", "shifts", PROGRAM, "steward-1")
            acknowledged.write(f"{received.id} {received.sha256}\n")
            acknowledged.flush()
            os.fsync(acknowledged.fileno())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""When something was: a moment as run.json keeps it (UTC, ISO 8601, to the second) and as people read it."""

from __future__ import annotations

import datetime
import os
import re
from typing import Any

REPRODUCED = "SOURCE_DATE_EPOCH"  # the usual name (reproducible-builds.org) for "write this moment instead of the real one"


def stamp(seconds: float) -> str:
    """`2026-11-22T07:08:44Z` of seconds since 1970; where the environment says which moment to write, that one."""
    asked = os.environ.get(REPRODUCED, "")
    moment = int(asked if re.fullmatch(r"[0-9]{1,11}", asked) else seconds)  # what is no moment must not lose a run at its end
    return f"{datetime.datetime.fromtimestamp(moment, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def read(text: Any) -> datetime.datetime | None:
    """The moment of a stamp; None for anything else, as runs of an older suite have it."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def words(text: Any) -> str:
    """`22 Nov 2026, 07:08 UTC` of a stamp; empty where there is none."""
    if (moment := read(text)) is None:
        return ""
    moment = moment.astimezone(datetime.UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def day(text: Any) -> str:
    """`22 Nov 2026` of a stamp; empty where there is none."""
    return words(text).partition(",")[0]

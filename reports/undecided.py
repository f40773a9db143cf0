"""How many images would decide what is undecided, and how more of them are measured, in words."""

from __future__ import annotations

from collections.abc import Sequence

from reports import numbers, wording
from reports.record import Record, within_envelope


def to_decide(records: Sequence[Record]) -> str:
    """`about 1,200 images would decide it (200 were seen)`, of several `about 1,200 to 69,000 images each would decide them`."""
    needed = sorted(record.decides_at for record in records if record.decides_at)
    if not needed:
        return "no number of images decides it" if len(records) == 1 else "no number of images decides them"
    fewest, most = min(record.n for record in records), max(record.n for record in records)
    seen = f" ({f'{numbers.count(fewest)} to ' * (fewest < most)}{numbers.count(most)} {'was' if most == 1 else 'were'} seen)"
    if len(records) == 1:
        return f"about {numbers.roughly(needed[0])} images would decide it{seen}"
    some = f" {len(needed)} of" if len(needed) < len(records) else ""
    span = numbers.roughly(needed[0])
    span += f" to {numbers.roughly(needed[-1])}" if needed[-1] > needed[0] else ""
    return f"about {span} images each would decide{some} them{seen}"


def to_decide_all(records: Sequence[Record]) -> str:
    """`164 claims: about 910 images each would decide half of them, 26,000 nine of ten, 190,000 all.`."""
    needed = sorted(record.decides_at for record in records if record.decides_at)
    never = len(records) - len(needed)
    many = f"{numbers.count(len(records))} {'claim' if len(records) == 1 else 'claims'}"
    if not needed:
        return f"{many}: no number of images would decide {'it' if len(records) == 1 else 'them'}."
    if len(needed) == 1:
        told = [f"about {numbers.roughly(needed[0])} images would decide {'it' if not never else 'one'}"]
    else:
        told = [f"about {numbers.roughly(needed[(len(needed) - 1) // 2])} images each would decide half of them"]
        told += [f"{numbers.roughly(needed[-(len(needed) // 10) - 1])} nine of ten"] * (len(needed) >= 10)
        told += [f"{numbers.roughly(needed[-1])} all"] * (not never)
    return f"{many}: {', '.join(told)}" + (f"; for {never}, no number of images would." if never else ".")


def how_to_measure_more(records: Sequence[Record]) -> str:
    ways = list(dict.fromkeys(wording.more_images(record) for record in records if record.decides_at))
    return f"To see more: {ways[0]}." if ways else ""


def within_noise(records: Sequence[Record], share: bool) -> str:
    """`; it clears the bound by less than the numerical noise (0.5 %)`; of several, how many of them do."""
    within = [record for record in records if within_envelope(record)]
    if not within:
        return ""
    if len(records) == 1:
        return f"; it clears the bound by less than the numerical noise ({numbers.score(within[0].envelope, share)})"
    many = f"{len(within)} of them clear" if len(within) > 1 else "one of them clears"
    return f"; {many} the bound by less than the numerical noise"

"""What someone who lets a release through reads in a minute: what fails, what is undecided, what has changed, what is waived.

Each is a list of claims, one line for each audit and dataset whatever its views and backbones, the one that matters most named in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from audits.measures.estimate import Estimate, images_to_decide
from reports import numbers, since, undecided, wording
from reports.claims import Claim, badness
from reports.gate import JUDGED
from reports.record import Record
from reports.views import view_words

SHOWN, SHOWN_OF_TWO = 3, 2  # of a list alone in its column, of each of two: so that all stands on one screen; what is more is folded


@dataclass(frozen=True)
class Item:
    """A claim in a list: the class, sign and word of its chip, what is claimed, the numbers, where they were seen and of how many more."""

    chip: tuple[str, str, str]
    words: str
    told: str
    where: str
    anchor: str


@dataclass(frozen=True)
class List:
    """One of the things that are asked of a run first: a heading, a sentence, and what it is about."""

    title: str
    lead: str
    items: tuple[Item, ...] = ()
    more: str = ""
    most: int = SHOWN

    @property
    def shown(self) -> tuple[Item, ...]:
        return self.items[: self.most]

    @property
    def folded(self) -> tuple[Item, ...]:
        return self.items[self.most :]


@dataclass(frozen=True)
class _Group:
    """The records of one audit on one dataset that are alike in what is asked, the one that matters most first."""

    claim: Claim
    record: Record
    others: list[tuple[Claim, Record]] = field(default_factory=list)

    @property
    def records(self) -> list[Record]:
        return [self.record, *(record for _, record in self.others)]


@dataclass(frozen=True)
class _Page:
    """What every list needs: the claims of a run, and where and under which name a property stands."""

    claims: Sequence[Claim]
    anchors: Mapping[str, str]
    titles: Mapping[str, str]
    missing: int = 0

    @property
    def several(self) -> bool:
        return len({claim.backbone for claim in self.claims}) > 1

    @property
    def records(self) -> list[Record]:
        return [record for claim in self.claims for record in claim.records]

    @property
    def judged_nothing(self) -> bool:
        return not any(record.verdict in JUDGED for record in self.records)

    def groups(
        self, wanted: Callable[[Record], bool], key: Callable[[Record], Any], apart: Callable[[Record], str] = lambda _: ""
    ) -> list[_Group]:
        """The records that are wanted, in the order of `key`; together are those of one audit and dataset that are alike in `apart`."""
        found: dict[tuple[str, str, str], list[tuple[Claim, Record]]] = {}
        for claim in self.claims:
            for record in filter(wanted, claim.records):
                found.setdefault((claim.audit, claim.dataset, apart(record)), []).append((claim, record))
        ordered = [sorted(group, key=lambda pair: key(pair[1])) for group in found.values()]
        return [_Group(*group[0], group[1:]) for group in sorted(ordered, key=lambda group: key(group[0][1]))]

    def item(self, group: _Group, chip: tuple[str, str, str], told: str) -> Item:
        record = group.record
        title = self.titles.get(record.property_name, record.property_name)
        where = [title, *([record.backbone] if self.several else []), f"{record.dataset}, {view_words(record)}", self._others(group)]
        words = record.claim.strip().removesuffix(".") or group.claim.words
        return Item(chip, words, told, " · ".join(filter(None, where)), self.anchors[record.property_name])

    def _others(self, group: _Group) -> str:
        """`and 11 more, of 4 backbones`."""
        if not group.others:
            return ""
        backbones = len({record.backbone for record in group.records})
        return f"and {len(group.others)} more" + (f", of {backbones} backbones" if backbones > 1 else "")


def lists_of(
    claims: Sequence[Claim], anchors: Mapping[str, str], titles: Mapping[str, str], baseline: Mapping[str, Any] | None, missing: int = 0
) -> list[list[List]]:
    """The lists of the first page in two columns, each there even if it is empty: that nothing fails is an answer too.

    missing: how many required audits were not judged.
    """
    page = _Page(claims, anchors, titles, missing)
    return [_column(_fails(page), _changed(page, baseline or {})), _column(_undecided(page), _waived(page))]


def _column(*lists: List) -> list[List]:
    most = SHOWN_OF_TWO if all(one.items for one in lists) else SHOWN
    return [replace(one, most=most) for one in lists]


def _fails(page: _Page) -> List:
    groups = page.groups(lambda record: record.verdict in ("violated", "error"), badness)
    items = [page.item(group, _chip(group.record.verdict), _failed(group.claim, group.record)) for group in groups]
    counts = [record for group in groups for record in group.records]
    lead = f"{_sentence(wording.tally_words(counts))}, in {_audits(len(groups))}." if groups else _nothing_fails(page)
    return List("What fails", lead, tuple(items))


def _undecided(page: _Page) -> List:
    groups = page.groups(lambda record: record.verdict == "undecided", badness)
    items = [
        page.item(group, _chip("undecided"), undecided.to_decide(group.records) + undecided.within_noise(group.records, group.claim.share))
        for group in groups
    ]
    records = [record for group in groups for record in group.records]
    lead = undecided.to_decide_all(records) if records else _nothing_undecided(page)
    return List("What is undecided", lead, tuple(items), undecided.how_to_measure_more(records))


def _nothing_fails(page: _Page) -> str:
    """That nothing fails must not reassure where something else stops the run, so that is said with it."""
    stopping = (
        ("regressed", "is worse than the baseline's", "are worse than the baseline's"),
        ("not comparable", "cannot be compared with the baseline", "cannot be compared with the baseline"),
    )
    since_then = [
        f"{numbers.count(n)} {f'score {one}' if n == 1 else f'scores {many}'}"
        for verdict, one, many in stopping
        if (n := sum(since.verdict_of(record) == verdict for record in page.records))
    ]
    nothing = (
        "Nothing was judged" if page.judged_nothing else "No bound is violated" if since_then else "Nothing that was judged is violated"
    )
    changed = [f"{', '.join(since_then)}: see What has changed"] * bool(since_then)
    return f"{'; '.join([nothing, *changed, *_missing(page)])}."


def _nothing_undecided(page: _Page) -> str:
    nothing = "Nothing was judged" if page.judged_nothing else "Nothing: these images settle all that was judged"
    may_be = sum(since.verdict_of(record) == "undecided" for record in page.records)
    words = f"{numbers.count(may_be)} {'score' if may_be == 1 else 'scores'} may be worse than the baseline's: see What has changed"
    return f"{'; '.join([nothing, *[words] * bool(may_be), *_missing(page)])}."


def _missing(page: _Page) -> list[str]:
    many = "required audit is" if page.missing == 1 else "required audits are"
    return [f"{numbers.count(page.missing)} {many} missing (above)"] if page.missing else []


def _changed(page: _Page, baseline: Mapping[str, Any]) -> List:
    groups = page.groups(lambda record: since.verdict_of(record) in since.STOPPING, since.badness)
    items = [page.item(group, since.CHIPS[since.verdict_of(group.record)], _change(group)) for group in groups]
    return List("What has changed", compared_with(page.records, baseline), tuple(items))


def compared_with(records: Sequence[Record], baseline: Mapping[str, Any] | None) -> str:
    """`Compared with v1: 2 worse, 190 not worse.`, or that there was no baseline."""
    if told := since.sentence(records):
        return told
    if (baseline or {}).get("first"):
        return "A first release (--audit-first): there is no baseline to compare with."
    return "Compared with no baseline (--audit-baseline)."


def waivers_of(claims: Sequence[Claim]) -> list[Item]:
    """Every violation that is accepted for now, as on the first page, for where no page is: without links and titles."""
    page = _Page(claims, {claim.property_name: "" for claim in claims}, {})
    return [item for item in _waived(page).items if item.chip[0] == "waived"]


def _waived(page: _Page) -> List:
    """What is accepted, each waiver on a line of its own and the one that ends first in front; then waivers that nothing needs."""
    needless = page.groups(lambda record: record.verdict != "waived" and bool((record.waiver or {}).get("now_holds")), badness)
    waived = page.groups(
        lambda record: record.verdict == "waived",
        lambda record: (str((record.waiver or {}).get("expires")), badness(record)),
        lambda record: json.dumps(record.waiver, sort_keys=True),
    )
    delete = "the waiver is no longer needed: delete it"
    items = [_waiver(page, group) for group in waived]
    items += [page.item(group, ("holds", "✓", "holds again"), delete) for group in needless]
    accepted, stale = (sum(len(group.records) for group in groups) for groups in (waived, needless))
    ends = sorted(str(terms["expires"]) for group in waived if "expires" in (terms := group.record.waiver or {}))
    told = [f"{numbers.count(accepted)} accepted for now" if accepted else "Nothing: no violation is accepted for now"]
    told += [f"the first ends {wording.date_words(end)}" for end in ends[:1]]
    told += [f"{numbers.count(stale)} {'waiver is' if stale == 1 else 'waivers are'} no longer needed"] * bool(stale)
    return List("What is waived", f"{'; '.join(told)}.", tuple(items))


def _waiver(page: _Page, group: _Group) -> Item:
    terms = group.record.waiver or {}
    limit = terms.get("limit")
    way = "down" if group.record.direction == "at_least" else "up"
    reach = f", {way} to {numbers.limit(limit, group.claim.share)}" if isinstance(limit, int | float) else ""
    told = f"{_against_bound(group.claim, group.record)}; waived by {terms.get('owner', '?')}{reach}: {terms.get('reason', '')}"
    return page.item(group, ("waived", wording.SIGNS["waived"], f"until {wording.date_words(terms.get('expires', '?'))}"), told)


def _chip(verdict: str) -> tuple[str, str, str]:
    return verdict, wording.SIGNS[verdict], verdict


def _against_bound(claim: Claim, record: Record) -> str:
    """`56.2 % (53.1 – 59.2 %), asked: at least 80 %`."""
    if record.verdict == "error" or record.value is None:
        return f"could not be measured: {record.reason}"
    between = f" ({wording.interval_cell(record, claim.share)})" if record.low is not None and record.low != record.high else ""
    asked = f", asked: {wording.bound_words(record, claim.share)}" if record.bound is not None else ""
    return f"{numbers.score(record.value, claim.share)}{between}{asked}"


def _failed(claim: Claim, record: Record) -> str:
    """Numbers and bound, and what takes from a violation (it may be chance) or from its waiver (it goes beyond it)."""
    told = "; ".join(filter(None, (_against_bound(claim, record), wording.alone(record))))
    beyond = wording.beyond_waiver(record, claim.share)
    return f"{told}. {beyond}" if beyond else told


def _change(group: _Group) -> str:
    """`91.9 % → 88.7 %: −3.2 % (−4.1 to −2.3 %), margin 1 %; 12 mended, 40 broken of 1,000`."""
    row = since.row_of(group.record, group.claim.share)
    told, verdict = group.record.baseline or {}, since.verdict_of(group.record)
    if verdict == "not comparable":
        return row.change
    more = ""
    if verdict == "undecided":
        margin = float(told.get("margin") or 0.0) * (1 if group.record.direction == "at_most" else -1)
        found = Estimate(told["change"], told["low"], told["high"], max(1, told.get("images") or group.record.n))
        needed = images_to_decide(found, margin)
        more = f"about {numbers.roughly(needed)} images would tell" if needed else "no number of images would tell"
    margin = f", margin {row.margin}" if row.margin else ""
    return "; ".join(filter(None, (f"{row.then} → {row.now}: {row.change}{margin}", more, row.images)))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _audits(n: int) -> str:
    return "one audit" if n == 1 else f"{n} audits"

"""What is ordered arrives as it was meant, and is nothing but text on its way."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from analytics.lens import Lens
from analytics.noting import NoteForm
from analytics.orders import (
    FileOrder,
    ImpressionsOrder,
    IndexOrder,
    LetGo,
    Order,
    PageOrder,
    Question,
    RowsOrder,
    SummaryOrder,
    order_of,
    plain_of,
)
from analytics.period import Period
from analytics.pipe import receive, send
from components.notice import NoticeView

AT = datetime(2026, 3, 1, 9, 30, 0, 123_456, tzinfo=UTC)
ASKED = Question(
    surface="odd name/ü",
    now=AT,
    from_=AT.astimezone(timezone(timedelta(hours=2))),
    page="funnel",
    lens=Lens(field="language", value='"de"\n'),
    against=Period(from_=AT - timedelta(days=1), to=AT),
)
ORDERS: tuple[Order, ...] = (
    IndexOrder(),
    LetGo(),
    PageOrder(question=ASKED),
    PageOrder(
        question=Question(surface="s", now=AT, versus="b1"),
        noting=NoteForm(csrf="c", notice=NoticeView(title="No", tone="bad", urgent=True), text="x" * 600, at="now"),
    ),
    RowsOrder(question=ASKED, figure="kept", form="parquet", work="/tmp/\U0001f984"),
    ImpressionsOrder(question=ASKED, title="T", of={"item": "odd/id ü", "stage": "\x00"}, csrf="c", handed_over=0),
    SummaryOrder(surface="s"),
    SummaryOrder(surface="s", from_=AT, to=AT + timedelta(days=7)),
    FileOrder(question=ASKED, form="md"),
)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_an_order_arrives_as_it_was_meant(order: Order) -> None:
    pipe = io.BytesIO()
    send(pipe, plain_of(order), b"\x00body")
    pipe.seek(0)
    received = receive(pipe)
    assert received is not None
    assert order_of(received[0]) == order
    assert received[1] == b"\x00body"
    assert receive(pipe) is None


def test_a_message_that_is_cut_short_is_none() -> None:
    whole = io.BytesIO()
    send(whole, plain_of(ORDERS[2]), b"body")
    for n in range(len(whole.getvalue())):
        assert receive(io.BytesIO(whole.getvalue()[:n])) is None


@pytest.mark.parametrize(
    "plain",
    [
        {"kind": "Question", "order": {}},
        {"kind": "PageOrder", "order": {}},
        {"kind": "FileOrder", "order": {"question": {"surface": "s", "now": "yesterday"}, "form": "md"}},
        {"kind": "IndexOrder", "order": {"more": 1}},
    ],
)
def test_what_is_no_order_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        order_of(json.loads(json.dumps(plain)))

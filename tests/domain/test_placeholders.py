"""Placeholders are filled from the context's fields, all of them or the option is none."""

import pytest

from suggest.domain.placeholders import filled


@pytest.mark.parametrize(
    ("text", "fields", "said"),
    [
        ("No braces { here }", {}, "No braces { here }"),
        ("Hi {{name}}, hi {{ name }}", {"name": "Ann"}, "Hi Ann, hi Ann"),
        ("{{order.id}} of {{order.to.city}}", {"order": {"id": 7, "to": {"city": "Ulm"}}}, "7 of Ulm"),
        ("{{a.b}}", {"a.b": "flat"}, "flat"),
        ("{{first name}}", {"first name": "Ann"}, "Ann"),
        ("{{n}}", {"n": 1.5}, "1.5"),
        ("{{x}}", {"x": "{{y}}", "y": "no"}, "{{y}}"),
        ("{{x}}", {"x": r"\\1 \\g<0>"}, r"\\1 \\g<0>"),
    ],
)
def test_what_is_filled(text: str, fields: dict[str, object], said: str) -> None:
    assert filled(text, fields) == said


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{{name}}", {}),
        ("{{name}} {{other}}", {"name": "Ann"}),
        ("{{name}}", {"name": ""}),
        ("{{name}}", {"name": None}),
        ("{{name}}", {"name": True}),
        ("{{name}}", {"name": ["Ann"]}),
        ("{{name}}", {"name": float("nan")}),
        ("{{name}}", {"name": "x" * 1001}),
        ("{{a.b}}", {"a": "flat"}),
        ("Hello {{ name", {"name": "Ann"}),
        ("{{}}", {"name": "Ann"}),
    ],
)
def test_what_cannot_be_filled(text: str, fields: dict[str, object]) -> None:
    assert filled(text, fields) is None

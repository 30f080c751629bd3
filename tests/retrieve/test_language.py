"""A language that the encoder does not know is noticed; English, with whatever is in it, is not."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.language import is_english, known_language

FOREIGN = (
    "Wo ist mein Paket?",
    "Ich möchte meine Bestellung stornieren, wie geht das?",
    "Kann ich auch auf Rechnung zahlen?",
    "Où est mon colis ?",
    "Je voudrais annuler ma commande s'il vous plaît",
    "Comment puis-je payer par facture ?",
    "¿Dónde está mi paquete?",
    "Quiero cancelar mi pedido, por favor",
    "Non ho ancora ricevuto il mio pacco",
    "Come posso cambiare la taglia delle scarpe?",
    "Onde está a minha encomenda?",
    "Não consigo entrar na minha conta",
    "Waar is mijn pakket gebleven?",
    "Ik wil mijn bestelling graag annuleren, hoe kan dat?",
    "Gdzie jest moja paczka?",
    "Var är mitt paket?",
    "Hvor er min pakke?",
    "Kargom nerede, ne zaman gelir?",
    "Kde je můj balík a kdy přijde?",
    "Missä minun pakettini on?",
    "Unde este coletul meu și când ajunge?",
    "Di mana paket saya?",
    "Đơn hàng của tôi ở đâu?",
    "Где моя посылка?",
    "Πού είναι το δέμα μου;",
    "أين طردي؟",
    "我的包裹在哪里",
    "注文した荷物はどこですか",
    "내 소포는 어디에 있나요",
    "मेरा पार्सल कहाँ है",
)
ENGLISH = (
    "Where is my parcel?",
    "parcel?",
    "refund pls",
    "My name is Zoë Müller-Lüdenscheidt, order 1234",
    "Does the café on Champs-Élysées take the voucher?",
    "a la carte menu de luxe",
    "how do you say thank you in german",
    "can you translate danke schön",
    "I paid in zł and € but the app shows £",
    "the font 宋体 looks wrong",
    "Straße",
    "LOL omg wtf",
    "12345 67890",
    "👍🎉",
    "",
    "NullPointerException at com.shop.Cart.checkout(Cart.java:42)",
    "die cast mould for men, was on sale",
    "Quarterly zymurgy hovercraft xylophone",
)


@pytest.mark.parametrize("text", FOREIGN)
def test_another_language_is_noticed(text: str) -> None:
    assert not is_english(text)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_left_alone(text: str) -> None:
    assert is_english(text)


def test_many_pieces_speak_only_beside_marks_and_without_english_words() -> None:
    assert not is_english("Érdeklődnék csomagom hollétéről", n_pieces=lambda text: 14)
    assert is_english("Érdeklődnék csomagom hollétéről", n_pieces=lambda text: 4)
    assert is_english("Quarterly zymurgy hovercraft", n_pieces=lambda text: 40)


def test_of_a_configured_encoder_nothing_is_known() -> None:
    assert known_language("default", HashingEncoder()) is None
    assert known_language("paraphrase-multilingual", HashingEncoder()) is None


def test_the_default_encoder_was_made_for_english() -> None:
    class Cutting(HashingEncoder):
        def n_pieces(self, text: str) -> int:
            return len(text)

    knows = known_language("default", Cutting())
    assert knows is not None
    assert knows("Where is my parcel?")
    assert not knows("Wo ist mein Paket?")
    assert known_language("another", Cutting()) is None


DATA = Path(os.environ.get("SUGGEST_DATA", "-"))


@pytest.mark.skipif(not (DATA / "banking77").is_dir(), reason="the benchmark data is not here")
def test_at_most_one_english_request_in_a_thousand_is_taken_for_another() -> None:
    """All training rows of BANKING77 and of CLINC150; 0 of 25,003 when this was written."""
    rows = [row["text"] for row in csv.DictReader((DATA / "banking77" / "train.csv").open())]
    rows += [text for text, _ in json.loads((DATA / "clinc150" / "clinc150_train_val.json").read_text())["train"]]
    wrong = [text for text in rows if not is_english(text, n_pieces=lambda text: len(text))]
    assert len(wrong) <= len(rows) / 1000, wrong[:5]

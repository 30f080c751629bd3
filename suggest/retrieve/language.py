"""Is a text in a language that the encoder was made for? Where it is not, its vector means little, and so would p_any.

Three kinds of evidence, cheapest first: letters of another script; function words of another language that outnumber
the English ones; letters with marks in words that fall into many pieces of the encoder's vocabulary, while none of them
is an English function word. All must be loud: an English text taken for another bothers a person for nothing. On the
training rows of BANKING77 and CLINC150 (25,003) none is."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable

from suggest.retrieve.encoder import DEFAULT_ENCODER, Encoder

FOREIGN_SHARE = 0.5  # of the letters, in another script
PIECES_PER_WORD = 2.5  # English: 1.2; a text without function words and with names in it: up to 2
FEWEST_WORDS = 3
LONGEST = 2_000  # characters that are looked at
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH = _words(
    """a about after again all also am an and any are as ask at be because been before but by can cannot could did
    do does don't for from get give go had has have he hello help hey hi how i i'd i'll i'm i've if in into is
    isn't it it's its just know let like long look make many may me more much my need new no not now of off on
    one only or other our out over please put say see set she should show so some still take tell than that the
    their them then there these they thing this time to too turn up us use very want was way we were what what's
    when where which who whose why will with won't would you your"""
)
_FOREIGN = {
    "german": """
        aber alle als auch auf aus bei bitte bin bis dann das dass dem den der die doch ein eine einen einer es
        für gibt habe haben hallo hat ich ihr ihre im ist kann kein keine können man mein meine meinen meiner
        mich mir mit muss nach nicht noch nur oder schon sehr sich sie sind über um und uns von vor wann warum
        was wenn wer werden wie wird wo wurde zu zum zur""",
    "french": """
        alors au aux avec avez bonjour ce cela ces cette comment combien dans de depuis des dois du elle en est
        et être fait il ils je l'ai j'ai la le les leur ma mais mes mon ne nous où ou par pas peux pour pourquoi
        puis quand que quel quelle qui sans ses si sont sur suis ton une un veux votre vos vous""",
    "spanish": """
        al ayuda cómo como con cuál cuando cuándo cuánto de del dónde donde el ella en eres es esta está este
        estoy gracias hay hola la las lo los mi mis muy más no nos para pero por porque puede puedo que qué
        quiero se ser si sin sobre son su sus tengo tiene tu un una y ya yo""",
    "italian": """
        a al alla anche che chi ci ciao come con cosa da dal del della delle dei di dove è e gli grazie ha ho il
        in io la le lo ma mi mia mio mie non per perché più posso può qual quale quando quanto questo questa se
        sono su un una vorrei voglio""",
    "portuguese": """
        a ao aos as com como da das de do dos e ela ele em é está estou eu foi isso já mais mas me meu minha
        muito na não nas no nos o obrigado os ou para pela pelo por porque posso qual quando quanto que quem
        quero são se sem ser seu sua tem tenho um uma você""",
    "dutch": """
        aan al als ben bij dan dat de deze die dit een en er geen goed hallo heb hebben heeft het hij hoe ik in
        is je kan kunnen maar me meer met mij mijn moet naar niet nog of om ook op over te u uit uw van veel
        voor waar wanneer waarom wat we welke wie wil worden zijn zo zonder""",
    "polish": """
        ale być chcę co czy czemu dla do dlaczego dziękuję gdzie i ile jak jaki jest jestem już kiedy kto mam
        mnie mogę mój moja moje na nie o od po proszę się są tak ten to w z za że żeby""",
    "swedish": """
        att av bara är den det du efter eller en ett för från ha har hej hur i inte jag kan kommer med men min
        mina mitt måste när och om på så som till tack upp var varför vad vem vi vill""",
    "danish": """
        af at da de den der det du efter eller en er et for fra har hej hvad hvis hvor hvordan hvorfor i ikke
        jeg kan med men min mine mit må når og om på så skal som til tak var vi vil""",
    "turkish": """
        ama bana ben bir bu çok da daha de değil için ile istiyorum kadar merhaba mi mı mu mü nasıl ne neden
        nerede olan sonra ve var ya yok zaman""",
    "czech": """
        ale aby být chci co dobrý děkuji do jak jaký je jsem jsou jsme kde kdy kdo která který mi mít mohu můj
        moje na nebo není o od po prosím proč pro se si už v z za že""",
    "finnish": """
        ei en että haluan hei ja jos kanssa kiitos koska kuinka kun mikä minä minun missä miten mitä miksi mutta
        myös nyt olen on ole oli se siitä tai tämä voi voin voinko""",
    "hungarian": """
        a az és de egy ez ezt hogy hol ha hogyan igen is kell kérem köszönöm lehet meg mert mi mikor miért mit
        nem nincs szeretnék van vagy""",
    "romanian": """
        am ar ce cum cu când care că de din doresc este eu fără în la mai mea meu mi nu o pe pentru poate pot să
        sau sunt și unde un va vreau""",
    "indonesian": """
        ada adalah akan anda apa apakah bagaimana bisa dan dari dengan di ini itu jika kapan ke kenapa mana
        mohon pada saya sudah tidak tolong untuk yang""",
    "vietnamese": """
        anh bao bạn bị cho có của cần được đã để đi gì giúp hàng khi không là làm lại mình một muốn này nào như
        ở sao thế thì tôi tại và với về xin""",
}
_IN_NAMES = _words("à da de del den der des di dos du el la las le les los van von")  # also in English texts
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _text in _FOREIGN.items():
    for _word in _words(_text) - _ENGLISH - _IN_NAMES:
        _LANGUAGES_OF.setdefault(_word, []).append(_language)


def is_english(text: str, *, n_pieces: Callable[[str], int] | None = None) -> bool:
    """Whether nothing speaks loudly against it. `n_pieces`: into how many the encoder's vocabulary cuts a text.

    >>> is_english("Where is my parcel?"), is_english("Wo ist mein Paket?"), is_english("где моя посылка")
    (True, False, False)
    """
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text[:LONGEST])]
    letters = "".join(words).replace("'", "")
    if not letters:
        return True
    is_plain = letters.isascii()
    if not is_plain and sum(not _is_latin(each) for each in letters) >= max(2.0, FOREIGN_SHARE * len(letters)):
        return False
    english = sum(word in _ENGLISH for word in words)
    spoken = Counter(language for word in words for language in _LANGUAGES_OF.get(word, ()))
    foreign = max(spoken.values(), default=0)
    if foreign >= 2 and foreign > english:
        return False
    if is_plain or english or n_pieces is None or len(words) < FEWEST_WORDS:
        return True
    return n_pieces(text) < PIECES_PER_WORD * len(words)


def known_language(name: str, encoder: Encoder) -> Callable[[str], bool] | None:
    """Whether the encoder of this name knows the language of a text; None where that cannot be said.

    The default encoder was made for English. Of a configured one nothing is known: it may be of many languages, or of
    another one."""
    n_pieces: Callable[[str], int] | None = getattr(encoder, "n_pieces", None)
    if name != DEFAULT_ENCODER or n_pieces is None:
        return None
    return lambda text: is_english(text, n_pieces=n_pieces)


def _is_latin(letter: str) -> bool:
    return letter < "\x80" or unicodedata.name(letter, "").startswith("LATIN")

"""Words and terms: one spelling on both sides, in every script; and which language a text is in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.analysis import STOP_WORDS, fold, language_of, stem, term, terms, words
from kb.analysis.written import LONGEST

TEXTS = {
    "en": "You can send back what you do not like within sixty days, and we will pay for the parcel.",
    "es": "Puede devolver lo que no le guste en un plazo de sesenta días, y pagamos el envío.",
    "de": "Sie können alles, was Ihnen nicht gefällt, zurückschicken, und wir zahlen das Porto.",
    "fr": "Vous pouvez renvoyer ce qui ne vous plaît pas dans les soixante jours, et nous payons les frais du colis.",
    "it": "Si può restituire quello che non piace entro sessanta giorni, e la spedizione è gratuita, come sempre.",
    "pt": "Você pode devolver o que não gostar em sessenta dias, e nós pagamos o envio da encomenda para os clientes.",
    "nl": "U kunt terugsturen wat u niet bevalt binnen zestig dagen, en wij betalen de verzending van het pakket.",
    "ru": "Вы можете вернуть товар в течение шестидесяти дней.",
    "uk": "Ви можете повернути товар протягом шістдесяти днів, і ми сплатимо доставку.",
    "ar": "يمكنك إعادة ما لا يعجبك خلال ستين يومًا",
    "he": "אפשר להחזיר כל מוצר תוך שישים יום",
    "el": "Μπορείτε να επιστρέψετε το προϊόν εντός εξήντα ημερών",
    "ja": "六十日以内であれば返品できます。送料は当店が負担します。",
    "zh": "六十天内可以退货，运费由我们承担。",
    "ko": "육십일 이내에 반품할 수 있습니다",
    "th": "คุณสามารถส่งคืนสินค้าได้ภายในหกสิบวัน",
    "hi": "आप साठ दिनों के भीतर सामान लौटा सकते हैं",
}


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_of_a_text_is_told(language: str) -> None:
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Was kostet der Versand nach Deutschland?"),
        ("fr", "Combien coûte la livraison en France ?"),
        ("es", "Quiero hablar con una persona"),
        ("it", "Vorrei parlare con una persona"),
        ("nl", "Hoeveel kost verzending naar Nederland?"),
        ("pt", "Quero falar com uma pessoa"),
        ("en", "Where is my order?"),
    ],
)
def test_the_language_of_a_short_question_is_told(language: str, text: str) -> None:
    assert language_of(text) == language


def test_mixed_text_is_in_the_language_of_most_of_it() -> None:
    assert language_of(" ".join([TEXTS["de"]] * 5 + [TEXTS["en"]])) == "de"
    assert language_of(f"{TEXTS['ja']} Handrail 2.0 API") == "ja"
    assert language_of(f"{TEXTS['en']} {TEXTS['en']} 返品") == "en"


@pytest.mark.parametrize("text", ["", "🙂", "12 345", "---", "iPhone 15", "Ember 4"])
def test_what_is_in_no_language_is_left_open(text: str) -> None:
    assert language_of(text) == ""


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Straße", "STRASSE", "de"),
        ("Größe", "Grösse", "de"),
        ("Müller", "Mueller", "de"),
        ("Häuser", "Haus", "de"),
        ("Bestellungen", "Bestellung", "de"),
        ("devolución", "devoluciones", "es"),
        ("envíos", "envio", "es"),
        ("livrée", "livrés", "fr"),
        ("payée", "payer", "fr"),
        ("l'article", "articles", "fr"),
        ("parcels", "parcel's", "en"),
        ("Café", "cafe", "en"),
        ("Tromsø", "Tromso", "en"),
        ("e-mail", "email", "en"),
        ("FL-MT-045", "flmt045", "en"),
        ("الشَّحْن", "شحن", "ar"),
        ("أحمـــد", "احمد", "ar"),
        ("١٢", "12", "ar"),
        ("שָׁלוֹם", "שלום", "he"),
        ("ё", "е", "ru"),
        ("ＡＢＣ１２", "abc12", "ja"),
        ("ｶﾞｽ", "ガス", "ja"),
    ],
)
def test_two_spellings_are_one_term(one: str, other: str, language: str) -> None:
    assert terms(one, language)[0] == terms(other, language)[0] != ""


@pytest.mark.parametrize(
    ("one", "other"), [("14.95", "1495"), ("9:30", "930"), ("й", "и"), ("が", "か"), ("किताब", "कताब")]
)
def test_two_words_stay_two(one: str, other: str) -> None:
    assert words(one)[0] != words(other)[0]


def test_codes_and_compounds_are_kept_whole_and_in_parts() -> None:
    assert words("FL-MT-045") == ["flmt045", "fl", "mt", "045"]
    assert words("14.95") == ["14.95", "14", "95"]
    assert words("snake_case") == ["snake", "case"]


def test_scripts_without_spaces_give_characters_and_pairs() -> None:
    """Pairs carry the meaning; a question of one character still finds something."""
    assert words("返品") == ["返", "品", "返品"]
    assert set(words("品")) <= set(words("返品"))
    assert words("iPhone15ケース")[0] == "iphone15"


def test_words_of_indian_scripts_are_not_cut_at_their_vowels() -> None:
    assert words("किताब खरीदना।") == ["किताब", "खरीदना"]


def test_stop_words_are_those_of_the_language() -> None:
    assert term("die", "de") == "" != term("die", "en")
    assert term("the", "de") == "the"
    assert all(word == fold(word) for language in STOP_WORDS for word in STOP_WORDS[language])


def test_a_text_of_unknown_language_is_read_as_english_and_others_are_not_stemmed() -> None:
    assert terms("the returned parcels") == terms("the returned parcels", "en") == ["return", "parcel"]
    assert terms("spedizioni gratuite", "it") == ["spedizioni", "gratuite"]


def test_words_without_end_are_cut() -> None:
    assert words("a" * 10_000) == ["a" * LONGEST]
    assert max(map(len, words("x-" * 10_000 + "1"))) <= LONGEST


def test_threads_have_stemmers_of_their_own() -> None:
    said = [f"{word}{tail}" for word in ("return", "parcel", "deliver") for tail in ("", "s", "ed", "ing", "able")]
    alone = [stem.__wrapped__(word, "en") for word in said]
    with ThreadPoolExecutor(4) as pool:
        assert all(found == alone for found in pool.map(lambda _: [stem.__wrapped__(w, "en") for w in said], range(50)))


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    found = words(text)
    assert found == words(fold(text))
    assert all(0 < len(word) <= LONGEST for word in found)
    assert language_of(text) in {"", *TEXTS, "sv", "da", "pl", "tr", "cs", "ro", "id", "vi"}

"""The words of a comment: its language, its stems, and how the answer sounds.

The sentiment is decided by its rating; by the words of the comment only where the rating is in the middle.

4 and 5 are positive, 1 and 2 negative. At 3 the praising and the complaining words of the comment are counted, a word
after a negation for the other side; the greater number decides, and a tie is neutral. Words are compared by stems.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import snowballstemmer

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
CYRILLIC = re.compile(r"[Ѐ-ӿ]")
LATIN = re.compile(r"[A-Za-z]")

PRAISE = {
    "en": "good great excellent perfect wonderful awesome amazing best nice fast quick quickly friendly helpful polite"
    " easy love loved like liked happy pleased satisfied thank thanks recommend reliable fine fantastic super",
    "ru": "хорошо хороший отлично отличный прекрасно прекрасный замечательно замечательный супер лучший быстро быстрый"
    " вежливый приятно приятный удобно удобный нравится понравилось люблю рад доволен довольна спасибо рекомендую"
    " идеально надёжный класс молодцы",
}
COMPLAINT = {
    "en": "bad poor terrible awful horrible worst slow rude late broken wrong expensive disappointed disappointing"
    " useless hate never problem problems fail failed unhappy annoying confusing worse sad sadly angry",
    "ru": "плохо плохой ужасно ужасный кошмар худший медленно медленный долго грубый хамство опоздал опоздали сломан"
    " сломался дорого разочарован разочарована бесполезный ненавижу никогда проблема проблемы неудобно недоволен"
    " недовольна хуже печально жаль",
}
# Words that judge and yet tell what it is about.
TELLING = {
    "en": "slow late broken expensive rude polite friendly easy confusing reliable",
    "ru": "медленно медленный долго вежливый грубый хамство опоздал опоздали сломан сломался дорого удобно удобный"
    " неудобно надёжный",
}
# Words that say little of what a text is about, besides those that scikit-learn knows in English.
FUNCTION_WORDS = {
    "en": "again also back came come comes day days did didn does doesn don get gets getting got had hello hi honest"
    " honestly hour hours isn just like ll long lot made make makes many minute minutes month months need new"
    " ok okay one ones overall quite really said say says see still sure than thank thanks thing things time"
    " times today two use used using ve very want wanted wasn way week weeks went won year years yesterday",
    "ru": "без более больше был была были было быть вам вами вас ваш ваша ваше ваши вернусь весь вместо вот все"
    " всегда всего всем всех всю вся вчера вы где говоря год года да даже два две день для дней дня до другие"
    " другой его ее ей если есть еще жаль за здесь здравствуйте из или им иногда их как какой когда конечно"
    " которая которые который кто куда лет ли либо лучше меня месяц месяца минут минуты мне много можно мой моя"
    " мы на над надо нам нас наш наша наши не него недели неделю неделя нее ней нельзя нет ни нибудь никогда"
    " никто ним них ничего но норм нормально нормальный ну об один одна одно около он она они оно опять от"
    " очень перед по под пожалуйста пока после посмотрим потом потому почему почти при про просто раз раза"
    " разве с сам сама свой свою себя сегодня сейчас со совсем сожалению спасибо так также такой там тем теперь"
    " то тогда того тоже только том тот три тут ты уверен уверена уж уже хоть хотя целом час часа часов чего"
    " чем через честно что чтобы чуть эта эти это этого этой этом этот эту я",
}
NEGATIONS = {"en": {"not", "no", "n't", "never", "without", "hardly"}, "ru": {"не", "ни", "нет", "без"}}
STEMMERS = {"en": "english", "ru": "russian"}


def language_of(text: str, default: str) -> str:
    """``ru`` for a text of mostly Cyrillic letters, ``en`` for one of mostly Latin ones, else the default."""
    cyrillic, latin = len(CYRILLIC.findall(text)), len(LATIN.findall(text))
    if cyrillic == latin:
        return default
    return "ru" if cyrillic > latin else "en"


@cache
def stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(STEMMERS[language])


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, ``ё`` as ``е``, as Russians write it."""
    return [word.replace("’", "'").replace("ё", "е") for word in WORD.findall(text.lower())]


def stem(word: str, language: str) -> str:
    return stemmer(language).stemWord(word)


@cache
def stems(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """The stems of praising and of complaining words."""
    praise, complaint = (
        frozenset(stem(word, language) for word in words_of(texts[language])) for texts in (PRAISE, COMPLAINT)
    )
    return praise, complaint


@cache
def verdicts(language: str) -> frozenset[str]:
    """The stems of words that only praise or complain."""
    praise, complaint = stems(language)
    return (praise | complaint) - {stem(word, language) for word in words_of(TELLING[language])}


def balance(comment: str, language: str) -> int:
    """How many more words of the comment praise than complain."""
    praise, complaint = stems(language)
    total, negated = 0, False
    for word in words_of(comment):
        if word in NEGATIONS[language] or word.endswith("n't"):
            negated = True
            continue
        found = stem(word, language)
        value = (found in praise) - (found in complaint)
        total += -value if negated else value
        negated = negated and not value
    return total


def sentiment_of(rating: int, comment: str, language: str) -> str:
    score = rating - 3 or balance(comment, language)
    if score == 0:
        return "neutral"
    return "positive" if score > 0 else "negative"

"""Themes of short texts in one language. Knows nothing of the database; the same texts always give the same themes.

Each text becomes its word stems (Snowball) without function words and without words that only praise or complain,
weighted by tf-idf. Non-negative matrix factorisation (Lee and Seung, Nature 401, 1999; scikit-learn's ``NMF`` with the
deterministic NNDSVD start of Boutsidis and Gallopoulos, 2008) splits them into additive parts: the themes.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from ..words import FUNCTION_WORDS, stem, verdicts, words_of

FEWEST = 3  # Fewer texts have no themes, and a theme has so many.
MOST_THEMES = 20
TERMS = 12
SHARE_OF_BEST = 0.5  # A text has, besides its best theme, those that weigh at least half as much in it.
SAME = 0.4  # The least cosine of the terms at which a theme is one that was known before.

IGNORED = {
    "en": ENGLISH_STOP_WORDS | set(FUNCTION_WORDS["en"].split()),
    "ru": set(FUNCTION_WORDS["ru"].split()),
}


@dataclass(frozen=True)
class FoundTheme:
    """A theme: a label in words of the texts, the weight of its stems, and the texts (by position) with theirs."""

    label: str
    terms: dict[str, float]
    members: dict[int, float]


def terms_of(text: str, language: str) -> list[tuple[str, str]]:
    """The stems by which a text is told from others, each with the word that it stands for."""
    ignored, verdict = IGNORED[language], verdicts(language)
    words = [word for word in words_of(text) if len(word) > 2 and word not in ignored]
    pairs = [(stem(word, language), word) for word in words]
    return [(found, word) for found, word in pairs if found not in verdict]


def find_themes(texts: Sequence[str], language: str) -> list[FoundTheme]:
    """The themes of the texts, the most frequent first; none of fewer than three texts.

    There are about twice the fourth root of the number of texts: 4 of 20, 8 of 300, at most 20. Too fine a theme can
    be merged into another by hand, too coarse a one cannot be split.
    """
    pairs = [terms_of(text, language) for text in texts]
    documents = [[found for found, _ in each] for each in pairs]
    speaking = [number for number, each in enumerate(documents) if each]
    if len(speaking) < FEWEST:
        return []
    vectorizer = TfidfVectorizer(analyzer=_as_is, min_df=2, sublinear_tf=True)
    try:
        matrix = vectorizer.fit_transform([documents[number] for number in speaking])
    except ValueError:  # No word occurs twice.
        return []
    count = min(round(2 * len(speaking) ** 0.25), len(speaking) // FEWEST, MOST_THEMES, *matrix.shape)
    model = NMF(count, init="nndsvd", random_state=0, max_iter=500, tol=1e-3)
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # What is found after 500 rounds is good enough.
        weights = model.fit_transform(matrix)
    scale = np.linalg.norm(model.components_, axis=1)
    weights = weights * scale
    names = vectorizer.get_feature_names_out()
    surface = _surface(pairs)
    found = []
    for number, component in enumerate(model.components_):
        members = _members(weights, number, speaking)
        if len(members) >= min(FEWEST, len(speaking)):
            order = np.lexsort((names, -component))[:TERMS]
            terms = {
                str(names[at]): round(float(component[at] / scale[number]), 4) for at in order if component[at] > 0
            }
            found.append(FoundTheme(_label(terms, surface), terms, members))
    return sorted(found, key=lambda theme: (-len(theme.members), theme.label))


def _as_is(document: list[str]) -> list[str]:
    return document


def _members(weights: np.ndarray, theme: int, speaking: Sequence[int]) -> dict[int, float]:
    """The texts whose best theme this is, or in which it weighs at least half as much as the best; shares of 1."""
    best, total = weights.max(axis=1), weights.sum(axis=1)
    rows = np.flatnonzero((weights[:, theme] > 0) & (weights[:, theme] >= SHARE_OF_BEST * best))
    return {speaking[int(row)]: round(float(weights[row, theme] / total[row]), 4) for row in rows}


def _surface(pairs: Sequence[Sequence[tuple[str, str]]]) -> dict[str, str]:
    """The most frequent word of each stem; of equally frequent ones the first in the alphabet."""
    counted = Counter(pair for each in pairs for pair in each)
    words: dict[str, str] = {}
    for (found, word), _ in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        words.setdefault(found, word)
    return words


def _label(terms: Mapping[str, float], surface: Mapping[str, str]) -> str:
    """The heaviest words, three at most, as long as they weigh half as much as the first."""
    heaviest = max(terms.values())
    words = [surface[found] for found, weight in list(terms.items())[:3] if weight >= heaviest / 2]
    return ", ".join(words).capitalize()[:100]


def recognise(found: Sequence[Mapping[str, float]], known: Sequence[Mapping[str, float]]) -> dict[int, int]:
    """Which of the themes found is which known one, by position: the pairing with the greatest cosines in sum.

    Pairs that have less in common than ``SAME`` are none. (The Hungarian method, by ``scipy``.)
    """
    if not found or not known:
        return {}
    alike = np.array([[cosine(one, other) for other in known] for one in found])
    pairs = zip(*linear_sum_assignment(alike, maximize=True), strict=True)
    return {int(one): int(other) for one, other in pairs if alike[one, other] >= SAME}


def nearest(terms: Mapping[str, float], known: Sequence[Mapping[str, float]]) -> int | None:
    """The position of the known theme that is most like these terms, if one is enough like them."""
    alike = [cosine(terms, other) for other in known]
    best = max(range(len(alike)), key=alike.__getitem__, default=None)
    return best if best is not None and alike[best] >= SAME else None


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    product = sum(weight * other.get(name, 0.0) for name, weight in one.items())
    lengths = np.linalg.norm(list(one.values())) * np.linalg.norm(list(other.values()))
    return float(product / lengths) if lengths else 0.0

"""Themes: how well they are found, that they stay the same, and that what staff decided stays."""

from collections import Counter, defaultdict

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from sklearn.metrics import normalized_mutual_info_score

from feedback.models import Feedback, FeedbackTheme, Theme
from feedback.services import record_answer
from feedback.themes.finding import find_themes, recognise
from feedback.themes.refreshing import refresh
from tests.at_once import at_once
from tests.factories import CustomerFactory, FeedbackFactory

from .corpus import labelled_comments

PATH = "/dev/crm/feedback"


def quality(language, count, seed):
    """Purity, normalised mutual information, and the share of comments that have a theme."""
    comments = labelled_comments(language, count, seed)
    best = {}
    for number, theme in enumerate(find_themes([text for text, _ in comments], language)):
        for member, weight in theme.members.items():
            best[member] = max(best.get(member, (0, 0)), (weight, number))
    groups = defaultdict(Counter)
    for member, (_, number) in best.items():
        groups[number][comments[member][1]] += 1
    purity = sum(counted.most_common(1)[0][1] for counted in groups.values()) / len(best)
    truth = [comments[member][1] for member in best]
    nmi = normalized_mutual_info_score(truth, [number for _, number in best.values()])
    return purity, nmi, len(best) / count


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(("count", "purity", "nmi"), [(100, 0.85, 0.85), (600, 0.95, 0.85)])
def test_quality_on_labelled_comments(language, count, purity, nmi):
    found = [quality(language, count, seed) for seed in range(5)]
    assert sum(each[0] for each in found) / 5 >= purity
    assert sum(each[1] for each in found) / 5 >= nmi
    assert min(each[2] for each in found) >= 0.9


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_same_comments_give_the_same_themes(language):
    texts = [text for text, _ in labelled_comments(language, 200)]
    assert find_themes(texts, language) == find_themes(texts, language)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["Delivery was late"],
        ["the", "and", "!!!", "👍"],
        ["alpha", "beta", "gamma", "delta"],
        ["same words here"] * 50,
        ["delivery"] * 3,
        ["x" * 5_000] * 4,
    ],
)
def test_strange_texts_do_no_harm(texts):
    for theme in find_themes(texts, "en"):
        assert theme.label
        assert len(theme.members) >= 3


def test_what_only_praises_or_complains_is_no_theme():
    assert find_themes(["Great, excellent, thanks!"] * 10, "en") == []
    assert find_themes(["Отлично, спасибо!"] * 10, "ru") == []


def test_a_theme_is_known_again_by_its_terms():
    delivery, price = {"deliveri": 0.9, "courier": 0.4}, {"price": 1.0}
    later = {"deliveri": 0.8, "parcel": 0.5}
    assert recognise([price, later], [delivery, price]) == {0: 1, 1: 0}
    assert recognise([{"support": 1.0}], [delivery, price]) == {}
    assert recognise([], [price]) == {}


SAID = {
    "delivery": [
        "The courier was late",
        "Late courier, torn parcel",
        "Parcel late, courier rude",
        "Courier lost my parcel",
    ],
    "price": [
        "Price too high",
        "High price, hidden fees",
        "The price and the fees are high",
        "Fees on top of the price",
    ],
}


@pytest.fixture
def said(db):
    for rating, texts in ((2, SAID["delivery"]), (4, SAID["price"])):
        for text in texts:
            FeedbackFactory(rating=rating, comment=text)
    refresh()


def themes(client, query=""):
    return client.get(f"{PATH}/themes{query}").json()["results"]


def theme_about(client, word, query=""):
    return next(each for each in themes(client, query) if word in each["label"].lower())


def test_themes_tell_what_comments_are_about(manager, said):
    answer = manager.get(f"{PATH}/themes").json()
    assert (answer["comments"], answer["pending"]) == (8, 0)
    courier, price = theme_about(manager, "courier"), theme_about(manager, "price")
    assert (courier["count"], courier["percent"], courier["mean_rating"]) == (4, 50.0, 2.0)
    assert (price["count"], price["mean_rating"], price["language"]) == (4, 4.0, "en")
    assert courier["trend"] == {"direction": "up", "last_30_days": 4, "previous_30_days": 0}
    assert len(courier["quotes"]) == 3
    assert {each["comment"] for each in courier["quotes"]} <= set(SAID["delivery"])
    listed = manager.get(f"{PATH}?theme={courier['id']}").json()["results"]
    assert {each["comment"] for each in listed} == set(SAID["delivery"])


def test_what_staff_decide_a_new_search_keeps(manager, said):
    courier, price = theme_about(manager, "courier"), theme_about(manager, "price")
    assert manager.patch(f"{PATH}/themes/{courier['id']}", {"label": "Delivery"}).status_code == 200
    assert manager.patch(f"{PATH}/themes/{price['id']}", {"is_hidden": True}).status_code == 200
    for number in range(4):
        FeedbackFactory(rating=1, comment=f"The courier lost parcel {number}")
    refresh()
    found = themes(manager)
    assert [(each["id"], each["label"]) for each in found if each["id"] == courier["id"]] == [
        (courier["id"], "Delivery")
    ]
    assert price["id"] not in {each["id"] for each in found}
    assert theme_about(manager, "price", "?hidden=true")["id"] == price["id"]


def test_merged_themes_count_as_one_and_each_comment_once(manager, said):
    courier, price = theme_about(manager, "courier"), theme_about(manager, "price")
    FeedbackTheme.objects.create(
        feedback=Feedback.objects.filter(themes=courier["id"]).first(), theme_id=price["id"], weight=0.5
    )
    address = f"{PATH}/themes/{price['id']}"
    assert manager.patch(address, {"merged_into": courier["id"]}).json()["merged_into"] == courier["id"]
    refresh()
    (whole,) = themes(manager)
    assert (whole["id"], whole["count"], whole["mean_rating"]) == (courier["id"], 8, 3.0)
    assert manager.get(f"{PATH}?theme={courier['id']}").json()["count"] == 8
    answer = manager.patch(f"{PATH}/themes/{courier['id']}", {"merged_into": price["id"]})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["merged_into"])
    manager.patch(address, {"merged_into": None})
    assert len(themes(manager)) == 2


def test_chains_of_merges_end_in_one_whole(manager, db):
    first, second, third = (Theme.objects.create(label=label, language="en") for label in "abc")
    for part, whole in ((first, second), (second, third)):
        manager.patch(f"{PATH}/themes/{part.pk}", {"merged_into": str(whole.pk)})
    assert set(Theme.objects.filter(merged_into=third)) == {first, second}


def test_a_search_without_news_changes_nothing(said):
    before = list(Theme.objects.order_by("pk").values("pk", "version", "label"))
    links = set(FeedbackTheme.objects.values_list("feedback", "theme", "weight"))
    refresh()
    assert list(Theme.objects.order_by("pk").values("pk", "version", "label")) == before
    assert set(FeedbackTheme.objects.values_list("feedback", "theme", "weight")) == links


@pytest.mark.django_db(transaction=True)
def test_searches_at_once_find_each_theme_once():
    for texts in SAID.values():
        for text in texts:
            FeedbackFactory(rating=3, comment=text)
    at_once([refresh] * 4)
    assert Theme.objects.count() == 2
    assert FeedbackTheme.objects.count() == 8


def test_an_answer_has_a_worker_search_soon(manager):
    connection.cursor().execute("DELETE FROM procrastinate_jobs")
    jobs = ProcrastinateJob.objects.filter(task_name="feedback.tasks.refresh_themes")
    record_answer(feedback=FeedbackFactory(), actor=None, rating=5)
    assert not jobs.exists(), "Without a comment there is nothing to search."
    for _ in range(2):
        record_answer(feedback=FeedbackFactory(), actor=None, rating=5, comment="Quick courier")
    assert jobs.count() == 1
    assert manager.get(f"{PATH}/themes").json()["pending"] == 2


def test_themes_and_quotes_of_what_one_sees(said, sales):
    assert themes(sales) == []
    FeedbackFactory(customer=CustomerFactory(assigned_to=sales.user), rating=5, comment="Courier brought the parcel")
    refresh()
    (mine,) = themes(sales)
    assert (mine["count"], [each["comment"] for each in mine["quotes"]]) == (1, ["Courier brought the parcel"])
    assert sales.get(f"{PATH}/themes/{mine['id']}").status_code == 403


def test_only_managers_change_themes(said, support, manager):
    key = theme_about(support, "price")["id"]
    assert support.patch(f"{PATH}/themes/{key}", {"label": "Money"}).status_code == 403
    assert manager.patch(f"{PATH}/themes/{key}", {"label": ""}).status_code == 400
    assert not Theme.objects.get(pk=key).label_is_manual

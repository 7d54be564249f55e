"""Feedback and themes in the admin: asking, writing down an answer, handing over, putting themes in order."""

import pytest

from contacts.models import Task
from crm_project.access import services as access
from crm_project.mail.models import Mail
from feedback.models import Feedback, Theme
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import CustomerFactory, FeedbackFactory, OrderFactory, ThemeFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return client_of(UserFactory(groups=["Manager"]))


def send(client, address, form_id, **values):
    form = form_of(client.get(address), form_id)
    return client.post(address, form | values, follow=True)


def test_a_customer_is_asked_from_their_page(browser):
    customer = CustomerFactory(name="Jane Smith")
    page = text_of(browser.get(url("customers_customer_change", customer.pk)))
    address = f"{url('feedback_feedback_add')}?customer={customer.pk}"
    assert address in page
    response = send(browser, address, "feedback_form")
    assert response.status_code == 200
    made = Feedback.objects.get()
    assert (made.customer, made.status, made.created_by) == (customer, "open", browser.user)
    assert Mail.objects.get().to == customer.email
    response = send(browser, address, "feedback_form")
    assert "Jane Smith has been asked already and has not answered yet." in text_of(response)
    assert Feedback.objects.count() == 1


def test_only_about_an_order_of_the_customer(browser):
    address = url("feedback_feedback_add")
    values = {"customer": str(CustomerFactory().pk), "order": str(OrderFactory().pk)}
    assert "This is an order of another customer." in text_of(send(browser, address, "feedback_form", **values))
    assert not Feedback.objects.exists()


def test_sales_cannot_ask_a_customer_who_was_only_shared():
    rep = client_of(UserFactory(groups=["Sales"]))
    customer = CustomerFactory(assigned_to=UserFactory())
    access.set_shares(record=customer, shares=[access.Share(user=rep.user, verbs=["view", "change"])])
    response = send(rep, url("feedback_feedback_add"), "feedback_form", customer=str(customer.pk))
    assert "You may ask only your own customers" in text_of(response)
    assert not Feedback.objects.exists()


def test_an_answer_that_came_by_telephone_is_written_down(browser):
    owner = UserFactory()
    feedback = FeedbackFactory(customer=CustomerFactory(assigned_to=owner))
    address = url("feedback_feedback_change", feedback.pk)
    response = send(browser, address, "feedback_form", comment="Late", category="Delivery")
    assert "An answer needs a rating." in text_of(response)
    send(browser, address, "feedback_form", rating="2", comment="Late", category="Delivery")
    feedback.refresh_from_db()
    assert (feedback.status, feedback.rating, feedback.comment, feedback.category) == (
        "answered",
        2,
        "Late",
        "delivery",
    )
    assert Task.objects.get().assigned_to == owner
    page = text_of(browser.get(address))
    assert 'name="rating"' not in page
    assert 'name="comment"' not in page
    assert "2/5" in page


def test_feedback_is_filed_and_handed_over(browser):
    feedback, colleague = FeedbackFactory(rating=5, comment="Fine"), UserFactory()
    address = url("feedback_feedback_change", feedback.pk)
    send(browser, address, "feedback_form", category="price", assigned_to=str(colleague.pk))
    feedback.refresh_from_db()
    assert (feedback.category, feedback.assigned_to, feedback.comment) == ("price", colleague, "Fine")


@pytest.mark.parametrize("query", ["", "?q=late", "?rating=1", "?status__exact=answered", "?sentiment__exact=negative"])
def test_the_list_finds_it(browser, query):
    FeedbackFactory(rating=1, comment="The courier was late")
    assert "The courier was late" in text_of(browser.get(url("feedback_feedback_changelist") + query))


def test_who_does_not_see_the_customer_does_not_read_the_name():
    rep = client_of(UserFactory(groups=["Sales"]))
    feedback = FeedbackFactory(customer=CustomerFactory(name="Jane Hidden", assigned_to=UserFactory()), rating=5)
    access.set_shares(record=feedback, shares=[access.Share(user=rep.user, verbs=["view"])])
    for address in (url("feedback_feedback_changelist"), url("feedback_feedback_change", feedback.pk)):
        page = text_of(rep.get(address))
        assert "(not visible)" in page
        assert "Jane Hidden" not in page


def test_themes_are_named_hidden_and_merged(browser):
    theme, other = ThemeFactory(label="Courier, parcel"), ThemeFactory(label="Delivery")
    send(browser, url("feedback_theme_change", theme.pk), "theme_form", label="Parcels", merged_into=str(other.pk))
    theme.refresh_from_db()
    assert (theme.label, theme.label_is_manual, theme.merged_into) == ("Parcels", True, other)
    listed = url("feedback_theme_changelist")
    browser.post(listed, {"action": "hide", "_selected_action": [str(other.pk)]})
    assert Theme.objects.get(pk=other.pk).is_hidden
    assert "hidden" in text_of(browser.get(listed))
    response = send(browser, url("feedback_theme_change", other.pk), "theme_form", merged_into=str(theme.pk))
    assert "A theme cannot become a part of itself." in text_of(response)


def test_themes_are_shown_to_who_sees_all_feedback():
    assert client_of(UserFactory(groups=["Support"])).get(url("feedback_theme_changelist")).status_code == 200
    assert client_of(UserFactory(groups=["Sales"])).get(url("feedback_theme_changelist")).status_code == 403

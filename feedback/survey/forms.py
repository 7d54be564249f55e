from django import forms
from django.utils.translation import gettext_lazy as _

CATEGORIES = [
    ("", _("Everything")),
    ("product", _("The product")),
    ("delivery", _("The delivery")),
    ("support", _("The support")),
    ("price", _("The price")),
    ("other", _("Something else")),
]
RATINGS = [(1, _("Very bad")), (2, _("Bad")), (3, _("So-so")), (4, _("Good")), (5, _("Very good"))]


class SurveyForm(forms.Form):
    rating = forms.TypedChoiceField(
        choices=RATINGS, coerce=int, error_messages={"required": _("Please choose how you liked it.")}
    )
    category = forms.ChoiceField(choices=CATEGORIES, required=False)
    comment = forms.CharField(required=False, max_length=5_000, widget=forms.Textarea)

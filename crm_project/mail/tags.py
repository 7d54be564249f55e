"""The little that a mail's template may do: conditions, loops, and a few ways to write a value.

Nothing here loads, includes or reads anything, marks a value as safe, or can be made to write without end.
"""

from django import template
from django.template import defaultfilters, defaulttags

register = template.Library()

for tag in ("if", "for", "with", "comment"):
    register.tag(tag, defaulttags.register.tags[tag])

for name in ("capfirst", "date", "default", "first", "join", "length", "linebreaks", "linebreaksbr", "lower",
             "pluralize", "time", "title", "truncatechars", "truncatewords", "upper", "urlencode"):  # fmt: skip
    register.filter(name, defaultfilters.register.filters[name])

"""Cells that a spreadsheet would run as a formula: made harmless on export, and restored exactly on import.

A harmless cell begins with an apostrophe, by which spreadsheets know text. Text that looks like a cell made harmless
gets one more, so that taking one off always gives back what was there. (OWASP, "CSV Injection".)
"""

import re

# What is ignored in front of a formula: blanks of every kind, control characters, marks that have no width.
_BLANK = r"[\s\x00-\x1f\x7f\u00a0\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
_FORMULA = re.compile(rf"(?:{_BLANK}*[=+\-@|%＝＋－＠％｜﹢﹣﹦﹫−]|[\t\r\n])")
# Numbers, and telephone numbers in international form, do nothing in a spreadsheet and are left readable.
_HARMLESS = re.compile(r"-?\d+(?:[.,]\d+)?|\+[\d (][\d ().\-/]*(?: ?(?:ext\.?|x|доб\.?|#) ?\d{1,8})?")


def neutralise(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    if text[:1].isalnum():
        return text  # Most text, at a tenth of the price.
    return f"'{text}" if _would_run(text) else text


def restore(cell: str) -> str:
    """The text that ``neutralise`` made this cell of; any other cell as it is."""
    return cell[1:] if cell[:1] == "'" and _would_run(cell[1:]) else cell


def _would_run(text: str) -> bool:
    text = text.lstrip("'")
    return bool(_FORMULA.match(text)) and not _HARMLESS.fullmatch(text)

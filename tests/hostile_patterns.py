"""Regular expressions that people send to hurt, or that only JavaScript understands."""

HOSTILE = [
    # Nested quantifiers
    r"(a+)+$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(.*)*(.*)*(.*)*x$",
    r"^(a|a)*$",
    r"(\w+\s?)*!$",
    r"((a{1,255}){1,255}){1,255}",
    r"(x+x+)+y",
    r"(([^@]+)+@)+\.$",
    # Back references
    r"(a*)*\1b",
    r"^(.*)(.*)(.*)\1\2\3$",
    r"(.+)\1(.+)\2(.+)\3z",
    r"^(?:(.)(?=.*\1))+$",
    r"(.)(.)(.)(.)(.)(.)(.)(.)(.).*\9\8\7\6\5\4\3\2\1",
    r"\1(a)",
    # Long alternations and repetitions
    "|".join(chr(ord("a") + number % 26) * 2 for number in range(67)),
    "(" + "|".join("abcdefghij" for _ in range(18)) + ")",
    "(" * 95 + "a" + ")" * 95,
    "[" + "a-z" * 66 + "]",
    "." * 200,
    "(?=.*a)" * 28,
    "a?" * 66 + "a" * 66,
    ".{255}.{255}.{255}",
    # Broken
    r"(",
    r"[a",
    r"a{2,1}",
    r"*",
    "\\",
    # Only JavaScript
    r"(?<year>\d{4})-\k<year>",
    r"(?<=\$)\d+(\.\d*)?",
    r"\p{Script=Cyrillic}+",
    r"[^]*[]",
    r"\bфам\B\x2e\cJ\u{1F600}",
]

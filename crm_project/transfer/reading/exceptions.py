"""The one way in which a file as a whole is turned down."""


class UnreadableFile(Exception):
    """A file that cannot be read as a table.

    `message` is one sentence for the person who sent the file, `code` is stable and for programs, `line` is the line
    of the file (item of a JSON list, row of a sheet) that it is about, where there is one.
    """

    def __init__(self, message: str, code: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.line = line

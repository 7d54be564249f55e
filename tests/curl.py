"""A stand-in for curl, with the few options that the documentation uses, for machines that have none."""

import argparse
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

BOUNDARY = "----documentation"


def main():
    parser = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true", help="no effect: there is no progress meter")
    parser.add_argument("-S", action="store_true", help="no effect: errors are always shown")
    parser.add_argument("-I", dest="head", action="store_true")
    parser.add_argument("-G", dest="get", action="store_true")
    parser.add_argument("-X", dest="method")
    for option, name in (("-H", "headers"), ("-d", "data"), ("--data-urlencode", "encoded"), ("-F", "form")):
        parser.add_argument(option, dest=name, action="append", default=[])
    parser.add_argument("--data-binary", dest="binary")
    options = parser.parse_args()
    request = urllib.request.Request(options.url, method="HEAD" if options.head else options.method)
    add_body(request, options)
    for header in options.headers:
        name, _, value = header.partition(":")
        request.add_header(name.strip(), value.strip())
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        if options.head:
            print(
                f"HTTP/1.1 {answer.status}", *(f"{name}: {value}" for name, value in answer.headers.items()), sep="\r\n"
            )
        sys.stdout.flush()
        sys.stdout.buffer.write(answer.read())


def add_body(request, options):
    parts = [*options.data, *(encoded(each) for each in options.encoded)]
    if options.get:
        request.full_url += "?" + "&".join(parts)
    elif options.form:
        request.data = b"".join(map(form_part, options.form)) + f"--{BOUNDARY}--\r\n".encode()
        request.add_header("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    elif options.binary:
        request.data = content(options.binary)
    elif parts:
        request.data = "&".join(parts).encode()


def encoded(pair):
    name, _, value = pair.partition("=")
    return f"{name}={urllib.parse.quote(value, safe='')}"


def form_part(field):
    name, _, value = field.partition("=")
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
    if value.startswith("@"):
        path, _, filename = value.partition(";filename=")
        head += f'; filename="{filename or Path(path).name}"\r\nContent-Type: application/octet-stream'
        value = path
    return head.encode() + b"\r\n\r\n" + content(value) + b"\r\n"


def content(value):
    """What curl sends for a value: itself, or what is in the file or comes in when it begins with ``@``."""
    if not value.startswith("@"):
        return value.encode()
    return sys.stdin.buffer.read() if value == "@-" else Path(value[1:]).read_bytes()


if __name__ == "__main__":
    main()

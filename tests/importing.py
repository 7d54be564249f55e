"""Sending files to be imported, and reading the receipts."""

COUNTS = ("created", "updated", "unchanged", "skipped", "failed")


def send(client, path, content, content_type="text/csv", **options):
    query = "&".join(f"{name}={value}" for name, value in options.items())
    body = content if isinstance(content, bytes) else content.encode()
    return client.post(f"{path}?{query}" if query else path, body, content_type=content_type)


def receipt(client, path, content, content_type="text/csv", **options):
    """The job after an import; its counts add up."""
    response = send(client, path, content, content_type, **options)
    assert response.status_code == 200, response.json()
    job = response.json()
    assert job["rows"] == sum(job[count] for count in COUNTS)
    return job


def counts(job):
    return {count: job[count] for count in COUNTS if job[count]}


def errors_of(job):
    return [(each["line"], each["column"], each["message"]) for each in job["errors"]]


def download(client, path, **parameters):
    response = client.get(path, parameters)
    assert response.status_code == 200, response.json()
    return b"".join(response.streaming_content)

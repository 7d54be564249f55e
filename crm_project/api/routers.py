from rest_framework.routers import SimpleRouter


def router() -> SimpleRouter:
    """Addresses without a trailing slash, with typed ids, so that fixed words never collide with them."""
    return SimpleRouter(trailing_slash=False, use_regex_path=False)

def match_contact(*, name, email, phone):
    return None

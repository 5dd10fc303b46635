"""A shop on Django, as small as the tests allow."""

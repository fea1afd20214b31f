"""A case: what it claims, where it runs, and how it is tried."""

from collections import namedtuple

Case = namedtuple("Case", "name lane body")


def collector(cases):
    """A decorator that adds a function to the list as a case."""

    def case(name, lane):
        def add(body):
            cases.append(Case(name, lane, body))
            return body

        return add

    return case

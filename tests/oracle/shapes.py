"""Random outputs that are valid by botocore's service models, kept small."""

import functools

import botocore.exceptions
import botocore.loaders
import botocore.session


@functools.cache
def session():
    """One session, which reads botocore's own data only, whatever the user has, and caches it."""
    loader = botocore.loaders.Loader(
        extra_search_paths=[botocore.loaders.Loader.BUILTIN_DATA_PATH],
        include_default_search_paths=False,
    )
    made = botocore.session.Session()
    made.register_component("data_loader", loader)
    return made


def output_shape(service, operation):
    """The shape of an operation's output; None if botocore does not know it."""
    try:
        return session().get_service_model(service).operation_model(operation).output_shape
    except (
        botocore.exceptions.UnknownServiceError,
        botocore.exceptions.DataNotFoundError,
        botocore.model.OperationNotFoundError,
    ):
        return None


def sample(shape, rng, depth=0):
    """A random value of a shape; members are left out at will, deeper ones more often."""
    return SAMPLES.get(shape.type_name, text)(shape, rng, depth)


def structure(shape, rng, depth):
    members = shape.members
    if depth > 4 or not members:
        return {}
    share = min(0.8, (4 - depth * 0.7) / len(members))
    return {
        name: sample(member, rng, depth + 1)
        for name, member in members.items()
        if rng.random() < share
    }


def sequence(shape, rng, depth):
    count = 0 if depth > 4 else rng.choice((0, 1, 1, 2))
    return [sample(shape.member, rng, depth + 1) for _ in range(count)]


def mapping(shape, rng, depth):
    count = 0 if depth > 4 else rng.choice((0, 1, 2))
    return {f"key{i}": sample(shape.value, rng, depth + 1) for i in range(count)}


def text(shape, rng, _depth):
    if getattr(shape, "enum", None):
        return rng.choice(shape.enum)
    return rng.choice(("", "a", "text", "ÄÖ \"quoted\" 'text'", "null", "true", "0"))


SAMPLES = {
    "structure": structure,
    "list": sequence,
    "map": mapping,
    "boolean": lambda _shape, rng, _depth: rng.random() < 0.5,
    "integer": lambda _shape, rng, _depth: rng.choice((0, 1, 2, 5, -1)),
    "long": lambda _shape, rng, _depth: rng.choice((0, 1, 2**53 + 1, -1)),
    "float": lambda _shape, rng, _depth: rng.choice((0.0, 1.0, 0.5, -2.25)),
    "double": lambda _shape, rng, _depth: rng.choice((0.0, 1.0, 0.1, 1e16)),
    "timestamp": lambda _shape, rng, _depth: rng.choice(("2026-01-02T03:04:05Z", "2026-12-31")),
    "blob": lambda _shape, _rng, _depth: "AAEC",
    "string": text,
}

"""Documents made from JMESPath expressions: what has to be there for one to give a value.

The inverse is a guess where an expression has more than one answer or none; who needs certainty
evaluates the expression on the result.
"""


def merge(left, right):
    """Both fragments in one: objects by key, lists by position; otherwise the right one."""
    if isinstance(left, dict) and isinstance(right, dict):
        merged = dict(left)
        for key, value in right.items():
            merged[key] = merge(merged[key], value) if key in merged else value
        return merged
    if isinstance(left, list) and isinstance(right, list):
        longest = left if len(left) > len(right) else right
        merged = [merge(a, b) for a, b in zip(left, right)]
        return merged + longest[len(merged) :]
    return right


class Inverse:
    """Builds fragments with one random generator, `rng`."""

    def __init__(self, rng):
        self.rng = rng

    def build(self, node, want):
        """A fragment on which the parsed expression `node` gives `want`."""
        method = getattr(self, "build_" + node["type"], None)
        return {} if method is None else method(node, want)

    def build_field(self, node, want):
        return {node["value"]: want}

    def build_current(self, _node, want):
        return want

    build_identity = build_current

    def build_chain(self, node, want):
        for child in reversed(node["children"]):
            want = self.build(child, want)
        return want

    build_subexpression = build_pipe = build_index_expression = build_chain

    def build_index(self, node, want):
        index = max(-9, min(node["value"], 9))
        return [None] * index + [want] if index >= 0 else [want] + [None] * (-index - 1)

    def build_slice(self, _node, want):
        return want if isinstance(want, list) else [want]

    def build_projection(self, node, want):
        left, right = node["children"]
        items = want if isinstance(want, list) else [want]
        return self.build(left, [self.build(right, item) for item in items])

    def build_value_projection(self, node, want):
        left, right = node["children"]
        items = want if isinstance(want, list) else [want]
        members = {f"key{i}": self.build(right, item) for i, item in enumerate(items)}
        return self.build(left, members)

    def build_flatten(self, node, want):
        child = node["children"][0]
        items = want if isinstance(want, list) else [want]
        if items and (child["type"].endswith("projection") or self.rng.random() < 0.1):
            cut = self.rng.randint(0, len(items) - 1)
            items = [items[:cut], items[cut:]] if cut else [items]
        return self.build(child, items)

    def build_filter_projection(self, node, want):
        left, right, condition = node["children"]
        items = want if isinstance(want, list) else [want]
        kept = [merge(self.build(condition, True), self.build(right, item)) for item in items]
        dropped = [self.build(condition, False) for _ in range(self.rng.choice((0, 0, 1, 2)))]
        return self.build(left, kept + dropped)

    def build_comparator(self, node, want):
        left, right = node["children"]
        operator = node["value"] if want is True else NEGATED[node["value"]]
        literal = right["value"] if right["type"] == "literal" else self.rng.randint(1, 3)
        if operator in ("lt", "gt", "ne"):
            value = self.beyond(literal, -1 if operator == "lt" else 1)
        else:
            value = literal
        return merge(self.build(right, literal), self.build(left, value))

    def beyond(self, value, direction):
        """A value of the same type above or below."""
        if isinstance(value, bool):
            return not value
        if isinstance(value, (int, float)):
            return value + direction * self.rng.randint(1, 2)
        if isinstance(value, str):
            return value + "z" if direction > 0 else ""
        return None

    def build_and_expression(self, node, want):
        left, right = node["children"]
        if want is True:
            return merge(self.build(left, True), self.build(right, True))
        return self.build(self.rng.choice((left, right)), False)

    def build_or_expression(self, node, want):
        left, right = node["children"]
        if want is False:
            return merge(self.build(left, False), self.build(right, False))
        return self.build(self.rng.choice((left, right)), want)

    def build_not_expression(self, node, want):
        return self.build(node["children"][0], want is not True)

    def build_multi_select_list(self, node, want):
        fragment = {}
        values = want if isinstance(want, list) else []
        for child, value in zip(node["children"], values):
            fragment = merge(fragment, self.build(child, value))
        return fragment

    def build_multi_select_dict(self, node, want):
        fragment = {}
        for pair in node["children"]:
            if isinstance(want, dict) and pair["value"] in want:
                child = pair["children"][0]
                fragment = merge(fragment, self.build(child, want[pair["value"]]))
        return fragment

    def build_function_expression(self, node, want):
        arguments = node["children"]
        if not arguments:
            return {}
        if node["value"] == "length":
            count = want if isinstance(want, int) and 0 <= want < 9 else 1
            return self.build(arguments[0], [self.rng.choice(ITEMS) for _ in range(count)])
        if node["value"] in ("contains", "starts_with", "ends_with"):
            other = arguments[1].get("value") if len(arguments) > 1 else None
            return self.build(arguments[0], other if want is True else self.rng.choice(ITEMS))
        return self.build(arguments[0], want)


NEGATED = {"eq": "ne", "ne": "eq", "lt": "gte", "gte": "lt", "gt": "lte", "lte": "gt"}
ITEMS = ("a", "b", 1, {}, {"a": 1}, {"a": "x", "b": None}, True)

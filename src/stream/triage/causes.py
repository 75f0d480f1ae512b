"""Nodes of the taxonomy as policies name them."""


def below(node: str, other: str) -> bool:
    """Whether a root cause is another one, or part of it."""
    return node == other or node.startswith((f"{other}.", f"{other}/"))

from listener.console.presence import STALE_SECONDS, Presence


def test_who_is_here_until_they_are_silent_or_gone() -> None:
    now = [0.0]
    presence = Presence(lambda: now[0])
    assert presence.here("K-1", "Kim") == (["Kim"], True)
    assert presence.here("K-1", "Kim") == (["Kim"], False)
    assert presence.here("K-1", "Lea") == (["Kim", "Lea"], True)
    assert presence.here("K-2", "Lea") == (["Lea"], True)
    now[0] = STALE_SECONDS
    assert presence.here("K-1", "Lea") == (["Kim", "Lea"], False)
    now[0] = STALE_SECONDS + 1
    assert presence.here("K-1", "Lea") == (["Lea"], False), "Kim went without a word, which was seen before"
    assert presence.gone("K-1", "Lea") == []
    assert presence.gone("K-9", "Lea") == []

"""What a campaign's platforms show, in which order, and page by page."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from listener.chaos.inputs import make_inputs
from listener.chaos.platforms import PAGE, Platforms
from listener.chaos.posts import BACKLOG, SITES, Post


@pytest.fixture(scope="module")
def posts() -> tuple[Post, ...]:
    return make_inputs(5, 1500).posts


@pytest.fixture
def platforms(posts: tuple[Post, ...]) -> Platforms:
    return Platforms(posts)


def test_some_posts_are_edited_some_answered_some_unreadable(posts: tuple[Post, ...]) -> None:
    edited = {post.scoped for post in posts if post.revision}
    answered = {f"{post.site}/{post.fields['answer_to']}" for post in posts if post.fields.get("answer_to")}
    unreadable = {post.scoped for post in posts if not post.readable}
    assert min(len(edited), len(answered), len(unreadable)) >= 3
    assert not edited & answered
    assert not unreadable & (edited | answered)


def test_an_edit_or_answer_comes_after_its_post(posts: tuple[Post, ...]) -> None:
    first: dict[str, Post] = {}
    for post in posts:
        first.setdefault(post.scoped, post)
    assert all(first[post.scoped].revision == 0 for post in posts if post.revision)
    for post in posts:
        if original := post.fields.get("answer_to"):
            assert first[f"{post.site}/{original}"].share < post.share


def test_a_backlog_is_there_at_once_and_everything_in_the_end(
    posts: tuple[Post, ...], platforms: Platforms
) -> None:
    at_once = sum(map(len, platforms.shown().values()))
    assert at_once == len([post for post in posts if post.share == 0.0])
    assert at_once > BACKLOG * len({post.scoped for post in posts}) / 2
    platforms.begin(time.time() - 10, 5)
    assert {post.scoped for shown in platforms.shown().values() for post in shown} == {
        post.scoped for post in posts
    }


def test_pages_show_each_post_once_the_last_changed_first(
    posts: tuple[Post, ...], platforms: Platforms
) -> None:
    platforms.begin(time.time() - 10, 5)
    for site in SITES:
        pages: list[list[Mapping[str, Any]]] = []
        while page := platforms.page(site, len(pages) + 1):
            pages.append(page)
        assert {len(page) for page in pages[:-1]} == {PAGE}
        told = [fields for page in pages for fields in page]
        last = {post.name: post for post in posts if post.site == site}
        assert sorted(fields["id"] for fields in told) == sorted(last)
        assert all(last[fields["id"]].fields == fields for fields in told)
        shares = [last[fields["id"]].share for fields in told]
        assert shares == sorted(shares, reverse=True)

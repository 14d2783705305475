"""Topics and filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from casita_mqtt._message import Message
from casita_mqtt._topics import Subscription, TopicIndex, valid_filter, valid_topic

_LEVEL = st.sampled_from(["a", "b", "", "$SYS", "ä"])
_TOPICS = st.lists(_LEVEL, min_size=1, max_size=4).map("/".join).filter(bool)
_FILTERS = (
    st.tuples(st.lists(st.one_of(_LEVEL, st.just("+")), max_size=4), st.sampled_from([[], ["#"]]))
    .map(lambda parts: "/".join([*parts[0], *parts[1]]))
    .filter(bool)
)


def _subscription(filter: str, index: TopicIndex | None = None, qos: int = 0) -> Subscription:
    def forget(one: Subscription) -> None:
        if index is not None:
            index.remove(one)

    one = Subscription(filter, lambda _: None, qos=qos, owner="test", on_cancel=forget)
    if index is not None:
        index.add(one)
    return one


@pytest.mark.parametrize("topic", ["a", "a/b", "/", "a//b", "ä/ö", "$SYS/x", "x" * 65_535])
def test_these_are_topics(topic: str) -> None:
    assert valid_topic(topic) == topic


@pytest.mark.parametrize("topic", ["", "a/+", "#", "a\0b", "x" * 65_536, "ä" * 40_000])
def test_these_are_no_topics(topic: str) -> None:
    with pytest.raises(ValueError, match=r"topic|wildcards"):
        valid_topic(topic)


@pytest.mark.parametrize("filter", ["a", "+", "#", "+/+", "a/+/b", "a/#", "+/#", "/+"])
def test_these_are_filters(filter: str) -> None:
    assert valid_filter(filter) == filter


@pytest.mark.parametrize("filter", ["", "a+", "+a/b", "a/#/b", "#a", "a#", "a\0"])
def test_these_are_no_filters(filter: str) -> None:
    with pytest.raises(ValueError, match=r"topic|stands for"):
        valid_filter(filter)


@given(filters=st.lists(_FILTERS, max_size=8), topic=_TOPICS)
def test_the_index_matches_as_the_library_does(filters: list[str], topic: str) -> None:
    index = TopicIndex()
    for filter in filters:
        _subscription(filter, index)

    found = sorted(one.filter for one in index.match(topic))

    assert found == sorted(one for one in filters if topic_matches_sub(one, topic))


@given(filters=st.lists(_FILTERS, max_size=8), topic=_TOPICS, data=st.data())
def test_what_is_cancelled_is_as_if_it_had_never_been(
    filters: list[str], topic: str, data: st.DataObject
) -> None:
    index, fresh = TopicIndex(), TopicIndex()
    for filter in filters:
        keep = data.draw(st.booleans())
        one = _subscription(filter, index)
        if keep:
            _subscription(filter, fresh)
        else:
            one.cancel()
            one.cancel()

    assert index.filters() == fresh.filters()
    assert len(index.match(topic)) == len(fresh.match(topic))


def test_the_highest_quality_of_service_is_asked_for() -> None:
    index = TopicIndex()
    for filter, qos in (("a", 0), ("a", 2), ("b/#", 1), ("b/#", 0)):
        _subscription(filter, index, qos)

    assert index.filters() == {"a": 2, "b/#": 1}
    assert (index.qos("a"), index.qos("b/#"), index.qos("c"), index.qos("c/#")) == (
        2,
        1,
        None,
        None,
    )


def _kept(payload: str) -> Message:
    return Message("t", payload.encode(), retain=True)


def test_a_kept_message_is_news_once_for_each_connection() -> None:
    one = _subscription("t")

    heard = [one.is_news(_kept(payload), 1) for payload in ("x", "x", "y")]

    assert heard == [True, False, False]


@pytest.mark.parametrize(("payload", "news"), [("last", False), ("other", True)])
def test_after_a_reconnect_a_kept_message_is_news_if_it_is_not_what_came_last(
    payload: str, news: bool
) -> None:
    one = _subscription("t")
    one.is_news(_kept("first"), 1)
    one.is_news(Message("t", b"last"), 1)

    assert one.is_news(_kept(payload), 2) is news


def test_a_message_that_was_not_kept_is_always_news() -> None:
    one = _subscription("t")

    assert [one.is_news(Message("t", b"x"), 1) for _ in range(3)] == [True, True, True]

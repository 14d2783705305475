"""Whatever happens in whatever order, an entity shows what its template would give now."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from casita.testing import House
from casita_automations.parts import Parts
from casita_automations.values import jsonable

TEMPLATES = (
    "{{ states('sensor.a') }}",
    "{{ states('sensor.b') if is_state('sensor.a', '1') else states('sensor.c') }}",
    "{{ states('sensor.' ~ states('sensor.a')) }}",
    "{{ state_attr('sensor.b', 'x') }}",
    "{{ ['sensor.a', 'sensor.b'] | map('states') | join(',') }}",
    "{{ states.sensor.c.state if states.sensor.c else 'none' }}",
    "{{ expand('group.all') | map(attribute='state') | list | count }}",
    "{{ states('sensor.derived_0') }}!",
)
CHANGES = st.tuples(
    st.sampled_from(("sensor.a", "sensor.b", "sensor.c")),
    st.sampled_from(("1", "2", "b", "c", "unavailable")),
    st.integers(0, 2),
)
STEPS = st.lists(st.one_of(CHANGES, st.just("crash"), st.just("pass")), max_size=12)


@given(chosen=st.lists(st.sampled_from(TEMPLATES), min_size=1, max_size=4), steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_entities_follow_all_that_their_templates_read(chosen: list[str], steps: list[Any]) -> None:
    chosen = ["{{ states('sensor.a') }}", *chosen]
    sensors = [
        {"name": f"Derived {number}", "state": source, "attributes": {"same": source}}
        for number, source in enumerate(chosen)
    ]
    with House({"template": [{"sensor": sensors}], "group": {"all": ["sensor.a"]}}) as house:
        for step in steps:
            if step == "crash":
                house.crash()
            elif step == "pass":
                house.passes(61)
            else:
                entity_id, state, x = step
                house.sees(entity_id, state, x=x)

        engine = Parts.of(house.kernel).templates
        for number, source in enumerate(chosen):
            fresh = engine.template(source).render({})
            text = engine.template(source).render_text({})
            found = house.state(f"sensor.derived_{number}")
            assert found is not None
            assert found.state == ("unknown" if fresh is None else text)
            assert found.attributes["same"] == jsonable(fresh)


@given(steps=st.lists(st.sampled_from(("go", "crash", "other", "pass")), max_size=15))
@settings(max_examples=40, deadline=None)
def test_a_triggered_count_loses_nothing_across_crashes(steps: list[str]) -> None:
    block = {
        "triggers": [{"trigger": "event", "event_type": "go"}],
        "sensor": {
            "name": "Count",
            "state": "{{ this.state | int(0) + 1 }}",
            "attributes": {
                "seen": "{{ this.attributes.get('seen', []) + [trigger.event.data.n] }}"
            },
        },
    }
    with House({"template": [block]}) as house:
        for number, step in enumerate(steps):
            if step == "crash":
                house.crash()
            elif step == "pass":
                house.passes(90)
            else:
                house.fires(step, n=number)

        went = [number for number, step in enumerate(steps) if step == "go"]
        found = house.state("sensor.count")
        assert found is not None
        assert found.state == (str(len(went)) if went else "unknown")
        assert found.attributes.get("seen", []) == went

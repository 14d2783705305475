"""Who is who in the house lasts, whatever restarts and however things are renamed."""

from __future__ import annotations

import pytest

from casita.errors import CasitaError, UnknownEntity
from casita.kernel import Kernel
from casita.model import DeviceInfo, EntityEntry, Target
from casita_config import Configuration

LAMP = DeviceInfo(identifiers=["lamp-1"], name="Lamp", suggested_area="Hall")


def _add(kernel: Kernel, unique_id: str = "a", **more: str | None) -> EntityEntry:
    return kernel.registry.add_entity(
        source="test", unique_id=unique_id, domain="light", name="Hall Lamp", **more
    )


def test_the_same_unique_id_is_the_same_entity(kernel: Kernel) -> None:
    first = _add(kernel)

    second = _add(kernel)

    assert first == second
    assert first.entity_id == "light.hall_lamp"


def test_a_taken_entity_id_gets_a_number(kernel: Kernel) -> None:
    ids = [_add(kernel, unique_id).entity_id for unique_id in "abc"]

    assert ids == ["light.hall_lamp", "light.hall_lamp_2", "light.hall_lamp_3"]


def test_everything_is_there_after_a_restart(kernel: Kernel) -> None:
    device = kernel.registry.add_device("test", LAMP)
    entry = _add(kernel, device_id=device.id)

    again = Kernel.assemble(Configuration.from_mapping({}), kernel.clock, kernel.log)
    again.restore()

    assert again.registry.find("test", "a") == entry
    assert again.registry.find_device("test", ["lamp-1"]) == device
    area = again.registry.area_of(entry.entity_id)
    assert area is not None
    assert area.name == "Hall"


def test_a_renamed_entity_keeps_its_identity_and_its_old_names(kernel: Kernel) -> None:
    _add(kernel)

    kernel.registry.rename_entity("light.hall_lamp", "light.entrance")

    entry = kernel.registry.find("test", "a")
    assert entry is not None
    assert (entry.entity_id, list(entry.previous_ids)) == ("light.entrance", ["light.hall_lamp"])
    assert kernel.registry.entities.get("light.hall_lamp") is None


@pytest.mark.parametrize("wrong", ["sensor.entrance", "light.", "Light Hall"])
def test_a_wrong_new_name_is_refused(kernel: Kernel, wrong: str) -> None:
    _add(kernel)

    with pytest.raises(CasitaError, match=r"has the form light\.some_name"):
        kernel.registry.rename_entity("light.hall_lamp", wrong)


def test_a_taken_new_name_is_refused(kernel: Kernel) -> None:
    _add(kernel, "a")
    _add(kernel, "b")

    with pytest.raises(CasitaError, match="taken"):
        kernel.registry.rename_entity("light.hall_lamp", "light.hall_lamp_2")


def test_an_unknown_entity_is_named_with_the_nearest(kernel: Kernel) -> None:
    _add(kernel)

    with pytest.raises(UnknownEntity, match=r"Did you mean 'light\.hall_lamp'"):
        kernel.registry.update_entity("light.hall_lmp", labels=["x"])


def test_a_known_device_is_brought_up_to_date_and_keeps_what_a_person_said(kernel: Kernel) -> None:
    device = kernel.registry.add_device("test", LAMP)
    kernel.registry.update_device(device.id, name_by_user="Grandma's lamp")

    newer = kernel.registry.add_device(
        "test", DeviceInfo(identifiers=["lamp-1"], name="Lamp", sw_version="2")
    )

    assert (newer.id, newer.sw_version, newer.shown_name) == (device.id, "2", "Grandma's lamp")
    assert newer.area_id == device.area_id


def test_targets_resolve_to_entities_each_once(kernel: Kernel) -> None:
    device = kernel.registry.add_device("test", LAMP)
    entry = _add(kernel, device_id=device.id)
    other = _add(kernel, "b")
    kernel.registry.update_entity(other.entity_id, labels=["night"])

    found = kernel.registry.resolve(
        Target(
            entity_id=[entry.entity_id],
            device_id=[device.id],
            area_id=["hall"],
            label_id=["night"],
        )
    )

    assert found == (entry.entity_id, other.entity_id)


def test_members_follow_changes(kernel: Kernel) -> None:
    entry = _add(kernel)
    before = kernel.registry.entities_with_label("night")
    kernel.registry.update_entity(entry.entity_id, labels=["night"])

    after = kernel.registry.entities_with_label("night")

    assert (before, after) == ((), (entry.entity_id,))


def test_each_change_is_an_event(kernel: Kernel) -> None:
    device = kernel.registry.add_device("test", DeviceInfo(identifiers=["x"], name="X"))
    _add(kernel, device_id=device.id)
    kernel.registry.rename_entity("light.hall_lamp", "light.b")
    kernel.registry.remove_device(device.id)

    assert [(event.type, event.subject) for event in kernel.log.scan()] == [
        ("device.added", device.id),
        ("entity.added", "light.hall_lamp"),
        ("entity.renamed", "light.hall_lamp"),
        ("entity.removed", "light.b"),
        ("device.removed", device.id),
    ]

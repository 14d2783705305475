"""Casita's configuration: YAML that knows its lines, includes, secrets, schemas."""

from casita_config._document import Labelled
from casita_config.configuration import Configuration, load_config
from casita_config.entity_options import entities, entities_in, entity
from casita_config.errors import CasitaError, ConfigError, Problem, did_you_mean, nearest
from casita_config.household import (
    AreaSettings,
    EntitySettings,
    FloorSettings,
    LabelSettings,
)
from casita_config.loader import Loaded, load, load_text, load_tolerantly
from casita_config.nodes import (
    Broken,
    Input,
    NodeDict,
    NodeList,
    NodeStr,
    Place,
    Secret,
    SecretStr,
    as_nodes,
    joined,
    key_path,
    leaves,
    place_of,
    plain,
    rebuilt,
    renamed,
    without,
)
from casita_config.redact import Redactor
from casita_config.schemas import duration
from casita_config.settings import HomeSettings, HttpSettings, LogSettings, NetworkSettings
from casita_config.validation import validate, validate_entries, validate_items

__all__ = [
    "AreaSettings",
    "Broken",
    "CasitaError",
    "ConfigError",
    "Configuration",
    "EntitySettings",
    "FloorSettings",
    "HomeSettings",
    "HttpSettings",
    "Input",
    "LabelSettings",
    "Labelled",
    "Loaded",
    "LogSettings",
    "NetworkSettings",
    "NodeDict",
    "NodeList",
    "NodeStr",
    "Place",
    "Problem",
    "Redactor",
    "Secret",
    "SecretStr",
    "as_nodes",
    "did_you_mean",
    "duration",
    "entities",
    "entities_in",
    "entity",
    "joined",
    "key_path",
    "leaves",
    "load",
    "load_config",
    "load_text",
    "load_tolerantly",
    "nearest",
    "place_of",
    "plain",
    "rebuilt",
    "renamed",
    "validate",
    "validate_entries",
    "validate_items",
    "without",
]

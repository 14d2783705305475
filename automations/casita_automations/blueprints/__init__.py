"""Blueprints: automations and scripts with gaps that their users fill."""

from casita_automations.blueprints.blueprint import HOME_ASSISTANT as HOME_ASSISTANT
from casita_automations.blueprints.blueprint import Blueprint as Blueprint
from casita_automations.blueprints.blueprint import BlueprintInput as BlueprintInput
from casita_automations.blueprints.blueprint import parsed as parsed
from casita_automations.blueprints.plausible import plausible_inputs as plausible_inputs
from casita_automations.blueprints.shelf import FOLDER as FOLDER
from casita_automations.blueprints.shelf import Blueprints as Blueprints

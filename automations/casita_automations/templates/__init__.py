"""Templates: Jinja with Home Assistant's functions, filters, tests and native results."""

from casita_automations.templates.engine import Reads as Reads
from casita_automations.templates.engine import Template as Template
from casita_automations.templates.engine import Templates as Templates
from casita_automations.templates.results import TemplateError as TemplateError
from casita_automations.templates.results import as_boolean as as_boolean
from casita_automations.templates.results import is_template as is_template
from casita_automations.templates.structures import Value as Value
from casita_automations.templates.structures import compiled_value as compiled_value

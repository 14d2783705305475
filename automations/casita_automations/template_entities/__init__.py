"""Entities that the configuration makes of templates: ``template:``, in the old spelling too."""

from casita.plugin import Plugin
from casita_automations.template_entities.component import TemplateEntities
from casita_automations.template_entities.declared import SECTION
from casita_automations.template_entities.old_spelling import CONTAINERS

plugin = Plugin("template", version="0.1.0")
plugin.component(TemplateEntities)
plugin.add_section(SECTION, description="Entities whose states are templates.")
for _domain in CONTAINERS:
    plugin.add_section(_domain, description="Template entities in the old spelling.")

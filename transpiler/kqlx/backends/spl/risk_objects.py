"""Whom and what an alert is about: users, hosts and addresses among a rule's fields, which are risk
objects in Splunk, and what may be a sign of a threat, its threat objects.

https://help.splunk.com/en/splunk-enterprise-security-8/administer/8.0/risk-based-alerting; the
types of threat objects are those of contentctl (https://github.com/splunk/contentctl).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

from kqlx.backends.counted_fields import SERVICE_OF_RECORDS
from kqlx.backends.spl.keys import Key, plain_name
from kqlx.backends.spl.multiple_sources import Together
from kqlx.backends.spl.result_fields import KeyBuilder
from kqlx.backends.spl.syntax import eval_name
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_values import InColumn, resolve
from kqlx.nodes import FieldTest, Pattern, walk
from kqlx.notes import Effect
from kqlx.records import dataclass, replace
from kqlx.regexes import late_regex
from kqlx.rules.forms import grouped_by, groups_events
from kqlx.rules.model import Rule
from kqlx.rules.suppression import suppressed_by

Kind = Literal["user", "system", "other", "threat"]

_USER = late_regex(r"(?:[\w.]+\.)?user\.(?:(?:target|effective)\.)?(?:name|id|email)")
_USERS = frozenset(
    [
        "aws.cloudtrail.user_identity.arn",
        "azure.activitylogs.identity.claims_initiated_by_user.name",
        "azure.auditlogs.properties.initiated_by.user.userPrincipalName",
        "azure.signinlogs.properties.user_principal_name",
        "kubernetes.audit.user.username",
        "o365.audit.UserId",
        "okta.actor.alternate_id",
        "okta.actor.id",
    ]
)
_HOST = late_regex(r"host\.(?:name|hostname|id|ip)|winlog\.computer_name")
_ADDRESS = late_regex(r"(?:source|client|destination|server)\.(?:ip|address)|okta\.client\.ip")
_OTHER = late_regex(r"cloud\.(?:account|instance)\.id")
_THREATS = (
    (late_regex(r"process\.name"), "process_name"),
    (late_regex(r"process\.executable|file\.path"), "file_path"),
    (late_regex(r"process\.command_line"), "process"),
    (late_regex(r"process\.parent\.name"), "parent_process_name"),
    (late_regex(r"process\.parent\.(?:command_line|executable)"), "parent_process"),
    (late_regex(r"file\.name|dll\.name"), "file_name"),
    (late_regex(r"(?:file|process|dll)\.hash\.\w+"), "file_hash"),
    (late_regex(r"dns\.question\.name|(?:url|destination)\.domain"), "domain"),
    (late_regex(r"url\.(?:full|original)"), "url"),
    (late_regex(r"user_agent\.original"), "http_user_agent"),
    (late_regex(r"registry\.path"), "registry_path"),
    (late_regex(r"registry\.value"), "registry_value_name"),
    (late_regex(r"service\.name"), "service"),
)

_USUAL = ("user.id", "user.name", "user.email", "host.name", "source.ip", "destination.ip")
"""Where no field of the rule says whom an alert is about, one of these that the events have."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A field of the results by its name there. ``kind`` is that of a risk object, or "threat";
    ``type`` then the type of the threat object, else the kind again. ``step`` is the command that
    makes the field of several columns, "" where events have it.
    """

    name: str
    kind: Kind
    type: str
    step: str = ""

    @property
    def is_risk(self) -> bool:
        return self.kind != "threat"


def entities(rule: Rule, bound: Bound, several: bool, has_risk: bool = False) -> tuple[Entity, ...]:
    """Risk objects and threat objects, each field once. Addresses are risk objects where there is
    no user or host, and threat objects beside them. ``has_risk``: others than these are there.
    """
    found: dict[str, tuple[str, Entity]] = {}
    for field, name, step in _names(rule, bound, several):
        kind, type = _kind(field)
        is_covered = name in found or any(eval_name(other) in step for other in found)
        if kind and not is_covered:
            found[name] = (field, Entity(name, kind, type, step))
    has_usual = bound.pack is not None and not (several and groups_events(rule))
    if has_usual and not has_risk and not any(entity.is_risk for _, entity in found.values()):
        keys = key_builder(rule, bound, several)
        usual = _USUAL[1:] if bound.source == SERVICE_OF_RECORDS else _USUAL
        for field in usual:
            if _is_name_for_id(bound, field):
                continue
            key = keys.visible(field) or _combined(rule, keys, field)
            if key is not None and key.name not in found:
                kind, type = _kind(field)
                assert kind
                found[key.name] = (field, Entity(key.name, kind, type, key.step))
                break
    return _without_addresses([*found.values()])


def _is_name_for_id(bound: Bound, field: str) -> bool:
    """Whether the results have the name of an account for its ID: those of services are the same on
    all hosts, whose risks would be one.
    """
    found = resolve(bound, field)
    return field == "user.id" and isinstance(found, InColumn) and found.is_substitute


def _without_addresses(found: list[tuple[str, Entity]]) -> tuple[Entity, ...]:
    """Fields with what they are; addresses are no risk objects beside users and hosts."""
    names_user_or_host = any(
        e.kind in ("user", "system") and not _ADDRESS.fullmatch(f) for f, e in found
    )
    return tuple(
        replace(entity, kind="threat", type="ip_address")
        if names_user_or_host and _ADDRESS.fullmatch(field)
        else entity
        for field, entity in found
    )


def shared_entities(together: Together | None) -> tuple[Entity, ...]:
    """The risk objects and threat objects among the keys of a sequence or a sample, and of its
    earlier events.
    """
    found: list[tuple[str, Entity]] = []
    for field, name in together.keys if together is not None else ():
        kind, type = _kind(field)
        if kind:
            found.append((field, Entity(name, kind, type)))
    earlier = together.earlier if together is not None else ()
    more = [Entity(name, cast("Kind", kind), type) for name, kind, type in earlier]
    return (*_without_addresses(found), *more)


def visible_fields(rule: Rule, bound: Bound, several: bool) -> tuple[str, ...]:
    """The fields that grouped results keep beside their counts: those of the entities, those that
    alerts are suppressed by and those that are to be looked at first.
    """
    if several and groups_events(rule):
        return tuple(dict.fromkeys(map(plain_name, fields_to_keep(rule))))
    keys = key_builder(rule, bound, several)
    found = [entity.name for entity in entities(rule, bound, several)]
    for field in fields_to_keep(rule):
        key = keys.visible(field)
        if key is not None and not key.name.startswith("_"):
            found.append(key.name)
    return tuple(dict.fromkeys(found))


def key_builder(
    rule: Rule, bound: Bound, several: bool, finer: Effect = Effect.WIDER
) -> KeyBuilder:
    """The names that fields have in the results of a rule: of one that counts or compares events of
    several data sources those that these have in common.
    """
    return KeyBuilder(bound, finer, several and groups_events(rule))


def _names(rule: Rule, bound: Bound, several: bool) -> Iterator[tuple[str, str, str]]:
    """Elastic fields that the rule uses and that are of a kind, each with its name in the results
    and what makes it.
    """
    keys = key_builder(rule, bound, several)
    for field in grouped_by(rule):
        if name := keys.key(field).name:
            yield field, name, ""
    tested = () if keys.common_names else _tested(bound)
    for field in dict.fromkeys((*fields_to_keep(rule), *tested)):
        if _kind(field)[0] is None or _is_name_for_id(bound, field):
            continue
        key = keys.visible(field) or _combined(rule, keys, field)
        if key is not None:
            yield field, key.name, key.step


def _combined(rule: Rule, keys: KeyBuilder, field: str) -> Key | None:
    """A field that is made of several columns, in results that are single events."""
    return None if groups_events(rule) else keys.joined(field)


def fields_to_keep(rule: Rule) -> tuple[str, ...]:
    """The fields beside those of the query that a reader of the results needs."""
    return tuple(dict.fromkeys([*suppressed_by(rule), *rule.investigation_fields]))


def _tested(bound: Bound) -> list[str]:
    """The fields of the query's tests, each once."""
    tests = [test for test in walk(bound.node) if isinstance(test, FieldTest)]
    names = {test.field.name: None for test in tests if not isinstance(test.field, Pattern)}
    return [bound.column(name).field for name in names]


def _kind(field: str) -> tuple[Kind | None, str]:
    if field in _USERS or _USER.fullmatch(field):
        return "user", "user"
    if _HOST.fullmatch(field) or _ADDRESS.fullmatch(field):
        return "system", "system"
    if _OTHER.fullmatch(field):
        return "other", "other"
    for form, type in _THREATS:
        if form.fullmatch(field):
            return "threat", type
    return None, ""

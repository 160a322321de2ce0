"""Arrays of JSON on the way to a value: Elasticsearch looks into every object of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.mappings.json_arrays import KUBERNETES, array_places, spellings
from kqlx.mappings.reader.builtin import builtin
from kqlx.notes import Effect
from tests.conftest import examples
from tests.oracles.kusto import analyse
from tests.oracles.pack_events import EventFile, Stored, judged

VALUES = ("v", "w", "vw", "a]b", 'q"r', "x\\y", "5", "true")
SCALARS = st.sampled_from([*VALUES, 5, True, None])


def documents(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with arrays of values and of objects at any level; a key holds values or objects,
    as Elasticsearch wants it.
    """
    values = st.dictionaries(
        st.sampled_from("xy"), st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=2
    )
    if not depth:
        return values
    inner = documents(depth - 1)
    objects = st.dictionaries(
        st.sampled_from("ab"), st.one_of(inner, st.lists(inner, max_size=3)), max_size=2
    )
    return st.tuples(objects, values).map(lambda both: {**both[0], **both[1]})


PATHS = st.tuples(st.lists(st.sampled_from("ab"), max_size=2), st.sampled_from("xy")).map(
    lambda path: ".".join([*path[0], path[1]])
)
TESTS = st.sampled_from(
    [
        *("{}:v", "{}:(v or w)", "{}:v*", "{}:*w", "{}:*", '{}:"a]b"', r"{}:x\\y", r'{}:"q\"r"'),
        *("{}:5", "{}:true", "{}:(v or w* or 5)"),
    ]
)
QUERIES = st.tuples(PATHS, TESTS, st.booleans())


def query_of(field: str, path: str, test: str, negative: bool) -> str:
    text = test.format(f"{field}.{path}")
    return f"event.action:go and not {text}" if negative else f"event.action:go and {text}"


def below(field: str, value: Any) -> dict[str, Any]:
    for step in reversed(field.split(".")):
        value = {step: value}
    return dict(value)


def of_google(number: int, held: Any) -> Stored:
    elastic = {"event": {"action": "go"}, **below("gcp.audit.request", held)}
    raw = {"data": {"protoPayload": {"methodName": "go", "request": held}}}
    row = {"MethodName": "go", "Request": held}
    return Stored(number, elastic, {**raw, **GOOGLE}, (("GCPAuditLogs", row),), None)


GOOGLE = {"sourcetype": "google:gcp:pubsub:message"}


def of_amazon(number: int, held: Any) -> Stored:
    field = "aws.cloudtrail.flattened.request_parameters"
    elastic = {"event": {"action": "go"}, **below(field, held)}
    raw = {"sourcetype": "aws:cloudtrail", "eventName": "go", "requestParameters": held}
    row = {"EventName": "go", "RequestParameters": held}
    return Stored(number, elastic, raw, (("AWSCloudTrail", row),), None)


PLACES = {
    "gcp.audit": ("gcp.audit.request", of_google),
    "aws.cloudtrail": ("aws.cloudtrail.flattened.request_parameters", of_amazon),
}


@pytest.mark.parametrize("target", ["sentinel", "spl"])
@pytest.mark.parametrize("source", PLACES)
@given(st.lists(documents(2), min_size=1, max_size=5), QUERIES)
@examples(10)
def test_paths_with_arrays_that_are_not_known(
    source: str, target: str, held: list[dict[str, Any]], asked: tuple[str, str, bool]
) -> None:
    field, stored = PLACES[source]
    events = tuple(stored(number, one) for number, one in enumerate(held, 1))
    file = EventFile(source, (query_of(field, *asked),), events)
    outcome = judged(file, builtin(source), target)
    assert not outcome.reports, "\n".join(outcome.reports)
    assert not outcome.refused


# Objects of Kubernetes, whose arrays are known

NAMES = st.sampled_from(["v", "w", "vw", "a]b", "*"])
LISTS = st.lists(NAMES, max_size=3)


def an_object(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


def objects_of(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(an_object(**keys), max_size=2)


CONTAINERS = objects_of(
    name=NAMES,
    image=NAMES,
    args=LISTS,
    securityContext=an_object(
        privileged=st.booleans(), capabilities=an_object(add=LISTS, drop=LISTS)
    ),
    volumeMounts=objects_of(name=NAMES, mountPath=NAMES),
    env=objects_of(name=NAMES, value=NAMES),
    resources=an_object(limits=an_object(cpu=NAMES)),
)
POD = an_object(
    containers=CONTAINERS,
    initContainers=CONTAINERS,
    volumes=objects_of(name=NAMES, hostPath=an_object(path=NAMES)),
    hostPID=st.booleans(),
    serviceAccountName=NAMES,
)
OBJECTS_OF_KUBERNETES = an_object(
    spec=st.one_of(POD, st.builds(lambda pod: {"template": {"spec": pod}}, POD)),
    rules=objects_of(verbs=LISTS, resources=LISTS, apiGroups=LISTS),
    subjects=objects_of(kind=NAMES, name=NAMES),
    roleRef=an_object(name=NAMES),
    status=an_object(conditions=objects_of(type=NAMES, status=NAMES)),
    webhooks=objects_of(name=NAMES, clientConfig=an_object(url=NAMES)),
    data=st.dictionaries(st.sampled_from(["rules", "x"]), NAMES, max_size=1),
)
KNOWN_PATHS = (
    "spec.containers.image",
    "spec.containers.name",
    "spec.containers.args",
    "spec.containers.securityContext.privileged",
    "spec.containers.securityContext.capabilities.add",
    "spec.containers.volumeMounts.mountPath",
    "spec.containers.resources.limits.cpu",
    "spec.initContainers.env.name",
    "spec.template.spec.containers.image",
    "spec.template.spec.volumes.hostPath.path",
    "spec.volumes.hostPath.path",
    "spec.hostPID",
    "spec.serviceAccountName",
    "rules.verbs",
    "rules.resources",
    "subjects.name",
    "roleRef.name",
    "status.conditions.type",
    "webhooks.clientConfig.url",
    "data.rules",
)
KNOWN_TESTS = ("{}:v", "{}:(v or w)", "{}:v*", "{}:*", '{}:("*" or "a]b")')
AKS = "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read"


def of_cluster(number: int, held: Any) -> Stored:
    elastic = {"event": {"action": "go"}, **below("kubernetes.audit.requestObject", held)}
    raw = {"sourcetype": "kube:apiserver-audit", "verb": "go", "requestObject": held}
    row = {"Verb": "go", "RequestObject": held}
    return Stored(number, elastic, raw, (("AKSAudit", row),), None)


def of_azure(number: int, held: Any) -> Stored:
    log = {"requestObject": held}
    logs = {"category": "kube-audit", "properties": {"log": log}}
    elastic = {"event": {"action": AKS}, "azure": {"platformlogs": logs}}
    raw: dict[str, Any] = {"sourcetype": "azure:monitor:resource", "operationName": AKS}
    raw |= {"category": "kube-audit", "properties": {"log": json.dumps(log)}}
    row = {"Type": "AKSAudit", "RequestObject": held}
    return Stored(number, elastic, raw, (("AKSAudit", row),), None)


CLUSTERS = {
    "gcp.audit": ("gcp.audit.request", "event.action:go", of_google),
    "kubernetes.audit_logs": ("kubernetes.audit.requestObject", "event.action:go", of_cluster),
    "azure.platformlogs": (
        "azure.platformlogs.properties.log.requestObject",
        "azure.platformlogs.category:kube-audit",
        of_azure,
    ),
}


# (The reader of SPL does not play ``spath`` through, which finds values in the text of AKS.)
@pytest.mark.parametrize(
    ("source", "target"),
    [(source, "sentinel") for source in CLUSTERS]
    + [("gcp.audit", "spl"), ("kubernetes.audit_logs", "spl")],
)
@given(
    st.lists(OBJECTS_OF_KUBERNETES, min_size=1, max_size=4),
    st.sampled_from(KNOWN_PATHS),
    st.sampled_from(KNOWN_TESTS),
    st.booleans(),
)
@examples(8)
def test_objects_of_kubernetes(
    source: str, target: str, held: list[dict[str, Any]], path: str, test: str, negative: bool
) -> None:
    field, beside, stored = CLUSTERS[source]
    if test != "{}:*" and path in ("spec.hostPID", "spec.containers.securityContext.privileged"):
        test = "{}:true"
    text = test.format(f"{field}.{path}")
    query = f"{beside} and not {text}" if negative else f"{beside} and {text}"
    events = tuple(stored(number, one) for number, one in enumerate(held, 1))
    outcome = judged(EventFile(source, (query,), events), builtin(source), target)
    assert not outcome.reports, "\n".join(outcome.reports)
    assert not outcome.refused


POD_OF_TWO = {"spec": {"containers": [{"image": "a"}, {"image": "b"}]}}
LISTED: dict[str, tuple[str, Any, str, str]] = {
    # Query: the data source, the object that must be found, how Sentinel and Splunk say it.
    'gcp.audit.request.rules.verbs:"*"': (
        "gcp.audit",
        {"rules": [{"verbs": ["get"]}, {"verbs": ["list", "*"]}]},
        'tostring(Request.rules) matches regex @\'"verbs":',
        "data.protoPayload.request.rules{}.verbs{}=CASE",
    ),
    "gcp.audit.request.spec.template.spec.containers.image:b": (
        "gcp.audit",
        {"spec": {"template": POD_OF_TWO}},
        """tostring(Request.spec.template.spec.containers) contains_cs '"image":"b"'""",
        "data.protoPayload.request.spec.template.spec.containers{}.image=",
    ),
    "kubernetes.audit.requestObject.spec.template.spec.containers.image:b": (
        "kubernetes.audit_logs",
        {"spec": {"template": POD_OF_TWO}},
        """tostring(RequestObject.spec.template.spec.containers) contains_cs '"image":"b"'""",
        "requestObject.spec.template.spec.containers{}.image=",
    ),
    "kubernetes.audit.requestObject.status.conditions.type:Denied": (
        "kubernetes.audit_logs",
        {"status": {"conditions": [{"type": "Ready"}, {"type": "Denied"}]}},
        """tostring(RequestObject.status.conditions) contains_cs '"type":"Denied"'""",
        "requestObject.status.conditions{}.type=",
    ),
    "kubernetes.audit.requestObject.webhooks.clientConfig.url:http*": (
        "kubernetes.audit_logs",
        {"webhooks": [{"clientConfig": {"url": "https://example.com"}}]},
        'tostring(RequestObject.webhooks) matches regex @\'"url":"http',
        "requestObject.webhooks{}.clientConfig.url=",
    ),
    "aws.cloudtrail.flattened.request_parameters.groupSet.items.groupId:sg-1": (
        "aws.cloudtrail",
        {"groupSet": {"items": [{"groupId": "sg-0"}, {"groupId": "sg-1"}]}},
        'tostring(parse_json(RequestParameters).groupSet.items) contains_cs \'"groupId":"sg-1"\'',
        "requestParameters.groupSet.items{}.groupId=",
    ),
}


@pytest.mark.parametrize("query", LISTED)
def test_values_within_arrays_are_found(query: str) -> None:
    source, held, sentinel, spl = LISTED[query]
    stored = {"aws.cloudtrail": of_amazon, "gcp.audit": of_google}.get(source, of_cluster)
    file = EventFile(source, (query,), (stored(1, held), stored(2, {"a": 1})))
    for target, text in (("sentinel", sentinel), ("spl", spl.removesuffix("CASE"))):
        outcome = judged(file, builtin(source), target)
        assert (outcome.reports, outcome.hits) == ([], 1)
        made = kqlx.convert(query, target)
        assert text in str(made.query)
        assert not any(note.effect >= Effect.WIDER for note in made.notes)


def pack_query(query: str, source: str) -> str:
    return str(kqlx.convert(query, "sentinel", source=source).query)


def test_the_analyser_takes_every_form() -> None:
    queries = [
        pack_query(f"event.action:go and {negation}({text.format(path)})", source)
        for negation in ("", "not ")
        for text in (*KNOWN_TESTS, "{}:5", "{} > 5", '{}:"q\\"r"')
        for source, path in (
            ("gcp.audit", "gcp.audit.request.rules.verbs"),
            ("gcp.audit", "gcp.audit.request.x"),
            ("gcp.audit", "gcp.audit.request.where.contains.x-y"),
            ("aws.cloudtrail", "aws.cloudtrail.flattened.request_parameters.a.b.c"),
            (
                "aws.cloudtrail",
                "aws.cloudtrail.flattened.response_elements.aSet.items.bSet.items.c",
            ),
            ("kubernetes.audit_logs", "kubernetes.audit.requestObject.spec.containers.args"),
        )
        if not (".flattened." in path and ">" in text)  # which Elasticsearch refuses
    ]
    complaints = [
        f"{complaint}\n{query}"
        for query, found in zip(queries, analyse(queries), strict=True)
        for complaint in found
    ]
    assert not complaints, "\n".join(complaints[:5])


def test_every_name_of_splunk_is_asked_for() -> None:
    found, complete = spellings("request.a.b", (), "request")
    assert complete and set(found) == {
        "request.a.b", "request.a{}.b", "request.a.b{}", "request.a{}.b{}"
    }  # fmt: skip
    assert spellings("request.rules.verbs", KUBERNETES) == (("request.rules{}.verbs{}",), True)
    assert spellings("requestParameters.xSet.items.y", ("items",), "requestParameters") == (
        ("requestParameters.xSet.items{}.y",),
        True,
    )
    _, complete = spellings("request.a.b.c.d.e", (), "request")
    assert not complete
    query = "gcp.audit.request.a.b.c.d.e:x"
    with pytest.raises(kqlx.UnsupportedError, match="not all possibilities are tried"):
        kqlx.convert(query, "spl")
    assert "request.a{}.b.c.d.e=" in str(kqlx.convert(query, "spl", accept=["narrower"]).query)


def test_keys_of_the_user_hold_no_lists() -> None:
    assert array_places(["data", "rules"], KUBERNETES) == []
    assert array_places(["spec", "containers", "resources", "limits"], KUBERNETES) == [1]
    assert array_places(["rules", "resources"], KUBERNETES) == [0, 1]


def test_sigma_tells_of_lists() -> None:
    made = kqlx.convert("kubernetes.audit.requestObject.rules.verbs:x", "sigma")
    (note,) = [note for note in made.notes if note.code == "back-end-support"]
    assert "lies in a list" in note.message
    assert "Splunk calls it requestObject.rules{}.verbs{}" in note.message
    assert not kqlx.convert("kubernetes.audit.requestObject.roleRef.name:x", "sigma").notes[1:]

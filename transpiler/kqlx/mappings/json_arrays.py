"""Arrays on the way to a value of JSON: which keys of well-known objects hold them.

Elasticsearch has no arrays: ``rules.verbs`` are the verbs of every rule. Splunk names them
(``rules{}.verbs{}``), and a path of Kusto's finds nothing where one lies on its way.
"""

from __future__ import annotations

from collections.abc import Sequence

KUBERNETES = (
    # Lists of the objects of Kubernetes
    # (https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.33/). A name with dots is
    # such a list there alone: the resources of a rule are a list, those of a container an object.
    *("accessModes", "add", "addresses", "admissionReviewVersions", "allowedTopologies"),
    *("apiGroups", "apiVersions", "args", "auditAnnotations", "categories", "claims"),
    *("clusterIPs", "clusterRoleSelectors", "command", "conditions", "configs", "containers"),
    *("containerStatuses", "drop", "egress", "endpoints", "env", "envFrom", "ephemeralContainers"),
    *("ephemeralContainerStatuses", "externalIPs", "finalizers", "from", "groups", "hostAliases"),
    *("hostIPs", "hostnames", "hosts", "httpHeaders", "imagePullSecrets", "images"),
    *("initContainers", "initContainerStatuses", "ipFamilies", "items", "labelSelectors"),
    *("loadBalancerSourceRanges", "managedFields", "matchConditions", "matchExpressions"),
    *("matchFields", "matchLabelKeys", "metrics", "mountOptions", "nameservers", "names"),
    *("nodeSelectorTerms", "nonResourceRules", "nonResourceURLs", "notReadyAddresses"),
    *("operations", "ownerReferences", "paths", "podCIDRs", "podIPs", "policies", "policyTypes"),
    *("ports", "readinessGates", "resourceClaims", "resourceNames", "resourceRules", "rules"),
    *("schedulingGates", "scopes", "searches", "secrets", "shortNames", "sources"),
    *("storedVersions", "subjects", "subsets", "supplementalGroups", "sysctls", "taints", "to"),
    *("tolerations", "topologySpreadConstraints", "usages", "validationActions", "validations"),
    *("variables", "versions", "verbs", "volumeClaimTemplates", "volumeDevices"),
    *("volumeMounts", "volumes", "volumesAttached", "volumesInUse", "webhooks"),
    *("dnsConfig.options", "loadBalancer.ingress", "matchExpressions.values"),
    *("matchFields.values", "rules.resources", "resourceRules.resources", "spec.ingress"),
    *("spec.limits", "spec.tls", "podAffinity.requiredDuringSchedulingIgnoredDuringExecution"),
    "podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)

EC2 = ("items",)
"""In records of EC2 every list is an object that has its items under this name
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Operations.html)."""

NAMED = {"kubernetes": KUBERNETES, "ec2": EC2}
"""Lists that a pack calls by their name."""

_MAPS = frozenset(
    {"annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "stringData"}
)
"""Objects of Kubernetes whose keys are the user's own."""

# Lists of flat objects: no key stands in them twice.
_FLAT = frozenset(
    {
        "conditions", "hostAliases", "imagePullSecrets", "ownerReferences", "rules", "subjects",
        "taints", "tolerations", "volumeMounts",
    }
)  # fmt: skip
_REPEATED = frozenset(
    {
        "apiGroup", "apiVersion", "command", "host", "key", "kind", "mode", "name", "namespace",
        "optional", "path", "port", "ports", "readOnly", "resources", "scheme", "secretRef",
        "type", "value", "values",
    }
)  # fmt: skip
"""Keys that stand at several places below one list of Kubernetes objects."""


def array_places(steps: Sequence[str], arrays: Sequence[str]) -> list[int]:
    """The places of the steps of a path that hold arrays; of ``arrays`` a name with dots is meant
    where it stands behind those before its last.
    """
    found = []
    for place, step in enumerate(steps):
        if place and steps[place - 1] in _MAPS:
            break
        before = ".".join(steps[: place + 1])
        if step in arrays or any(
            "." in name and f".{before}".endswith(f".{name}") for name in arrays
        ):
            found.append(place)
    return found


def all_known(steps: Sequence[str], arrays: Sequence[str]) -> bool:
    """Whether the steps are such that no other array than those of ``arrays`` is on the way."""
    return tuple(arrays) == EC2 and EC2[0] in steps


def is_repeated(array: str, key: str) -> bool:
    """Whether the key may stand more than once below this array of objects."""
    return array not in _FLAT and key in _REPEATED


MOST_SPELLINGS = 16

WHOLE_RECORD = "*"
"""What all keys of a record are below."""


def spellings(
    path: str, arrays: Sequence[str], uncertain: str = ""
) -> tuple[tuple[str, ...], bool]:
    """The names that Splunk may give a path below a field, with {} behind what holds an array, and
    whether they are all. Each step below the ``uncertain`` part may hold one that is not known.
    """
    steps = path.split(".")
    places = [1 + place for place in array_places(steps[1:], arrays)]
    certain = not uncertain or all_known(steps, arrays)
    start = len(steps) if certain else len(uncertain.split(".")) - (uncertain == WHOLE_RECORD)
    made: list[tuple[str, ...]] = [()]
    for place, step in enumerate(steps):
        spelt = [f"{step}{{}}"] if place in places else [step]
        if place >= start and place not in places:
            spelt = [step, f"{step}{{}}"]
        made = [(*one, name) for one in made for name in spelt][: 2 * MOST_SPELLINGS]
    names = sorted(map(".".join, made), key=lambda name: name.count("{}"))
    return tuple(names[:MOST_SPELLINGS]), len(names) <= MOST_SPELLINGS

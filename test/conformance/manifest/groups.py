"""Prints, for each dependency group of a pyproject.toml, the names that pip's own
reader of PEP 735 resolves it to, or the error."""
import json, sys, tomllib

from pip._vendor.packaging.dependency_groups import DependencyGroupResolver
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

with open(sys.argv[1], "rb") as f:
    groups = tomllib.load(f).get("dependency-groups", {})
out = {}
try:
    resolver = DependencyGroupResolver(groups)
    for name in groups:
        out[canonicalize_name(name)] = sorted({canonicalize_name(Requirement(str(r)).name) for r in resolver.resolve(name)})
except Exception as e:  # whatever it is, pip takes no group of it
    out = {"error": type(e).__name__}
print(json.dumps(out))

"""Prints, as JSON, what pip itself reads in each requirements file given.

Usage: python pip_requirements.py FOLDER FILE...
It uses pip's internal parser, which pip may change; it then fails loudly.
"""

import json
import os
import re
import sys

from pip._internal.index.collector import LinkCollector
from pip._internal.index.package_finder import PackageFinder
from pip._internal.models.search_scope import SearchScope
from pip._internal.models.selection_prefs import SelectionPreferences
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements


class Options:
    require_hashes = False
    no_require_hashes = False

    def __init__(self):
        self.features_enabled = []


def name(text):
    return re.sub(r"[-_.]+", "-", text).lower()


def one(parsed, root):
    where = re.fullmatch(r"-[rc] (.*) \(line (\d+)\)", parsed.comes_from)
    out = {
        "file": os.path.relpath(where.group(1), root),
        "line": int(where.group(2)),
        "constraint": parsed.constraint,
    }
    req = install_req_from_parsed_requirement(parsed)
    if req.editable or req.link is not None:
        out["elsewhere"] = True
        return out
    out["name"] = name(req.req.name)
    out["specs"] = sorted(s.operator + s.version for s in req.req.specifier)
    out["extras"] = sorted(name(e) for e in req.extras)
    out["marker"] = str(req.markers) if req.markers else ""
    options = parsed.options or {}
    hashes = options.get("hashes", {})
    out["hashes"] = sorted(a + ":" + d.lower() for a in hashes for d in hashes[a])
    return out


def read(root, path):
    session = PipSession()
    scope = SearchScope.create(find_links=[], index_urls=[], no_index=False)
    finder = PackageFinder.create(
        link_collector=LinkCollector(session=session, search_scope=scope),
        selection_prefs=SelectionPreferences(allow_yanked=False),
    )
    options = Options()
    try:
        reqs = [
            one(p, root)
            for p in parse_requirements(
                os.path.join(root, path), session=session, finder=finder, options=options
            )
        ]
    except Exception as e:  # pip raises several kinds for a bad file
        return {"error": type(e).__name__}
    release = finder.release_control
    return {
        "requirements": reqs,
        "only_binary": sorted(finder.format_control.only_binary),
        "no_binary": sorted(finder.format_control.no_binary),
        "pre": bool(release and ":all:" in release.all_releases),
        "require_hashes": options.require_hashes,
        "indexes": len(finder.index_urls) + len(finder.find_links),
        "trusted": len(list(finder.trusted_hosts)),
    }


os.chdir(sys.argv[1])
json.dump({p: read(sys.argv[1], p) for p in sys.argv[2:]}, sys.stdout)

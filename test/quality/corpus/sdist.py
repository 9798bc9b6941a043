"""Downloads one sdist with PDM's finder and builds nothing.

usage: sdist.py REQUIREMENT FOLDER SCRATCH
"""

import os
import sys

from unearth import PackageFinder


def main(requirement, folder, scratch):
    index = os.environ.get("PIP_INDEX_URL")
    finder = PackageFinder(index_urls=[index] if index else ["https://" + default_index()], no_binary=[":all:"])
    found = finder.find_best_match(requirement).best
    if found is None:
        sys.exit(f"no sdist answers {requirement}")
    finder.download_and_unpack(found.link, location=scratch, download_dir=folder)


def default_index():
    """Where the installed pip would ask."""
    from pip._internal.models.index import PyPI

    return PyPI.simple_url.removeprefix("https://")


main(*sys.argv[1:])

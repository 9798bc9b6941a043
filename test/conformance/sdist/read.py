"""Says what Python's own tools read in files of an sdist, for sdist_test.go.

Standard input has a JSON list; each answer is one line of JSON.

    ini    {"ini": text}       the lines of [options] install_requires as
                               RawConfigParser reads them, null where it fails
    build  {"files": {...}}    Requires-Dist as setuptools writes it for a
                               project of these files, null where it fails
"""

import configparser
import email
import json
import os
import subprocess
import sys
import tempfile

BUILD = """
import sys
from setuptools import build_meta
sys.stdout = sys.stderr
name = build_meta.prepare_metadata_for_build_wheel(sys.argv[1])
"""


def read_ini(text):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    value = parser.get("options", "install_requires", fallback="")
    lines = value.splitlines() if "\n" in value else value.split(";")
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def build(files):
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as out:
        for name, body in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(body)
        done = subprocess.run([sys.executable, "-c", BUILD, out], cwd=folder, capture_output=True)
        if done.returncode != 0:
            return None
        (info,) = (d for d in os.listdir(out) if d.endswith(".dist-info"))
        with open(os.path.join(out, info, "METADATA"), encoding="utf-8") as f:
            return email.message_from_file(f).get_all("Requires-Dist") or []


for case in json.load(sys.stdin):
    answer = read_ini(case["ini"]) if "ini" in case else build(case["files"])
    print(json.dumps(answer))

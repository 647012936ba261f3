# SPDX-License-Identifier: MIT
"""`./ashlar setup`: installs what is missing through apt, and fetches the libraries' sources.

Guarantees: nothing of the machine's apt configuration changes; packages that are there in a
version that is new enough stay as they are; a source tarball is used only when its SHA-256 is
the one in tools/versions.toml. When nothing is missing it only looks (well under 0.3 s).
"""

import hashlib
import os
import shutil
import subprocess

import apt
import paths
from report import Failure, say

CACHE = paths.TREE / "subprojects" / "packagecache"


def options(parser) -> None:
    parser.add_argument("--simulate", action="store_true",
                        help="resolve every package as on a bare machine, install nothing")


def installed_versions(names: list[str]) -> dict[str, str]:
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n", *names]
    answer = subprocess.run(query, capture_output=True, text=True)
    rows = [line.split(" ", 2) for line in answer.stdout.splitlines()]
    return {name: version for status, name, version in rows if status == "installed"}


def at_least(version: str, minimum: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", version, "ge", minimum]).returncode == 0


def present(probe: str) -> bool:
    return os.path.exists(probe) if probe.startswith("/") else shutil.which(probe) is not None


def missing_packages(packages: dict) -> list[str]:
    if shutil.which("dpkg-query") is None:
        return [name for name, facts in packages.items() if not present(facts["probe"])]
    have = installed_versions(list(packages))
    return [name for name, facts in packages.items()
            if name not in have or not at_least(have[name], facts["minimum"])]


def tarball_ok(facts: dict) -> bool:
    path = CACHE / facts["file"]
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == facts["sha256"]


def explain(names: list[str], packages: dict) -> None:
    say("missing on this machine:")
    for name in names:
        facts = packages[name]
        say(f"  {name} ({facts['minimum'].split(':')[-1]} or newer): {facts['why']}")


def install(names: list[str], versions: dict) -> None:
    explain(names, versions["packages"])
    debian = apt.Debian(versions["debian"])
    update, fetch = debian.update_command(), debian.install_command(names)
    if os.geteuid() == 0:
        prefix = []
    elif shutil.which("sudo") and apt.sudo_answers():
        prefix = ["sudo"]
    else:
        lines = [apt.as_text(debian.prepare_command()), apt.as_text(update), apt.as_text(fetch)]
        raise Failure("installing packages needs root, and sudo is not available",
                      "run this as root, then start again:\n  " + " && \\\n  ".join(lines))
    say("installing them through apt" + (" (with sudo)" if prefix else ""))
    for command in (debian.prepare_command(), update, fetch):
        if subprocess.run(prefix + command).returncode != 0:
            raise Failure(f"this command failed: {apt.as_text(prefix + command)}",
                          "its last lines say why; check the network and the mirror in "
                          "/etc/apt, then run ./ashlar setup again")


def fetch_sources(names: list[str], versions: dict) -> None:
    debian = apt.Debian(versions["debian"], sources=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in names:
        facts = versions["sources"][name]
        say(f"fetching the Debian source package {name}: {facts['why']}")
        debian.fetch_source(name, facts["file"], CACHE)
        if not tarball_ok(facts):
            raise Failure(f"{facts['file']} does not have the SHA-256 of tools/versions.toml",
                          f"delete {CACHE / facts['file']} and run ./ashlar setup again; if it "
                          "stays wrong the mirror serves another version")


def ensure() -> None:
    """Returns once everything is there; every other command calls this first."""
    versions = paths.versions()
    names = missing_packages(versions["packages"])
    if names:
        install(names, versions)
        names = missing_packages(versions["packages"])
        if names:
            raise Failure(f"still missing after the installation: {', '.join(names)}",
                          "apt's output above says which version it chose")
    sources = [name for name, facts in versions["sources"].items() if not tarball_ok(facts)]
    if sources:
        fetch_sources(sources, versions)


def main(arguments) -> int:
    if arguments.simulate:
        return apt.simulate(paths.versions())
    ensure()
    say("everything needed is installed")
    return 0

# SPDX-License-Identifier: MIT
"""Talks to apt with a configuration of its own: the machine's own Debian mirror, plus the
backports suite on Debian 12 and the source packages of one fixed release. Lists, cache, sources
and preferences lie in a private directory, so the machine's own stay untouched; only dpkg's
database is shared. It names no mirror: it asks apt which ones this machine uses.
"""

import os
import pathlib
import shlex
import subprocess
import sys

from report import Failure, say

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def as_text(command: list[str]) -> str:
    return shlex.join(command)


def sudo_answers() -> bool:
    """True when sudo works without a password or somebody is there to type it."""
    if subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return True
    return sys.stdin.isatty()


def codename() -> str:
    try:
        lines = pathlib.Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    facts = dict(line.split("=", 1) for line in lines if "=" in line)
    if facts.get("ID", "").strip('"') != "debian":
        return ""
    return facts.get("VERSION_CODENAME", "").strip('"')


def machine_sources(release: str) -> list[tuple[str, str]]:
    """(address, suite) of each Debian archive of this release that the machine uses."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
         "Identifier: Packages"], capture_output=True, text=True)
    rows = [line.split() for line in listing.stdout.splitlines()]
    found = [(row[0], row[1]) for row in rows if len(row) == 3 and row[2] == "main"
             and row[1].split("-")[0] == release]
    return list(dict.fromkeys(found))


class Debian:
    """Commands for one purpose: installing (as root) or fetching sources (as anybody)."""

    def __init__(self, facts: dict, sources: bool = False):
        self.facts = facts
        self.release = codename()
        if self.release not in facts or not isinstance(facts[self.release], dict):
            known = [name for name, value in facts.items() if isinstance(value, dict)]
            raise Failure("this machine is not Debian " + " or ".join(known),
                          "use a Debian 12 or 13 container, or install what tools/versions.toml "
                          "lists by hand (sources go to subprojects/packagecache)")
        self.archives = machine_sources(self.release)
        if not any(suite == self.release for _, suite in self.archives):
            raise Failure(f"apt knows no mirror for {self.release}/main",
                          "add one to /etc/apt/sources.list and run ./ashlar setup again")
        self.sources = sources
        self.private = self.private_folder()

    def private_folder(self) -> pathlib.Path:
        if self.sources:
            base = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
            return pathlib.Path(base) / "ashlar" / "apt"
        return pathlib.Path("/var/cache/ashlar/apt")

    def mirror(self) -> str:
        return next(address for address, suite in self.archives if suite == self.release)

    def source_lines(self) -> list[str]:
        if self.sources:
            return [f"deb-src [signed-by={KEYRING}] {self.mirror()} {self.facts['sources']} main"]
        archives = list(self.archives)
        backports = self.facts[self.release].get("backports")
        if backports and (self.mirror(), backports) not in archives:
            archives.append((self.mirror(), backports))
        return [f"deb [signed-by={KEYRING}] {address} {suite} main" for address, suite in archives]

    def preference_lines(self) -> list[str]:
        backports = self.facts[self.release].get("backports")
        if not backports or self.sources:
            return []
        names = " ".join(f"src:{name}" for name in self.facts["from_backports"])
        return [f"Package: {names}", f"Pin: release n={backports}", "Pin-Priority: 600"]

    def prepare_command(self) -> list[str]:
        """A shell command that writes the private configuration; a user can type it too."""
        folder = shlex.quote(str(self.private))

        def writing(lines: list[str], name: str) -> str:
            text = " ".join(shlex.quote(line) for line in lines) or "''"
            return f"printf '%s\\n' {text} > {folder}/{name}"

        script = [f"mkdir -p {folder}/lists/partial {folder}/archives/partial",
                  writing(self.source_lines(), "sources.list"),
                  writing(self.preference_lines(), "preferences")]
        return ["sh", "-c", " && ".join(script)]

    def options(self) -> list[str]:
        settings = {"Dir::Etc::SourceList": self.private / "sources.list",
                    "Dir::Etc::SourceParts": "/dev/null",
                    "Dir::Etc::Preferences": self.private / "preferences",
                    "Dir::Etc::PreferencesParts": "/dev/null",
                    "Dir::State::Lists": self.private / "lists",
                    "Dir::Cache": self.private,
                    "Dir::Cache::Archives": self.private / "archives",
                    "Acquire::Retries": "3",
                    "APT::Sandbox::User": "root"}
        if self.sources:
            settings["Dir::State::status"] = "/dev/null"
        return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def update_command(self) -> list[str]:
        return ["apt-get", "-qq", *self.options(), "update"]

    def install_command(self, names: list[str], simulate: bool = False) -> list[str]:
        action = ["--simulate"] if simulate else ["-y"]
        return ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", *self.options(),
                "install", *action, "--no-install-recommends", *names]

    def fetch_source(self, package: str, file: str, folder: pathlib.Path) -> None:
        """Only the upstream tarball: the packaging around it may change with any update."""
        source = ["apt-get", "-q", *self.options(), "source", "--only-source", "--tar-only",
                  "--download-only", package]
        for command in (self.prepare_command(), self.update_command(), source):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode != 0:
                raise Failure(f"this command failed: {as_text(command)}\n{done.stderr}",
                              "check the network, then run ./ashlar setup again")
        if not (folder / file).exists():
            raise Failure(f"the mirror has no {file} in {self.facts['sources']}",
                          "tools/versions.toml names the version; a newer one there needs a new "
                          "hash and a new wrap file")


def simulate(versions: dict) -> int:
    """What a bare machine would install: apt's own resolution against an empty package list."""
    debian = Debian(versions["debian"])
    debian.private = pathlib.Path(os.environ.get("XDG_CACHE_HOME",
                                                 os.path.expanduser("~/.cache"))) / "ashlar/bare"
    install = debian.install_command(list(versions["packages"]), simulate=True)
    install += ["-o", "Dir::State::status=/dev/null"]
    for command in (debian.prepare_command(), debian.update_command(), install):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"this command failed: {as_text(command)}\n{done.stdout}{done.stderr}")
    wanted = [line for line in done.stdout.splitlines() if line.startswith("Inst ")]
    for line in wanted:
        if line.split()[1] in versions["packages"]:
            print(" ".join(line.split()[1:4]))
    say(f"apt would install {len(wanted)} packages on a bare {debian.release}")
    return 0

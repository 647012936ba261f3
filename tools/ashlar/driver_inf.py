# SPDX-License-Identifier: MIT
"""The INF of an external driver: its own, with the platform's decoration where it has another
platform's, or a minimal one for a driver that makes its devices in DriverEntry."""

import re

import forward
from external import Description
from report import say

OTHER_PLATFORM = re.compile(r"\bNT(amd64|arm64|x86|ia64)\b", re.I)
MODELS = re.compile(r"^\s*%?[^=;\n]+%?\s*=\s*[^,\n]+,\s*NT", re.M | re.I)
BINARY = re.compile(r"^(\s*ServiceBinary\s*=\s*)(\S+)(.*)$", re.M | re.I)

MINIMAL = """; Made by `ashlar driver build`: a driver without hardware, loaded by name.
[Version]
Signature   = "$Windows NT$"
Class       = System
ClassGuid   = {{4d36e97d-e325-11ce-bfc1-08002be10318}}
Provider    = %Provider%
DriverVer   = 01/01/2026,1.0.0.0

[DefaultInstall.NTriscv64]
CopyFiles   = Files

[DefaultInstall.NTriscv64.Services]
AddService  = {name},, Service

[Service]
DisplayName   = %Name%
ServiceType   = 1 ; SERVICE_KERNEL_DRIVER
StartType     = 3 ; SERVICE_DEMAND_START
ErrorControl  = 1 ; SERVICE_ERROR_NORMAL
ServiceBinary = %13%\\{name}

[Files]
{name}

[DestinationDirs]
Files = 13

[Strings]
Provider = "(external)"
Name     = "{name}"
"""


def platforms_of(text: str) -> set[str]:
    return {match.lower() for match in OTHER_PLATFORM.findall(text)}


def adapted(text: str, name: str) -> str:
    """The INF for this platform. $ARCH$ is what the build tools of Windows would fill in; where
    only other platforms are named, one of them becomes this one."""
    text = text.replace("$ARCH$", "riscv64")
    text = re.sub(r"\$KMDF\w+\$|\$UMDF\w+\$", "0", text)
    if "ntriscv64" not in text.lower():
        platforms = platforms_of(text)
        chosen = next((each for each in ("amd64", "arm64", "x86", "ia64") if each in platforms), "")
        if chosen:
            say(f"the INF knows NT{chosen}: the package's copy says NTriscv64 instead")
            text = re.sub(rf"\bNT{chosen}\b", "NTriscv64", text, flags=re.I)
    return BINARY.sub(lambda match: f"{match[1]}%13%\\{name}{match[3]}", text)


def for_driver(description: Description) -> bytes:
    """What the package holds as NAME.inf."""
    if description.inf is None:
        say("it has no INF: the package gets a minimal one, for a driver that is loaded by name")
        return MINIMAL.format(name=description.name).encode()
    text = forward.text_of(description.inf)
    return adapted(text.lstrip("\ufeff"), description.name).encode()

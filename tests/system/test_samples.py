# SPDX-License-Identifier: MIT
"""The sample drivers of drivers/samples/ in a running system."""

import re
import textwrap

import paths
from harness import test


@test(harts=(1, 4))
def samples_load(system):
    "Each sample that needs no hardware is loaded by name, and its device stands in the namespace."
    status, text = system.exec("driver load ioctl; driver load csq; drivers")
    system.check(status == 0, "both are loaded", text)
    for name in ("ioctl", "csq"):
        system.check(f"{name} is driver" in text, f"{name} says that it runs", text)


@test(harts=(1,))
def unknown_driver(system):
    "A name that no package has is refused, and nothing else happens."
    status, text = system.exec("driver load nonsense")
    system.check(status != 0 and "nonsense" in text, "the name is in the error", text)
    status, text = system.exec("driver load csq; driver unload csq; driver unload csq")
    system.check("csq is unloaded" in text and "csq is not loaded" in text, "it goes once", text)


@test(harts=(1, 4))
def samples_are_used(system):
    "An application uses each sample and finds what its README says."
    names = ("ioctl", "csq", "controller", "event")
    status, text = system.exec("; ".join(f"exercise {name}" for name in names))
    system.check(status == 0, "every exercise succeeds", text)
    for name in names:
        system.check(f"exercise {name}: as it should be" in text, f"{name} does what it says", text)


@test(harts=(1, 4))
def iotrace(system):
    "A filter in a task of its own, built from outside, counts what a file costs; all goes through it."
    folder = paths.TREE / "drivers" / "samples" / "iotrace"
    package = system.package(system.build("driver", folder))
    status, text = system.exec("exercise iotrace C:/random.bin; drivers; "
                               "sha256sum C:/README.txt; power sleep 0.5; exercise iotrace C:/README.txt",
                               timeout=110, package=package)
    system.check(status == 0 and text.count("exercise iotrace: as it should be") == 2,
                 "the filter counts, also after a sleep", text)
    system.check(re.search(r"iotrace +ready", text), "it is a driver of its own", text)
    counted = [int(each) for each in re.findall(r"read +\d+ requests, 0 failed, (\d+) bytes", text)]
    system.check(bool(counted) and max(counted) >= 64 << 20, "the whole file went by", text)


def guide_source() -> str:
    """The driver of docs/driver-guide.md, as a reader copies it."""
    guide = (paths.TREE / "docs" / "driver-guide.md").read_text(encoding="utf-8")
    code = guide.split("cat > lamp/lamp.c <<'EOF'\n")[1].split("    EOF\n")[0]
    return textwrap.dedent(code)


@test()
def driver_guide(system):
    "What the guide shows: its driver dies of its mistake, alone, and works without it."
    source, last = guide_source(), "return IoCreateDevice("
    fixed = source.replace(last, "NTSTATUS status = IoCreateDevice(").rstrip().removesuffix("}")
    fixed += "    if (NT_SUCCESS(status))\n        device->Flags |= DO_BUFFERED_IO;\n    return status;\n}\n"
    folder = system.scratch / "lamp"
    folder.mkdir()
    (folder / "lamp.c").write_text(source, encoding="utf-8")
    package = system.package(system.build("driver", folder))
    status, text = system.exec("driver load lamp; exercise tell \\Device\\Lamp on", package=package)
    system.check(status != 0 and "driver lamp" in text and "value 0x1" in text and
                 "0xc00002b6" in text, "it dies as the guide says", text)
    (folder / "lamp.c").write_text(fixed, encoding="utf-8")
    package = system.package(system.build("driver", folder))
    status, text = system.exec("driver load lamp; exercise tell \\Device\\Lamp on; "
                               "exercise tell \\Device\\Lamp off", package=package)
    system.check(status == 0 and "the lamp is on, switched 1 times" in text and
                 "the lamp is off, switched 2 times" in text, "it works as the guide says", text)
